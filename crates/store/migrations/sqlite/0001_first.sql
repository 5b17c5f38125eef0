-- The first schema. Time is milliseconds since 1970 UTC; money is minor units.
-- Every table with a column provider_id is a tenant's: its keys begin with it.

CREATE TABLE providers (
  provider_id BLOB NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
  country TEXT NOT NULL,
  currency TEXT NOT NULL,
  language TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  support_phone TEXT,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (provider_id)
) STRICT, WITHOUT ROWID;

-- People who sign in. Global: one person may be a member of several providers.
CREATE TABLE accounts (
  account_id BLOB NOT NULL,
  username TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  super_admin INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,
  PRIMARY KEY (account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  account_id BLOB NOT NULL REFERENCES accounts (account_id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'cashier', 'support')),
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (provider_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_account ON members (account_id);

-- Browser sign-ins of the console. Only a hash of the token is kept.
CREATE TABLE sign_ins (
  token_hash BLOB NOT NULL,
  account_id BLOB NOT NULL REFERENCES accounts (account_id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  user_agent TEXT NOT NULL,
  PRIMARY KEY (token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_account ON sign_ins (account_id);

-- API refresh tokens. Each may be used once; using one twice revokes its whole family.
CREATE TABLE refresh_tokens (
  token_hash BLOB NOT NULL,
  family BLOB NOT NULL,
  account_id BLOB NOT NULL REFERENCES accounts (account_id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  revoked_at INTEGER,
  PRIMARY KEY (token_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);

CREATE TABLE gateway_accounts (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  gateway TEXT NOT NULL,
  settings TEXT NOT NULL,
  secrets_sealed BLOB NOT NULL,
  enabled INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  tested_at INTEGER,
  test_result TEXT,
  PRIMARY KEY (provider_id, gateway)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  plan_id BLOB NOT NULL,
  name TEXT NOT NULL,
  price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
  currency TEXT NOT NULL,
  terms TEXT NOT NULL,
  selling_window TEXT,
  on_sale INTEGER NOT NULL,
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (provider_id, plan_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  customer_id BLOB NOT NULL,
  phone TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (provider_id, customer_id),
  UNIQUE (provider_id, phone)
) STRICT, WITHOUT ROWID;

CREATE TABLE routers (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  router_id BLOB NOT NULL,
  name TEXT NOT NULL,
  identity TEXT NOT NULL UNIQUE,
  secret_sealed BLOB NOT NULL,
  hotspot_host TEXT NOT NULL,
  coa_address TEXT,
  source_address TEXT,
  message_authenticator INTEGER NOT NULL,
  last_seen_at INTEGER,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (provider_id, router_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  payment_id BLOB NOT NULL,
  gateway TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'success', 'failed', 'expired', 'cancelled', 'refunded')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  plan_id BLOB NOT NULL,
  plan_name TEXT NOT NULL,
  terms TEXT NOT NULL,
  customer_id BLOB NOT NULL,
  phone TEXT NOT NULL,
  mac TEXT,
  router_id BLOB,
  visit TEXT,
  language TEXT NOT NULL,
  merchant_request_id TEXT,
  checkout_request_id TEXT,
  receipt TEXT,
  failure TEXT,
  result_code TEXT,
  result_text TEXT,
  checks INTEGER NOT NULL,
  ticket_id BLOB,
  created_at INTEGER NOT NULL,
  prompted_at INTEGER,
  finished_at INTEGER,
  PRIMARY KEY (provider_id, payment_id),
  FOREIGN KEY (provider_id, customer_id) REFERENCES customers (provider_id, customer_id),
  UNIQUE (provider_id, gateway, checkout_request_id),
  UNIQUE (provider_id, gateway, receipt)
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_phone ON payments (provider_id, phone, payment_id);
CREATE INDEX payments_mac ON payments (provider_id, mac, payment_id);
CREATE INDEX payments_status ON payments (provider_id, status, payment_id);

-- The timeline of a payment.
CREATE TABLE payment_events (
  provider_id BLOB NOT NULL,
  payment_id BLOB NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT,
  event_id BLOB NOT NULL,
  PRIMARY KEY (provider_id, payment_id, event_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id)
) STRICT, WITHOUT ROWID;

-- The phones that hold an open prompt. Global, because a second prompt from anyone makes the first
-- one fail; the key is a keyed hash of the number.
CREATE TABLE phone_prompts (
  phone_hash BLOB NOT NULL,
  payment_id BLOB NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (phone_hash)
) STRICT, WITHOUT ROWID;

-- Every message of a gateway, as it came, before anything is done with it.
CREATE TABLE gateway_messages (
  provider_id BLOB NOT NULL,
  message_id BLOB NOT NULL,
  payment_id BLOB NOT NULL,
  gateway TEXT NOT NULL,
  digest BLOB NOT NULL,
  body BLOB NOT NULL,
  source TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  times_seen INTEGER NOT NULL,
  outcome TEXT,
  PRIMARY KEY (provider_id, message_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  UNIQUE (provider_id, payment_id, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  batch_id BLOB NOT NULL,
  plan_id BLOB NOT NULL,
  plan_name TEXT NOT NULL,
  price_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  terms TEXT NOT NULL,
  size INTEGER NOT NULL CHECK (size BETWEEN 1 AND 100000),
  made INTEGER NOT NULL CHECK (made BETWEEN 0 AND size),
  created_by BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (provider_id, batch_id)
) STRICT, WITHOUT ROWID;

-- A ticket sold has a payment, a gift has a giver, a printed voucher has a batch: nothing else exists.
CREATE TABLE tickets (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  ticket_id BLOB NOT NULL,
  code_index BLOB NOT NULL,
  code_sealed BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('unused', 'active', 'used_up', 'expired', 'revoked')),
  plan_id BLOB NOT NULL,
  plan_name TEXT NOT NULL,
  price_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  terms TEXT NOT NULL,
  payment_id BLOB,
  batch_id BLOB,
  given_by BLOB,
  phone TEXT,
  created_at INTEGER NOT NULL,
  activated_at INTEGER,
  expires_at INTEGER,
  ended_at INTEGER,
  octets_in INTEGER NOT NULL,
  octets_out INTEGER NOT NULL,
  data_limit INTEGER,
  PRIMARY KEY (provider_id, ticket_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  FOREIGN KEY (provider_id, batch_id) REFERENCES batches (provider_id, batch_id),
  UNIQUE (provider_id, code_index),
  UNIQUE (provider_id, payment_id),
  CHECK ((CASE WHEN payment_id IS NULL THEN 0 ELSE 1 END)
       + (CASE WHEN batch_id IS NULL THEN 0 ELSE 1 END)
       + (CASE WHEN given_by IS NULL THEN 0 ELSE 1 END) = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_expiry ON tickets (expires_at) WHERE state = 'active' AND expires_at IS NOT NULL;
CREATE INDEX tickets_batch ON tickets (provider_id, batch_id, ticket_id) WHERE batch_id IS NOT NULL;
CREATE INDEX tickets_phone ON tickets (provider_id, phone, ticket_id) WHERE phone IS NOT NULL;

CREATE TABLE devices (
  provider_id BLOB NOT NULL,
  ticket_id BLOB NOT NULL,
  mac TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (provider_id, ticket_id, mac),
  FOREIGN KEY (provider_id, ticket_id) REFERENCES tickets (provider_id, ticket_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_mac ON devices (provider_id, mac);

CREATE TABLE sessions (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  session_id BLOB NOT NULL,
  router_id BLOB NOT NULL,
  ticket_id BLOB,
  acct_session_id TEXT NOT NULL,
  user_name_sealed BLOB NOT NULL,
  mac TEXT,
  framed_ip TEXT,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  stopped_at INTEGER,
  session_seconds INTEGER NOT NULL,
  octets_in INTEGER NOT NULL,
  octets_out INTEGER NOT NULL,
  terminate_cause TEXT,
  PRIMARY KEY (provider_id, session_id),
  FOREIGN KEY (provider_id, router_id) REFERENCES routers (provider_id, router_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_ticket ON sessions (provider_id, ticket_id, session_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX sessions_open ON sessions (provider_id, router_id, session_id) WHERE stopped_at IS NULL;
CREATE INDEX sessions_mac ON sessions (provider_id, mac, session_id) WHERE mac IS NOT NULL;

-- Double entry by construction: one row takes an amount from one account and gives it to another, so
-- no row can be out of balance. Append-only: see the trigger below.
CREATE TABLE ledger_transfers (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  transfer_id BLOB NOT NULL,
  kind TEXT NOT NULL,
  debit_account TEXT NOT NULL,
  credit_account TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  payment_id BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (provider_id, transfer_id),
  FOREIGN KEY (provider_id, payment_id) REFERENCES payments (provider_id, payment_id),
  UNIQUE (provider_id, payment_id, kind),
  CHECK (debit_account <> credit_account)
) STRICT, WITHOUT ROWID;

-- Money received by day of the provider's own time zone (days since 1970-01-01), kept by the
-- transaction that books the payment.
CREATE TABLE revenue_daily (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  day INTEGER NOT NULL,
  gateway TEXT NOT NULL,
  currency TEXT NOT NULL,
  payments INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  PRIMARY KEY (provider_id, day, gateway, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_heads (
  provider_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (provider_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  provider_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (provider_id, seq)
) STRICT, WITHOUT ROWID;

-- Work to be done after a commit, written by the transaction that made it necessary.
CREATE TABLE jobs (
  provider_id BLOB NOT NULL REFERENCES providers (provider_id),
  kind TEXT NOT NULL,
  subject BLOB NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  leased_until INTEGER,
  last_error TEXT,
  PRIMARY KEY (provider_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs (due_at);

CREATE TRIGGER ledger_transfers_no_update BEFORE UPDATE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_transfers_no_delete BEFORE DELETE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
