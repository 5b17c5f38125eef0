//! Cases: what waits for a person to decide.

use bando_db::{Row, Sql};
use bando_domain::{AccountId, ArrivalId, CaseId, Money, PaymentId, Phone, Timestamp};
use uuid::Uuid;

use crate::field::{get, values, words};
use crate::page::{Cursor, List, Page};
use crate::{Result, TenantTx};

/// The number of a provider's first case.
const FIRST_NUMBER: u64 = 1001;

words! {
    /// Why a person is asked.
    CaseKind {
        /// Money arrived, and nobody knows what for.
        Unmatched => "unmatched",
        /// Less arrived than was asked for.
        Partial => "partial",
        /// More arrived than was asked for.
        Excess => "excess",
        /// It arrived in another currency.
        WrongCurrency => "wrong_currency",
        /// It arrived in another account.
        WrongAccount => "wrong_account",
        /// Its receipt has credited something else.
        ReceiptUsed => "receipt_used",
        /// It arrived after the payment was given up.
        Late => "late",
        /// A customer says that they have paid.
        Claim => "claim",
        /// The gateway never said what became of a payment.
        NeverConfirmed => "never_confirmed",
        /// A message told of money that the gateway could not be asked about.
        Unproved => "unproved",
        /// Nobody knows what became of money that was sent.
        SendUnknown => "send_unknown",
        /// A statement and our books disagree.
        Difference => "difference",
        /// A regular customer's word was taken for it; a member has still to look.
        Trusted => "trusted",
    }
}

words! {
    /// Where a case stands.
    CaseState {
        /// It waits.
        Open => "open",
        /// It is decided.
        Solved => "solved",
    }
}

/// What a case is opened with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCase {
    /// Its id.
    pub id: CaseId,
    /// Why a person is asked.
    pub kind: CaseKind,
    /// What about: one case a kind and subject.
    pub subject: Uuid,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The arrival it is about.
    pub arrival: Option<ArrivalId>,
    /// Whom to call.
    pub phone: Option<Phone>,
    /// How much is at stake.
    pub amount: Option<Money>,
    /// More about it, for people.
    pub detail: Option<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By when the customer was promised an answer.
    pub promised_at: Option<Timestamp>,
}

/// An item of a person's queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// What it was opened with.
    pub opened: NewCase,
    /// Its number, for people: the provider's first is 1001.
    pub number: u64,
    /// Where it stands.
    pub state: CaseState,
    /// When it was solved.
    pub solved_at: Option<Timestamp>,
    /// Who solved it; nobody, if it solved itself.
    pub solved_by: Option<AccountId>,
    /// What was decided.
    pub solution: Option<String>,
}

/// Which cases a list shows.
#[derive(Clone, Default, Debug)]
pub struct CaseFilter {
    /// Only those that stand so.
    pub state: Option<CaseState>,
    /// Only those of this kind.
    pub kind: Option<CaseKind>,
    /// Only the one with this number.
    pub number: Option<u64>,
    /// Only those of this phone.
    pub phone: Option<Phone>,
    /// Only those about this payment.
    pub payment: Option<PaymentId>,
}

const COLUMNS: &str =
    "case_id, number, kind, subject, state, payment_id, arrival_id, phone, amount_minor, currency,
  detail, opened_at, promised_at, solved_at, solved_by, solution";

impl Case {
    fn from_row(row: &Row) -> Result<Self> {
        let (minor, currency) = (get::<Option<i64>>(row, 8)?, get(row, 9)?);
        let opened = NewCase {
            id: get(row, 0)?,
            kind: get(row, 2)?,
            subject: get(row, 3)?,
            payment: get(row, 5)?,
            arrival: get(row, 6)?,
            phone: get(row, 7)?,
            amount: minor.zip(currency).map(|(m, c)| Money::from_minor(m, c)),
            detail: get(row, 10)?,
            opened_at: get(row, 11)?,
            promised_at: get(row, 12)?,
        };
        Ok(Self {
            opened,
            number: get(row, 1)?,
            state: get(row, 4)?,
            solved_at: get(row, 13)?,
            solved_by: get(row, 14)?,
            solution: get(row, 15)?,
        })
    }
}

impl TenantTx {
    /// Opens a case, unless there is or was one of its kind about its subject. Returns the one that
    /// is kept, and whether it is new.
    pub async fn open_case(&mut self, c: &NewCase) -> Result<(Case, bool)> {
        // Asked first, so that what is reported over and over wastes no numbers.
        if let Some(known) = self.case_about(c.kind, c.subject).await? {
            return Ok((known, false));
        }
        let number = self.next_number("case", FIRST_NUMBER).await?;
        let sql = "INSERT INTO cases (provider_id, case_id, number, kind, subject, state, payment_id, arrival_id, phone,
                     amount_minor, currency, detail, opened_at, promised_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                   ON CONFLICT (provider_id, kind, subject) DO NOTHING";
        let row = values![
            c.id,
            number,
            c.kind,
            c.subject,
            CaseState::Open,
            c.payment,
            c.arrival,
            c.phone,
            c.amount.map(Money::minor),
            c.amount.map(Money::currency),
            c.detail,
            c.opened_at,
            c.promised_at,
        ];
        let new = self.exec(sql, row).await? == 1;
        let kept = self.case_about(c.kind, c.subject).await?;
        Ok((kept.ok_or(bando_db::Error::NotFound)?, new))
    }

    /// The case of this kind about this subject, open or solved.
    pub async fn case_about(&mut self, kind: CaseKind, subject: Uuid) -> Result<Option<Case>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM cases WHERE provider_id = $1 AND kind = $2 AND subject = $3"
        );
        let row = self.maybe(Sql::built(sql), values![kind, subject]).await?;
        row.as_ref().map(Case::from_row).transpose()
    }

    /// A case.
    pub async fn case(&mut self, id: CaseId) -> Result<Option<Case>> {
        let sql = format!("SELECT {COLUMNS} FROM cases WHERE provider_id = $1 AND case_id = $2");
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Case::from_row).transpose()
    }

    /// Notes what was decided. Returns false if it was solved already: of two members, one decides.
    pub async fn solve_case(
        &mut self,
        id: CaseId,
        by: Option<AccountId>,
        now: Timestamp,
        solution: &str,
    ) -> Result<bool> {
        let sql = "UPDATE cases SET state = 'solved', solved_by = $3, solved_at = $4, solution = $5
                   WHERE provider_id = $1 AND case_id = $2 AND state = 'open'";
        Ok(self.exec(sql, values![id, by, now, solution]).await? == 1)
    }

    /// A page of cases, newest first.
    pub async fn cases(
        &mut self,
        filter: &CaseFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Case>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM cases WHERE provider_id = $1"
        ));
        list.and("state = ?", filter.state.as_ref());
        list.and("kind = ?", filter.kind.as_ref());
        list.and("number = ?", filter.number.as_ref());
        list.and("phone = ?", filter.phone.as_ref());
        list.and("payment_id = ?", filter.payment.as_ref());
        self.page(list, "case_id", after, size, Case::from_row, |c| {
            c.opened.id.uuid()
        })
        .await
    }

    /// How many cases wait.
    pub async fn count_open_cases(&mut self) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM cases WHERE provider_id = $1 AND state = 'open'";
        get(&self.one(sql, vec![]).await?, 0)
    }
}
