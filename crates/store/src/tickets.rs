//! Tickets, the devices bound to them, and the batches they are printed in.

use std::fmt::Write;

use bando_db::{Row, Sql, Value};
use bando_domain::{
    AccountId, BatchId, Entropy, MacAddr, Money, PaymentId, Phone, PlanId, PlanTerms, ProviderId,
    TicketCode, TicketId, TicketState, Timestamp, Usage,
};

use crate::field::{Field, get, values};
use crate::page::{Cursor, Page};
use crate::sessions::{LIST, padded, placeholders};
use crate::vault::Place;
use crate::{Error, Result, SystemTx, TenantTx, Vault};

/// Where a ticket comes from: exactly one of these, by a constraint of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Bought: the payment succeeded.
    Payment(PaymentId),
    /// Printed in a batch, to be sold by hand.
    Batch(BatchId),
    /// Given by a member.
    Gift(AccountId),
}

/// A right to use the network.
#[derive(Clone, PartialEq, Debug)]
pub struct Ticket {
    /// Whose customers it serves.
    pub provider: ProviderId,
    /// Its id.
    pub id: TicketId,
    /// What the customer types.
    pub code: TicketCode,
    /// Where it is in its life.
    pub state: TicketState,
    /// The plan it was sold as.
    pub plan_id: PlanId,
    /// The plan's name when it was sold.
    pub plan_name: String,
    /// What it cost.
    pub price: Money,
    /// What it gives, frozen when it was sold.
    pub terms: PlanTerms,
    /// Where it comes from.
    pub origin: Origin,
    /// The phone that bought it.
    pub phone: Option<Phone>,
    /// The device whose address alone is the right: it signs in without a code.
    pub identity_mac: Option<MacAddr>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its time began to run.
    pub activated_at: Option<Timestamp>,
    /// When its time ends.
    pub expires_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it has used.
    pub usage: Usage,
}

/// A device bound to a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Device {
    /// Its address.
    pub mac: MacAddr,
    /// When it first used the ticket.
    pub first_seen_at: Timestamp,
    /// When it last came online.
    pub last_seen_at: Timestamp,
}

/// Tickets made together.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// The plan.
    pub plan_id: PlanId,
    /// The plan's name at that time.
    pub plan_name: String,
    /// The price printed on each.
    pub price: Money,
    /// What each gives.
    pub terms: PlanTerms,
    /// How many are to be made.
    pub size: u32,
    /// How many are made.
    pub made: u32,
    /// Who asked for them.
    pub created_by: AccountId,
    /// When.
    pub created_at: Timestamp,
    /// When the last was made.
    pub finished_at: Option<Timestamp>,
}

/// Which tickets a list shows.
#[derive(Clone, Default, Debug)]
pub struct TicketFilter {
    /// Only those in this state.
    pub state: Option<TicketState>,
    /// Only those of this batch.
    pub batch: Option<BatchId>,
    /// Only those bought by this phone.
    pub phone: Option<Phone>,
    /// Only those a device with this address is bound to.
    pub mac: Option<MacAddr>,
}

const COLUMNS: &str = "t.ticket_id, t.code_sealed, t.state, t.plan_id, t.plan_name, t.price_minor, t.currency, t.terms,
  t.payment_id, t.batch_id, t.given_by, t.phone, t.created_at, t.activated_at, t.expires_at, t.ended_at, t.octets_in,
  t.octets_out, t.provider_id, t.identity_mac";

fn place(provider: ProviderId, row: &[u8; 16]) -> Place<'_> {
    Place {
        table: "tickets",
        column: "code_sealed",
        provider,
        row,
    }
}

