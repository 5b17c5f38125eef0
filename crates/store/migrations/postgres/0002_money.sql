-- Money of every gateway: paid by hand, sent back, paid out, counted in tills and compared with
-- statements. Time is milliseconds since 1970 UTC; money is minor units.

ALTER TABLE payments ADD COLUMN account_reference TEXT;
ALTER TABLE payments ADD COLUMN redirect_url TEXT;
ALTER TABLE payments ADD COLUMN identity_mac TEXT;
ALTER TABLE payments ADD COLUMN sold_by UUID;
ALTER TABLE payments ADD COLUMN collected BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE payments ADD COLUMN fee_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN refunded_minor BIGINT NOT NULL DEFAULT 0
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
ALTER TABLE customers ADD COLUMN credit_minor BIGINT NOT NULL DEFAULT 0 CHECK (credit_minor >= 0);

-- Movements that belong to no payment too, with what each is about beside it. The triggers come off
-- while the old rows are told what they are about.
DROP TRIGGER ledger_transfers_append_only ON ledger_transfers;
ALTER TABLE ledger_transfers ADD COLUMN subject UUID;
UPDATE ledger_transfers SET subject = payment_id;
ALTER TABLE ledger_transfers ALTER COLUMN subject SET NOT NULL;
ALTER TABLE ledger_transfers ALTER COLUMN payment_id DROP NOT NULL;
ALTER TABLE ledger_transfers DROP CONSTRAINT ledger_transfers_provider_id_payment_id_kind_key;
ALTER TABLE ledger_transfers ADD UNIQUE (provider_id, subject, kind);
CREATE INDEX ledger_transfers_payment ON ledger_transfers (provider_id, payment_id);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (provider_id, debit_account, transfer_id);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (provider_id, credit_account, transfer_id);
CREATE TRIGGER ledger_transfers_append_only BEFORE UPDATE OR DELETE ON ledger_transfers
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Messages about more than payments.
ALTER TABLE gateway_messages DROP CONSTRAINT gateway_messages_provider_id_payment_id_fkey;
ALTER TABLE gateway_messages DROP CONSTRAINT gateway_messages_provider_id_payment_id_digest_key;
ALTER TABLE gateway_messages RENAME COLUMN payment_id TO subject;
ALTER TABLE gateway_messages ADD COLUMN about TEXT NOT NULL DEFAULT 'payment'
  CHECK (about IN ('payment', 'account', 'refund', 'payout', 'arrival'));
ALTER TABLE gateway_messages ALTER COLUMN about DROP DEFAULT;
ALTER TABLE gateway_messages ADD COLUMN signed BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE gateway_messages ALTER COLUMN signed DROP DEFAULT;
ALTER TABLE gateway_messages ADD FOREIGN KEY (provider_id) REFERENCES providers (provider_id);
ALTER TABLE gateway_messages ADD UNIQUE (provider_id, about, subject, digest);

-- One receipt credits once, whoever's it is: global. The holder is a payment or an arrival.
CREATE TABLE receipt_holders (
  gateway TEXT NOT NULL,
  receipt TEXT NOT NULL,
  holder UUID NOT NULL,
  PRIMARY KEY (gateway, receipt)
);
INSERT INTO receipt_holders (gateway, receipt, holder)
  SELECT gateway, receipt, payment_id FROM payments WHERE receipt IS NOT NULL ORDER BY payment_id
  ON CONFLICT (gateway, receipt) DO NOTHING;

-- Money seen to arrive that was not settled onto the payment it was asked for.
CREATE TABLE arrivals (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  arrival_id UUID NOT NULL,
  gateway TEXT NOT NULL,
  receipt TEXT NOT NULL,
  kind TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  fee_minor BIGINT,
  phone TEXT,
  payer TEXT,
  reference TEXT,
  account TEXT,
  at BIGINT,
  source TEXT NOT NULL CHECK (source IN ('message', 'query', 'statement', 'member')),
  state TEXT NOT NULL CHECK (state IN ('unproved', 'matched', 'credited', 'open', 'refunded', 'refuted')),
  payment_id UUID,
  customer_id UUID,
  seen_at BIGINT NOT NULL,
  decided_at BIGINT,
  PRIMARY KEY (provider_id, arrival_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, customer_id) REFERENCES customers (provider_id, customer_id),
  UNIQUE (provider_id, gateway, receipt)
);
CREATE INDEX arrivals_state ON arrivals (provider_id, state, arrival_id);
CREATE INDEX arrivals_phone ON arrivals (provider_id, phone);

-- Numbers for people, counted per provider.
CREATE TABLE counters (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  name TEXT NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (provider_id, name)
);

-- A person's queue.
CREATE TABLE cases (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  case_id UUID NOT NULL,
  number BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('unmatched', 'partial', 'excess', 'wrong_currency', 'wrong_account',
    'receipt_used', 'late', 'claim', 'never_confirmed', 'unproved', 'send_unknown', 'difference', 'trusted')),
  subject UUID NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'solved')),
  payment_id UUID,
  arrival_id UUID,
  phone TEXT,
  amount_minor BIGINT,
  currency TEXT,
  detail TEXT,
  opened_at BIGINT NOT NULL,
  promised_at BIGINT,
  solved_at BIGINT,
  solved_by UUID,
  solution TEXT,
  PRIMARY KEY (provider_id, case_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, arrival_id) REFERENCES arrivals (provider_id, arrival_id),
  UNIQUE (provider_id, number),
  UNIQUE (provider_id, kind, subject)
);
CREATE INDEX cases_state ON cases (provider_id, state, case_id);

