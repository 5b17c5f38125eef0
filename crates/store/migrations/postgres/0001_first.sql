-- The first schema. Time is milliseconds since 1970 UTC; money is minor units.
-- Every table with a column provider_id is a tenant's: its keys begin with it, and row-level security
-- (below) enforces the same a second time.

CREATE TABLE providers (
  provider_id UUID NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
  country TEXT NOT NULL,
  currency TEXT NOT NULL,
  language TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  support_phone TEXT,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (provider_id)
);

-- People who sign in. Global: one person may be a member of several providers.
CREATE TABLE accounts (
  account_id UUID NOT NULL,
  username TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  super_admin BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT,
  PRIMARY KEY (account_id)
);

CREATE TABLE members (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  account_id UUID NOT NULL REFERENCES accounts (account_id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'cashier', 'support')),
  created_at BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (provider_id, account_id)
);
CREATE INDEX members_account ON members (account_id);

-- Browser sign-ins of the console. Only a hash of the token is kept.
CREATE TABLE sign_ins (
  token_hash BYTEA NOT NULL,
  account_id UUID NOT NULL REFERENCES accounts (account_id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  user_agent TEXT NOT NULL,
  PRIMARY KEY (token_hash)
);
CREATE INDEX sign_ins_account ON sign_ins (account_id);

-- API refresh tokens. Each may be used once; using one twice revokes its whole family.
CREATE TABLE refresh_tokens (
  token_hash BYTEA NOT NULL,
  family UUID NOT NULL,
  account_id UUID NOT NULL REFERENCES accounts (account_id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  revoked_at BIGINT,
  PRIMARY KEY (token_hash)
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);

CREATE TABLE gateway_accounts (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  gateway TEXT NOT NULL,
  settings TEXT NOT NULL,
  secrets_sealed BYTEA NOT NULL,
  enabled BOOLEAN NOT NULL,
  updated_at BIGINT NOT NULL,
  tested_at BIGINT,
  test_result TEXT,
  PRIMARY KEY (provider_id, gateway)
);

CREATE TABLE plans (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  plan_id UUID NOT NULL,
  name TEXT NOT NULL,
  price_minor BIGINT NOT NULL CHECK (price_minor >= 0),
  currency TEXT NOT NULL,
  terms TEXT NOT NULL,
  selling_window TEXT,
  on_sale BOOLEAN NOT NULL,
  position BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (provider_id, plan_id)
);

CREATE TABLE customers (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  customer_id UUID NOT NULL,
  phone TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (provider_id, customer_id),
  UNIQUE (provider_id, phone)
);

CREATE TABLE routers (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  router_id UUID NOT NULL,
  name TEXT NOT NULL,
  identity TEXT NOT NULL UNIQUE,
  secret_sealed BYTEA NOT NULL,
  hotspot_host TEXT NOT NULL,
  coa_address TEXT,
  source_address TEXT,
  message_authenticator BOOLEAN NOT NULL,
  last_seen_at BIGINT,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT,
  PRIMARY KEY (provider_id, router_id)
);

CREATE TABLE payments (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  payment_id UUID NOT NULL,
  gateway TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'success', 'failed', 'expired', 'cancelled', 'refunded')),
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  plan_id UUID NOT NULL,
  plan_name TEXT NOT NULL,
  terms TEXT NOT NULL,
  customer_id UUID NOT NULL,
  phone TEXT NOT NULL,
  mac TEXT,
  router_id UUID,
  visit TEXT,
  language TEXT NOT NULL,
  merchant_request_id TEXT,
  checkout_request_id TEXT,
  receipt TEXT,
  failure TEXT,
  result_code TEXT,
  result_text TEXT,
  checks BIGINT NOT NULL,
  ticket_id UUID,
  created_at BIGINT NOT NULL,
  prompted_at BIGINT,
  finished_at BIGINT,
  PRIMARY KEY (provider_id, payment_id),
  FOREIGN KEY (provider_id, customer_id) REFERENCES customers (provider_id, customer_id),
  UNIQUE (provider_id, gateway, checkout_request_id),
  UNIQUE (provider_id, gateway, receipt)
);
CREATE INDEX payments_phone ON payments (provider_id, phone, payment_id);
CREATE INDEX payments_mac ON payments (provider_id, mac, payment_id);
CREATE INDEX payments_status ON payments (provider_id, status, payment_id);

-- The timeline of a payment.
CREATE TABLE payment_events (
  provider_id UUID NOT NULL,
  payment_id UUID NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT,
  event_id UUID NOT NULL,
  PRIMARY KEY (provider_id, payment_id, event_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id)
);

-- The phones that hold an open prompt. Global, because a second prompt from anyone makes the first
-- one fail; the key is a keyed hash of the number.
CREATE TABLE phone_prompts (
  phone_hash BYTEA NOT NULL,
  payment_id UUID NOT NULL,
  until_at BIGINT NOT NULL,
  PRIMARY KEY (phone_hash)
);