impl Ticket {
    fn from_row(row: &Row, vault: &Vault) -> Result<Self> {
        let corrupt = |column, kind| Error::Corrupt { column, kind };
        let (provider, id): (ProviderId, TicketId) = (get(row, 18)?, get(row, 0)?);
        let code = vault.open(
            place(provider, id.uuid().as_bytes()),
            &get::<Vec<u8>>(row, 1)?,
        )?;
        let code = std::str::from_utf8(&code)
            .ok()
            .and_then(|text| text.parse().ok());
        let origin = match (get(row, 8)?, get(row, 9)?, get(row, 10)?) {
            (Some(payment), None, None) => Origin::Payment(payment),
            (None, Some(batch), None) => Origin::Batch(batch),
            (None, None, Some(member)) => Origin::Gift(member),
            _ => return Err(corrupt(8, "ticket origin")),
        };
        Ok(Self {
            provider,
            id,
            code: code.ok_or(corrupt(1, "ticket code"))?,
            state: get(row, 2)?,
            plan_id: get(row, 3)?,
            plan_name: get(row, 4)?,
            price: Money::from_minor(get(row, 5)?, get(row, 6)?),
            terms: get(row, 7)?,
            origin,
            phone: get(row, 11)?,
            identity_mac: get(row, 19)?,
            created_at: get(row, 12)?,
            activated_at: get(row, 13)?,
            expires_at: get(row, 14)?,
            ended_at: get(row, 15)?,
            usage: Usage {
                octets_in: get(row, 16)?,
                octets_out: get(row, 17)?,
            },
        })
    }

    fn insert_values(&self, vault: &Vault, entropy: &dyn Entropy) -> Vec<Value> {
        let code = self.code.as_str().as_bytes();
        let index = vault.index("ticket", Some(self.provider), code);
        let sealed = vault.seal(
            place(self.provider, self.id.uuid().as_bytes()),
            code,
            entropy,
        );
        let (payment, batch, gift) = match self.origin {
            Origin::Payment(id) => (Some(id), None, None),
            Origin::Batch(id) => (None, Some(id), None),
            Origin::Gift(id) => (None, None, Some(id)),
        };
        values![
            self.id,
            index,
            sealed,
            self.state,
            self.plan_id,
            self.plan_name,
            self.price.minor(),
            self.price.currency(),
            self.terms,
            payment,
            batch,
            gift,
            self.phone,
            self.created_at,
            self.activated_at,
            self.expires_at,
            self.usage.octets_in,
            self.usage.octets_out,
            self.terms.data.map(bando_domain::DataLimit::bytes),
            self.identity_mac,
        ]
    }
}

const INSERT: &str = "INSERT INTO tickets (provider_id, ticket_id, code_index, code_sealed, state, plan_id, plan_name,
    price_minor, currency, terms, payment_id, batch_id, given_by, phone, created_at, activated_at, expires_at,
    octets_in, octets_out, data_limit, identity_mac)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
  ON CONFLICT (provider_id, code_index) DO NOTHING";

impl TenantTx {
    /// Adds a ticket. Returns false if its code is taken: draw another.
    ///
    /// # Errors
    /// A conflict if its payment has a ticket already.
    pub async fn insert_ticket(&mut self, t: &Ticket, entropy: &dyn Entropy) -> Result<bool> {
        let row = t.insert_values(self.vault(), entropy);
        Ok(self.exec(INSERT, row).await? == 1)
    }

    /// Adds many tickets and returns how many; one whose code is taken is left out.
    pub async fn insert_tickets(
        &mut self,
        tickets: &[Ticket],
        entropy: &dyn Entropy,
    ) -> Result<u64> {
        let rows = tickets
            .iter()
            .map(|t| t.insert_values(self.vault(), entropy))
            .collect();
        self.exec_many(INSERT, rows).await
    }