CREATE TABLE refunds (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  refund_id UUID NOT NULL,
  payment_id UUID,
  arrival_id UUID,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  way TEXT NOT NULL CHECK (way IN ('gateway', 'wallet', 'cash', 'by_hand')),
  gateway TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'sending', 'sent', 'done', 'refused', 'unknown',
    'declined')),
  reason TEXT NOT NULL,
  requested_by UUID NOT NULL,
  requested_at BIGINT NOT NULL,
  decided_by UUID,
  decided_at BIGINT,
  conversation_id TEXT,
  receipt TEXT,
  result_text TEXT,
  finished_at BIGINT,
  revoke BOOLEAN NOT NULL,
  PRIMARY KEY (provider_id, refund_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, arrival_id) REFERENCES arrivals (provider_id, arrival_id)
);
CREATE INDEX refunds_payment ON refunds (provider_id, payment_id);
CREATE INDEX refunds_state ON refunds (provider_id, state, refund_id);

-- Nobody approves a payout of their own.
CREATE TABLE payouts (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  payout_id UUID NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  phone TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'sending', 'sent', 'done', 'refused', 'unknown',
    'declined')),
  requested_by UUID NOT NULL,
  requested_at BIGINT NOT NULL,
  decided_by UUID,
  decided_at BIGINT,
  conversation_id TEXT,
  receipt TEXT,
  result_text TEXT,
  finished_at BIGINT,
  PRIMARY KEY (provider_id, payout_id),
  CHECK (decided_by IS NULL OR decided_by <> requested_by OR state = 'declined')
);
CREATE INDEX payouts_state ON payouts (provider_id, state, payout_id);

-- A cashier's time at the till: at most one is open.
CREATE TABLE shifts (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  shift_id UUID NOT NULL,
  account_id UUID NOT NULL,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  currency TEXT NOT NULL,
  expected_minor BIGINT,
  counted_minor BIGINT,
  note TEXT,
  PRIMARY KEY (provider_id, shift_id)
);
CREATE UNIQUE INDEX shifts_open ON shifts (provider_id, account_id) WHERE closed_at IS NULL;

CREATE TABLE statements (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  statement_id UUID NOT NULL,
  gateway TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('pull', 'upload')),
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL,
  lines BIGINT NOT NULL,
  differences BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('reading', 'compared', 'failed')),
  error TEXT,
  imported_by UUID,
  imported_at BIGINT NOT NULL,
  finished_at BIGINT,
  PRIMARY KEY (provider_id, statement_id)
);

CREATE TABLE statement_lines (
  provider_id UUID NOT NULL,
  statement_id UUID NOT NULL,
  line BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('payment', 'reversal', 'payout', 'fee', 'other')),
  receipt TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  fee_minor BIGINT,
  at BIGINT,
  phone TEXT,
  payer TEXT,
  reference TEXT,
  account TEXT,
  checkout_request_id TEXT,
  PRIMARY KEY (provider_id, statement_id, line),
  FOREIGN KEY (provider_id, statement_id) REFERENCES statements (provider_id, statement_id)
);
CREATE INDEX statement_lines_receipt ON statement_lines (provider_id, statement_id, receipt);
CREATE INDEX statement_lines_checkout ON statement_lines (provider_id, statement_id, checkout_request_id)
  WHERE checkout_request_id IS NOT NULL;

-- What a statement and our books disagree about.
CREATE TABLE differences (
  provider_id UUID NOT NULL,
  difference_id UUID NOT NULL,
  statement_id UUID NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  receipt TEXT,
  payment_id UUID,
  ours_minor BIGINT,
  theirs_minor BIGINT,
  currency TEXT NOT NULL,
  detail TEXT,
  state TEXT NOT NULL CHECK (state IN ('open', 'mended', 'dismissed')),
  decided_by UUID,
  decided_at BIGINT,
  PRIMARY KEY (provider_id, difference_id),
  FOREIGN KEY (provider_id, statement_id) REFERENCES statements (provider_id, statement_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  UNIQUE (provider_id, statement_id, kind, subject)
);
CREATE INDEX differences_state ON differences (provider_id, state, difference_id);

-- Requests that were made under a key, with their answers, so that a repetition gets the same.
CREATE TABLE idempotency_keys (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  caller TEXT NOT NULL,
  key TEXT NOT NULL,
  digest BYTEA NOT NULL,
  status BIGINT,
  content_type TEXT,
  body BYTEA,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (provider_id, caller, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Row-level security on the new tables, as on the first ones.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['arrivals', 'counters', 'cases', 'refunds', 'payouts', 'shifts', 'statements',
    'statement_lines', 'differences', 'idempotency_keys']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format($policy$
      CREATE POLICY tenant ON %I USING (
        provider_id = NULLIF(current_setting('bando.provider', true), '')::uuid
        OR current_setting('bando.scope', true) = 'system')
    $policy$, name);
  END LOOP;
END $$;
