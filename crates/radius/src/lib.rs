//! RADIUS packets, attributes, PAP, CHAP and Message-Authenticator; bytes in, bytes out.