    /// A ticket, to be read.
    pub async fn ticket(&mut self, id: TicketId) -> Result<Option<Ticket>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1 AND t.ticket_id = $2"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.map(|row| Ticket::from_row(&row, self.vault()))
            .transpose()
    }

    /// A ticket, to be changed: nobody else changes it before this transaction ends.
    pub async fn lock_ticket(&mut self, id: TicketId) -> Result<Option<Ticket>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1 AND t.ticket_id = $2 /*for update*/"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.map(|row| Ticket::from_row(&row, self.vault()))
            .transpose()
    }

    /// The ticket with this code.
    pub async fn ticket_by_code(&mut self, code: &TicketCode) -> Result<Option<Ticket>> {
        let index =
            self.vault()
                .index("ticket", Some(self.provider_id()), code.as_str().as_bytes());
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1 AND t.code_index = $2"
        );
        let row = self.maybe(Sql::built(sql), values![index]).await?;
        row.map(|row| Ticket::from_row(&row, self.vault()))
            .transpose()
    }

    /// The ticket that a payment bought.
    pub async fn ticket_by_payment(&mut self, payment: PaymentId) -> Result<Option<Ticket>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1 AND t.payment_id = $2"
        );
        let row = self.maybe(Sql::built(sql), values![payment]).await?;
        row.map(|row| Ticket::from_row(&row, self.vault()))
            .transpose()
    }

    /// The ticket that a device is by its address: one that may still be used, the running one that
    /// ends last before others; else the newest of those that have ended.
    pub async fn ticket_by_identity_mac(&mut self, mac: MacAddr) -> Result<Option<Ticket>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1 AND t.identity_mac = $2
             ORDER BY CASE t.state WHEN 'active' THEN 0 WHEN 'unused' THEN 1 ELSE 2 END,
               CASE WHEN t.state = 'active' THEN COALESCE(t.expires_at, 9223372036854775807) ELSE 0 END DESC,
               t.ticket_id DESC LIMIT 1"
        );
        let row = self.maybe(Sql::built(sql), values![mac]).await?;
        row.map(|row| Ticket::from_row(&row, self.vault()))
            .transpose()
    }

    /// The tickets a device may still use: those whose time runs, the one that ends last first, then
    /// those that were not begun, so that none is begun while another still runs.
    pub async fn live_tickets_by_mac(&mut self, mac: MacAddr) -> Result<Vec<Ticket>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t JOIN devices d
               ON d.provider_id = t.provider_id AND d.ticket_id = t.ticket_id
             WHERE t.provider_id = $1 AND d.mac = $2 AND t.state IN ('unused', 'active')
             ORDER BY CASE WHEN t.state = 'active' THEN 0 ELSE 1 END,
               COALESCE(t.expires_at, 9223372036854775807) DESC, t.ticket_id LIMIT 8"
        );
        let rows = self.all(Sql::built(sql), values![mac]).await?;
        rows.iter()
            .map(|row| Ticket::from_row(row, self.vault()))
            .collect()
    }

    /// A page of tickets, newest first.
    pub async fn tickets(
        &mut self,
        filter: &TicketFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Ticket>> {
        let mut sql = format!("SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1");
        let mut params = Vec::new();
        let mut and = |sql: &mut String, before: &str, after: &str, value| {
            params.push(value);
            let _ = write!(sql, " AND {before} ${}{after}", params.len() + 1);
        };
        if let Some(state) = filter.state {
            and(&mut sql, "t.state =", "", state.to_value());
        }
        if let Some(batch) = filter.batch {
            and(&mut sql, "t.batch_id =", "", batch.to_value());
        }
        if let Some(phone) = &filter.phone {
            and(&mut sql, "t.phone =", "", phone.to_value());
        }
        if let Some(mac) = filter.mac {
            let before = "EXISTS (SELECT 1 FROM devices d WHERE d.provider_id = t.provider_id
                            AND d.ticket_id = t.ticket_id AND d.mac =";
            and(&mut sql, before, ")", mac.to_value());
        }
        if let Some(Cursor(after)) = after {
            and(&mut sql, "t.ticket_id <", "", after.to_value());
        }
        let _ = write!(sql, " ORDER BY t.ticket_id DESC LIMIT {}", size + 1);
        let rows = self.all(Sql::built(sql), params).await?;
        let rows = rows
            .iter()
            .map(|row| Ticket::from_row(row, self.vault()))
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, size, |t| t.id.uuid()))
    }

    /// The tickets with these ids, in no order.
    pub async fn tickets_by_id(&mut self, ids: &[TicketId]) -> Result<Vec<Ticket>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let list: Vec<String> = (0..ids.len()).map(|i| format!("${}", i + 2)).collect();
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1 AND t.ticket_id IN ({})",
            list.join(", ")
        );
        let params = ids.iter().map(Field::to_value).collect();
        let rows = self.all(Sql::built(sql), params).await?;
        rows.iter()
            .map(|row| Ticket::from_row(row, self.vault()))
            .collect()
    }

    /// The tickets of a batch from number `from` (the first is 0) on, in the order they were made.
    pub async fn tickets_of_batch(
        &mut self,
        batch: BatchId,
        from: u32,
        count: u32,
    ) -> Result<Vec<Ticket>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM tickets t WHERE t.provider_id = $1 AND t.batch_id = $2
             ORDER BY t.ticket_id LIMIT {count} OFFSET {from}"
        );
        let rows = self.all(Sql::built(sql), values![batch]).await?;
        rows.iter()
            .map(|row| Ticket::from_row(row, self.vault()))
            .collect()
    }

    /// How many tickets of a batch have been used.
    pub async fn count_used_of_batch(&mut self, batch: BatchId) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM tickets WHERE provider_id = $1 AND batch_id = $2
                   AND activated_at IS NOT NULL";
        get(&self.one(sql, values![batch]).await?, 0)
    }

    /// Begins a ticket's time. Returns false if it had begun or ended already: of many at once, one
    /// begins it.
    pub async fn activate_ticket(
        &mut self,
        id: TicketId,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<bool> {
        let sql = "UPDATE tickets SET state = 'active', activated_at = $3, expires_at = $4
                   WHERE provider_id = $1 AND ticket_id = $2 AND state = 'unused'";
        Ok(self.exec(sql, values![id, now, expires_at]).await? == 1)
    }

    /// Ends a ticket that has not ended yet. Returns false if it had.
    pub async fn end_ticket(
        &mut self,
        id: TicketId,
        state: TicketState,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE tickets SET state = $3, ended_at = $4
                   WHERE provider_id = $1 AND ticket_id = $2 AND state IN ('unused', 'active')";
        Ok(self.exec(sql, values![id, state, now]).await? == 1)
    }

    /// Binds a device to a ticket, or notes that it came back.
    pub async fn bind_device(
        &mut self,
        ticket: TicketId,
        mac: MacAddr,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO devices (provider_id, ticket_id, mac, first_seen_at, last_seen_at)
                   VALUES ($1, $2, $3, $4, $4)
                   ON CONFLICT (provider_id, ticket_id, mac) DO UPDATE SET last_seen_at = excluded.last_seen_at";
        self.exec(sql, values![ticket, mac, now]).await?;
        Ok(())
    }

    /// Takes a device off a ticket.
    pub async fn unbind_device(&mut self, ticket: TicketId, mac: MacAddr) -> Result<()> {
        let sql = "DELETE FROM devices WHERE provider_id = $1 AND ticket_id = $2 AND mac = $3";
        self.exec(sql, values![ticket, mac]).await?;
        Ok(())
    }

    /// The devices of a ticket, the one that came online last first.
    pub async fn devices(&mut self, ticket: TicketId) -> Result<Vec<Device>> {
        let sql = "SELECT mac, first_seen_at, last_seen_at FROM devices
                   WHERE provider_id = $1 AND ticket_id = $2 ORDER BY last_seen_at DESC, mac";
        let rows = self.all(sql, values![ticket]).await?;
        rows.iter()
            .map(|r| {
                Ok(Device {
                    mac: get(r, 0)?,
                    first_seen_at: get(r, 1)?,
                    last_seen_at: get(r, 2)?,
                })
            })
            .collect()
    }

    /// Adds a batch of tickets to be made.
    pub async fn insert_batch(&mut self, b: &Batch) -> Result<()> {
        let sql = "INSERT INTO batches (provider_id, batch_id, plan_id, plan_name, price_minor, currency, terms, size,
                     made, created_by, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let row = values![
            b.id,
            b.plan_id,
            b.plan_name,
            b.price.minor(),
            b.price.currency(),
            b.terms,
            b.size,
            b.made,
            b.created_by,
            b.created_at,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Notes how many tickets of a batch are made.
    pub async fn set_batch_made(
        &mut self,
        id: BatchId,
        made: u32,
        finished_at: Option<Timestamp>,
    ) -> Result<()> {
        let sql = "UPDATE batches SET made = $3, finished_at = $4 WHERE provider_id = $1 AND batch_id = $2";
        self.exec(sql, values![id, made, finished_at]).await?;
        Ok(())
    }

    /// A batch, to be worked on: nobody else works on it before this transaction ends.
    pub async fn lock_batch(&mut self, id: BatchId) -> Result<Option<Batch>> {
        let sql = format!(
            "SELECT {BATCH_COLUMNS} FROM batches WHERE provider_id = $1 AND batch_id = $2 /*for update*/"
        );
        self.maybe(Sql::built(sql), values![id])
            .await?
            .as_ref()
            .map(batch)
            .transpose()
    }

    /// A batch.
    pub async fn batch_by_id(&mut self, id: BatchId) -> Result<Option<Batch>> {
        let sql =
            format!("SELECT {BATCH_COLUMNS} FROM batches WHERE provider_id = $1 AND batch_id = $2");
        self.maybe(Sql::built(sql), values![id])
            .await?
            .as_ref()
            .map(batch)
            .transpose()
    }

    /// The newest batches.
    pub async fn batches(&mut self, limit: u32) -> Result<Vec<Batch>> {
        let sql = format!(
            "SELECT {BATCH_COLUMNS} FROM batches WHERE provider_id = $1 ORDER BY batch_id DESC LIMIT {limit}"
        );
        self.all(Sql::built(sql), vec![])
            .await?
            .iter()
            .map(batch)
            .collect()
    }
}

impl TenantTx {
    /// Those of the tickets that have moved all their data and are still open.
    pub async fn spent_tickets(&mut self, tickets: &[TicketId]) -> Result<Vec<TicketId>> {
        let sql = format!(
            "SELECT ticket_id FROM tickets WHERE provider_id = $1 AND ticket_id IN ({})
             AND state = 'active' AND data_limit IS NOT NULL AND octets_in + octets_out >= data_limit",
            placeholders(2)
        );
        let mut found = Vec::new();
        for chunk in tickets.chunks(LIST) {
            let rows = self.all(Sql::built(sql.clone()), padded(chunk)).await?;
            for row in &rows {
                found.push(get(row, 0)?);
            }
        }
        Ok(found)
    }
}

impl SystemTx {
    /// Ends up to `limit` tickets whose time is over, the longest overdue first, and adds the jobs
    /// that put their sessions off. Of several nodes each takes its own.
    pub async fn expire_tickets(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(ProviderId, TicketId)>> {
        // Chosen before the UPDATE, once: a subquery that a join runs again would choose others.
        let sql = "WITH due AS MATERIALIZED (
                     SELECT provider_id, ticket_id FROM tickets
                     WHERE state = 'active' AND expires_at IS NOT NULL AND expires_at <= $1
                     ORDER BY expires_at LIMIT $2 /*skip locked*/)
                   UPDATE tickets SET state = 'expired', ended_at = $1
                   WHERE (provider_id, ticket_id) IN (SELECT provider_id, ticket_id FROM due)
                   RETURNING provider_id, ticket_id";
        let rows = self.tx.all(sql, &values![now, limit]).await?;
        let ended = rows
            .iter()
            .map(|row| Ok((get(row, 0)?, get(row, 1)?)))
            .collect::<Result<Vec<(ProviderId, TicketId)>>>()?;
        let sql = "INSERT INTO jobs (provider_id, kind, subject, due_at, attempts)
                   SELECT s.provider_id, $3, s.session_id, $4, 0 FROM sessions s
                   WHERE s.provider_id = $1 AND s.ticket_id = $2 AND s.stopped_at IS NULL
                   ON CONFLICT DO NOTHING";
        let kind = crate::JobKind::Disconnect.name();
        let jobs = ended
            .iter()
            .map(|(provider, ticket)| values![provider, ticket, kind, now])
            .collect();
        self.tx.exec_many(sql, jobs).await?;
        Ok(ended)
    }

    /// When the next ticket's time is over.
    pub async fn next_expiry(&mut self) -> Result<Option<Timestamp>> {
        // every provider: one worker sleeps until the first of them.
        let sql = "SELECT expires_at FROM tickets WHERE state = 'active' AND expires_at IS NOT NULL
                   ORDER BY expires_at LIMIT 1";
        self.tx
            .maybe(sql, &[])
            .await?
            .as_ref()
            .map(|row| get(row, 0))
            .transpose()
    }
}

const BATCH_COLUMNS: &str =
    "batch_id, plan_id, plan_name, price_minor, currency, terms, size, made, created_by,
  created_at, finished_at";

fn batch(row: &Row) -> Result<Batch> {
    Ok(Batch {
        id: get(row, 0)?,
        plan_id: get(row, 1)?,
        plan_name: get(row, 2)?,
        price: Money::from_minor(get(row, 3)?, get(row, 4)?),
        terms: get(row, 5)?,
        size: get(row, 6)?,
        made: get(row, 7)?,
        created_by: get(row, 8)?,
        created_at: get(row, 9)?,
        finished_at: get(row, 10)?,
    })
}
