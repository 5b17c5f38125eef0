-- Money of every gateway: paid by hand, sent back, paid out, counted in tills and compared with
-- statements. Time is milliseconds since 1970 UTC; money is minor units.

ALTER TABLE payments ADD COLUMN account_reference TEXT;
ALTER TABLE payments ADD COLUMN redirect_url TEXT;
ALTER TABLE payments ADD COLUMN identity_mac TEXT;
ALTER TABLE payments ADD COLUMN sold_by BLOB;
ALTER TABLE payments ADD COLUMN collected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN fee_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN refunded_minor INTEGER NOT NULL DEFAULT 0
  CHECK (0 <= refunded_minor AND refunded_minor <= amount_minor);
-- Cash needs no phone: whoever pays it may give none.
ALTER TABLE payments ALTER COLUMN phone DROP NOT NULL;
ALTER TABLE customers ALTER COLUMN phone DROP NOT NULL;
CREATE INDEX payments_reference ON payments (provider_id, gateway, account_reference)
  WHERE account_reference IS NOT NULL;
CREATE INDEX payments_finished ON payments (provider_id, finished_at);

ALTER TABLE tickets ADD COLUMN identity_mac TEXT;
CREATE INDEX tickets_identity ON tickets (provider_id, identity_mac) WHERE identity_mac IS NOT NULL;

-- The wallet: the balance of the ledger account credit:{customer}, kept where it can be held above zero.
ALTER TABLE customers ADD COLUMN credit_minor INTEGER NOT NULL DEFAULT 0 CHECK (credit_minor >= 0);