-- Every message of a gateway, as it came, before anything is done with it.
CREATE TABLE gateway_messages (
  provider_id UUID NOT NULL,
  message_id UUID NOT NULL,
  payment_id UUID NOT NULL,
  gateway TEXT NOT NULL,
  digest BYTEA NOT NULL,
  body BYTEA NOT NULL,
  source TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  times_seen BIGINT NOT NULL,
  outcome TEXT,
  PRIMARY KEY (provider_id, message_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  UNIQUE (provider_id, payment_id, digest)
);

CREATE TABLE batches (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  batch_id UUID NOT NULL,
  plan_id UUID NOT NULL,
  plan_name TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  terms TEXT NOT NULL,
  size BIGINT NOT NULL CHECK (size BETWEEN 1 AND 100000),
  made BIGINT NOT NULL CHECK (made BETWEEN 0 AND size),
  created_by UUID NOT NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  PRIMARY KEY (provider_id, batch_id)
);

-- A ticket sold has a payment, a gift has a giver, a printed voucher has a batch: nothing else exists.
CREATE TABLE tickets (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  ticket_id UUID NOT NULL,
  code_index BYTEA NOT NULL,
  code_sealed BYTEA NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('unused', 'active', 'used_up', 'expired', 'revoked')),
  plan_id UUID NOT NULL,
  plan_name TEXT NOT NULL,
  price_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  terms TEXT NOT NULL,
  payment_id UUID,
  batch_id UUID,
  given_by UUID,
  phone TEXT,
  created_at BIGINT NOT NULL,
  activated_at BIGINT,
  expires_at BIGINT,
  ended_at BIGINT,
  octets_in BIGINT NOT NULL,
  octets_out BIGINT NOT NULL,
  data_limit BIGINT,
  PRIMARY KEY (provider_id, ticket_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, batch_id) REFERENCES batches (provider_id, batch_id),
  UNIQUE (provider_id, code_index),
  UNIQUE (provider_id, payment_id),
  CHECK ((CASE WHEN payment_id IS NULL THEN 0 ELSE 1 END)
       + (CASE WHEN batch_id IS NULL THEN 0 ELSE 1 END)
       + (CASE WHEN given_by IS NULL THEN 0 ELSE 1 END) = 1)
);
CREATE INDEX tickets_expiry ON tickets (expires_at) WHERE state = 'active' AND expires_at IS NOT NULL;
CREATE INDEX tickets_batch ON tickets (provider_id, batch_id, ticket_id) WHERE batch_id IS NOT NULL;
CREATE INDEX tickets_phone ON tickets (provider_id, phone, ticket_id) WHERE phone IS NOT NULL;

CREATE TABLE devices (
  provider_id UUID NOT NULL,
  ticket_id UUID NOT NULL,
  mac TEXT NOT NULL,
  first_seen_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  PRIMARY KEY (provider_id, ticket_id, mac),
  FOREIGN KEY (provider_id, ticket_id) REFERENCES tickets (provider_id, ticket_id)
);
CREATE INDEX devices_mac ON devices (provider_id, mac);

CREATE TABLE sessions (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  session_id UUID NOT NULL,
  router_id UUID NOT NULL,
  ticket_id UUID,
  acct_session_id TEXT NOT NULL,
  user_name_sealed BYTEA NOT NULL,
  mac TEXT,
  framed_ip TEXT,
  started_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  stopped_at BIGINT,
  session_seconds BIGINT NOT NULL,
  octets_in BIGINT NOT NULL,
  octets_out BIGINT NOT NULL,
  terminate_cause TEXT,
  PRIMARY KEY (provider_id, session_id),
  FOREIGN KEY (provider_id, router_id) REFERENCES routers (provider_id, router_id)
);
CREATE INDEX sessions_ticket ON sessions (provider_id, ticket_id, session_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX sessions_open ON sessions (provider_id, router_id, session_id) WHERE stopped_at IS NULL;
CREATE INDEX sessions_mac ON sessions (provider_id, mac, session_id) WHERE mac IS NOT NULL;

-- Double entry by construction: one row takes an amount from one account and gives it to another, so
-- no row can be out of balance. Append-only: see the trigger below.
CREATE TABLE ledger_transfers (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  transfer_id UUID NOT NULL,
  kind TEXT NOT NULL,
  debit_account TEXT NOT NULL,
  credit_account TEXT NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  payment_id UUID NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (provider_id, transfer_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  UNIQUE (provider_id, payment_id, kind),
  CHECK (debit_account <> credit_account)
);

-- Money received by day of the provider's own time zone (days since 1970-01-01), kept by the
-- transaction that books the payment.
CREATE TABLE revenue_daily (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  day BIGINT NOT NULL,
  gateway TEXT NOT NULL,
  currency TEXT NOT NULL,
  payments BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  PRIMARY KEY (provider_id, day, gateway, currency)
);

CREATE TABLE audit_heads (
  provider_id UUID NOT NULL,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (provider_id)
);

CREATE TABLE audit_log (
  provider_id UUID NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (provider_id, seq)
);

-- Work to be done after a commit, written by the transaction that made it necessary.
CREATE TABLE jobs (
  provider_id UUID NOT NULL REFERENCES providers (provider_id),
  kind TEXT NOT NULL,
  subject UUID NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  leased_until BIGINT,
  last_error TEXT,
  PRIMARY KEY (provider_id, kind, subject)
);
CREATE INDEX jobs_due ON jobs (due_at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER ledger_transfers_append_only BEFORE UPDATE OR DELETE ON ledger_transfers
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER ledger_transfers_never_emptied BEFORE TRUNCATE ON ledger_transfers
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_log_never_emptied BEFORE TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Row-level security, forced also on the owner. bando.scope and bando.provider are set at the start of
-- every transaction; a transaction that sets neither sees nothing.
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT table_name FROM information_schema.columns
              WHERE column_name = 'provider_id' AND table_schema = current_schema()
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
