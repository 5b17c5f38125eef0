"""One exchange with a RADIUS server by pyrad: the question as JSON on standard input, the answer on standard output.

In:  {"port": 1812, "secret": "…", "kind": "pap" | "chap" | "acct", "password": "…", "attributes": {"User-Name": "…"}}
Out: {"code": 2, "attributes": {"Session-Timeout": [3600]}}

A reply without a right Message-Authenticator is no reply (`enforce_ma`).
"""

import hashlib
import json
import os
import pathlib
import sys

from pyrad.client import Client
from pyrad.dictionary import Dictionary
from pyrad.packet import AccessRequest


def main():
    question = json.load(sys.stdin)
    dictionary = Dictionary(str(pathlib.Path(__file__).with_name("dictionary")))
    client = Client("127.0.0.1", authport=question["port"], acctport=question["port"], secret=question["secret"].encode(),
                    dict=dictionary, retries=3, timeout=1, enforce_ma=True)
    if question["kind"] == "acct":
        request = client.CreateAcctPacket()
    else:
        request = client.CreateAuthPacket(code=AccessRequest)
        password = question["password"].encode()
        if question["kind"] == "pap":
            request["User-Password"] = request.PwCrypt(password)
        else:
            challenge, identifier = os.urandom(16), os.urandom(1)
            request["CHAP-Challenge"] = challenge
            request["CHAP-Password"] = identifier + hashlib.md5(identifier + password + challenge).digest()
    for name, value in question["attributes"].items():
        request[name] = value
    reply = client.SendPacket(request)
    json.dump({"code": reply.code, "attributes": {str(name): reply[name] for name in reply.keys()}}, sys.stdout, default=bytes.hex)


if __name__ == "__main__":
    main()