-- Movements that belong to no payment too: the table again, with what the row is about beside it.
ALTER TABLE ledger_transfers RENAME TO ledger_transfers_first;
CREATE TABLE ledger_transfers (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  transfer_id BLOB NOT NULL,
  kind TEXT NOT NULL,
  debit_account TEXT NOT NULL,
  credit_account TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  subject BLOB NOT NULL,
  payment_id BLOB,
  at INTEGER NOT NULL,
  PRIMARY KEY (provider_id, transfer_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  UNIQUE (provider_id, subject, kind),
  CHECK (debit_account <> credit_account)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_transfers (provider_id, transfer_id, kind, debit_account, credit_account, amount_minor, currency,
    subject, payment_id, at)
  SELECT provider_id, transfer_id, kind, debit_account, credit_account, amount_minor, currency, payment_id,
    payment_id, at
  FROM ledger_transfers_first;
DROP TABLE ledger_transfers_first;
CREATE INDEX ledger_transfers_payment ON ledger_transfers (provider_id, payment_id);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (provider_id, debit_account, transfer_id);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (provider_id, credit_account, transfer_id);
CREATE TRIGGER ledger_transfers_no_update BEFORE UPDATE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_transfers_no_delete BEFORE DELETE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Messages about more than payments: the table again.
ALTER TABLE gateway_messages RENAME TO gateway_messages_first;
CREATE TABLE gateway_messages (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  message_id BLOB NOT NULL,
  about TEXT NOT NULL CHECK (about IN ('payment', 'account', 'refund', 'payout', 'arrival')),
  subject BLOB NOT NULL,
  gateway TEXT NOT NULL,
  digest BLOB NOT NULL,
  body BLOB NOT NULL,
  signed INTEGER NOT NULL,
  source TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  times_seen INTEGER NOT NULL,
  outcome TEXT,
  PRIMARY KEY (provider_id, message_id),
  UNIQUE (provider_id, about, subject, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO gateway_messages (provider_id, message_id, about, subject, gateway, digest, body, signed, source,
    received_at, times_seen, outcome)
  SELECT provider_id, message_id, 'payment', payment_id, gateway, digest, body, 0, source, received_at, times_seen,
    outcome
  FROM gateway_messages_first;
DROP TABLE gateway_messages_first;

-- One receipt credits once, whoever's it is: global. The holder is a payment or an arrival.
CREATE TABLE receipt_holders (
  gateway TEXT NOT NULL,
  receipt TEXT NOT NULL,
  holder BLOB NOT NULL,
  PRIMARY KEY (gateway, receipt)
) STRICT, WITHOUT ROWID;
INSERT INTO receipt_holders (gateway, receipt, holder)
  SELECT gateway, receipt, payment_id FROM payments WHERE receipt IS NOT NULL ORDER BY payment_id
  ON CONFLICT (gateway, receipt) DO NOTHING;

-- Money seen to arrive that was not settled onto the payment it was asked for.
CREATE TABLE arrivals (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  arrival_id BLOB NOT NULL,
  gateway TEXT NOT NULL,
  receipt TEXT NOT NULL,
  kind TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  fee_minor INTEGER,
  phone TEXT,
  payer TEXT,
  reference TEXT,
  account TEXT,
  at INTEGER,
  source TEXT NOT NULL CHECK (source IN ('message', 'query', 'statement', 'member')),
  state TEXT NOT NULL CHECK (state IN ('unproved', 'matched', 'credited', 'open', 'refunded', 'refuted')),
  payment_id BLOB,
  customer_id BLOB,
  seen_at INTEGER NOT NULL,
  decided_at INTEGER,
  PRIMARY KEY (provider_id, arrival_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, customer_id) REFERENCES customers (provider_id, customer_id),
  UNIQUE (provider_id, gateway, receipt)
) STRICT, WITHOUT ROWID;
CREATE INDEX arrivals_state ON arrivals (provider_id, state, arrival_id);
CREATE INDEX arrivals_phone ON arrivals (provider_id, phone);

-- Numbers for people, counted per provider.
CREATE TABLE counters (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  name TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (provider_id, name)
) STRICT, WITHOUT ROWID;

-- A person's queue.
CREATE TABLE cases (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  case_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('unmatched', 'partial', 'excess', 'wrong_currency', 'wrong_account',
    'receipt_used', 'late', 'claim', 'never_confirmed', 'unproved', 'send_unknown', 'difference', 'trusted')),
  subject BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'solved')),
  payment_id BLOB,
  arrival_id BLOB,
  phone TEXT,
  amount_minor INTEGER,
  currency TEXT,
  detail TEXT,
  opened_at INTEGER NOT NULL,
  promised_at INTEGER,
  solved_at INTEGER,
  solved_by BLOB,
  solution TEXT,
  PRIMARY KEY (provider_id, case_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, arrival_id) REFERENCES arrivals (provider_id, arrival_id),
  UNIQUE (provider_id, number),
  UNIQUE (provider_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX cases_state ON cases (provider_id, state, case_id);

CREATE TABLE refunds (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  refund_id BLOB NOT NULL,
  payment_id BLOB,
  arrival_id BLOB,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  way TEXT NOT NULL CHECK (way IN ('gateway', 'wallet', 'cash', 'by_hand')),
  gateway TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'sending', 'sent', 'done', 'refused', 'unknown',
    'declined')),
  reason TEXT NOT NULL,
  requested_by BLOB NOT NULL,
  requested_at INTEGER NOT NULL,
  decided_by BLOB,
  decided_at INTEGER,
  conversation_id TEXT,
  receipt TEXT,
  result_text TEXT,
  finished_at INTEGER,
  revoke INTEGER NOT NULL,
  PRIMARY KEY (provider_id, refund_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, arrival_id) REFERENCES arrivals (provider_id, arrival_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_payment ON refunds (provider_id, payment_id);
CREATE INDEX refunds_state ON refunds (provider_id, state, refund_id);

-- Nobody approves a payout of their own.
CREATE TABLE payouts (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  payout_id BLOB NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  phone TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'sending', 'sent', 'done', 'refused', 'unknown',
    'declined')),
  requested_by BLOB NOT NULL,
  requested_at INTEGER NOT NULL,
  decided_by BLOB,
  decided_at INTEGER,
  conversation_id TEXT,
  receipt TEXT,
  result_text TEXT,
  finished_at INTEGER,
  PRIMARY KEY (provider_id, payout_id),
  CHECK (decided_by IS NULL OR decided_by <> requested_by OR state = 'declined')
) STRICT, WITHOUT ROWID;
CREATE INDEX payouts_state ON payouts (provider_id, state, payout_id);

-- A cashier's time at the till: at most one is open.
CREATE TABLE shifts (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  shift_id BLOB NOT NULL,
  account_id BLOB NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  currency TEXT NOT NULL,
  expected_minor INTEGER,
  counted_minor INTEGER,
  note TEXT,
  PRIMARY KEY (provider_id, shift_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX shifts_open ON shifts (provider_id, account_id) WHERE closed_at IS NULL;

CREATE TABLE statements (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  statement_id BLOB NOT NULL,
  gateway TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('pull', 'upload')),
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  differences INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('reading', 'compared', 'failed')),
  error TEXT,
  imported_by BLOB,
  imported_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (provider_id, statement_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE statement_lines (
  provider_id BLOB NOT NULL,
  statement_id BLOB NOT NULL,
  line INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('payment', 'reversal', 'payout', 'fee', 'other')),
  receipt TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  fee_minor INTEGER,
  at INTEGER,
  phone TEXT,
  payer TEXT,
  reference TEXT,
  account TEXT,
  checkout_request_id TEXT,
  PRIMARY KEY (provider_id, statement_id, line),
  FOREIGN KEY (provider_id, statement_id) REFERENCES statements (provider_id, statement_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_lines_receipt ON statement_lines (provider_id, statement_id, receipt);
CREATE INDEX statement_lines_checkout ON statement_lines (provider_id, statement_id, checkout_request_id)
  WHERE checkout_request_id IS NOT NULL;

-- What a statement and our books disagree about.
CREATE TABLE differences (
  provider_id BLOB NOT NULL,
  difference_id BLOB NOT NULL,
  statement_id BLOB NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  receipt TEXT,
  payment_id BLOB,
  ours_minor INTEGER,
  theirs_minor INTEGER,
  currency TEXT NOT NULL,
  detail TEXT,
  state TEXT NOT NULL CHECK (state IN ('open', 'mended', 'dismissed')),
  decided_by BLOB,
  decided_at INTEGER,
  PRIMARY KEY (provider_id, difference_id),
  FOREIGN KEY (provider_id, statement_id) REFERENCES statements (provider_id, statement_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  UNIQUE (provider_id, statement_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX differences_state ON differences (provider_id, state, difference_id);

-- Requests that were made under a key, with their answers, so that a repetition gets the same.
CREATE TABLE idempotency_keys (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  caller TEXT NOT NULL,
  key TEXT NOT NULL,
  digest BLOB NOT NULL,
  status INTEGER,
  content_type TEXT,
  body BLOB,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (provider_id, caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
