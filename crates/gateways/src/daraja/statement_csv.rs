//! The statement of an M-Pesa organisation, as its portal offers it for download.
//!
//! A CSV file: some lines about the organisation, then a header (`Receipt No.`, `Completion Time`,
//! `Initiation Time`, `Details`, `Transaction Status`, `Paid In`, `Withdrawn`, `Balance`, `Balance
//! Confirmed`, `Reason Type`, `Other Party Info`, `Linked Transaction ID`, `A/C No.`), then a line per
//! movement, perhaps totals. Files that went through a spreadsheet come with other separators, other
//! dates and columns moved or missing; what cannot be read for certain is an error that names its
//! line, because a line left out would look like money that is missing.

use bando_domain::{Currency, Money, Timestamp};
use csv::{ReaderBuilder, StringRecord};

use super::callback::is_receipt;
use super::party::read_party;
use super::stamp::read_stamp;
use crate::gateway::{Movement, MovementKind};
use crate::text;

/// The most bytes a statement file may have.
pub const MAX_STATEMENT_FILE: usize = 20 * 1024 * 1024;

/// How many lines may come before the header.
const PREAMBLE: usize = 100;

/// Why a file is not a statement.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StatementFileError {
    /// More bytes than any statement.
    #[error("the file has {0} bytes; upload a shorter time at once (at most {MAX_STATEMENT_FILE})")]
    TooLong(usize),
    /// A spreadsheet, a PDF or something else that is not text.
    #[error("this is not a CSV file: download the statement from the M-Pesa portal as CSV")]
    NotText,
    /// Nothing that looks like the statement's header.
    #[error("no line has the columns \"Receipt No.\" and \"Paid In\": is this a statement?")]
    NoHeader,
    /// The header lacks a column.
    #[error("the column \"{0}\" is missing")]
    MissingColumn(&'static str),
    /// A line cannot be read.
    #[error("line {line}: {what}")]
    Line {
        /// Counted from 1, preamble and header included.
        line: u64,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Reads a statement. Movements that failed or wait are left out: no money moved.
///
/// A charge has the receipt number of the payment that it is for, and comes as a movement of its own
/// ([`MovementKind::Fee`]). The `reference` of a reversal is the receipt of what it reverses.
///
/// # Errors
/// [`StatementFileError`]; no file makes it panic or take more than a few times its size in memory.
pub fn read_mpesa_statement(file: &[u8]) -> Result<Vec<Movement>, StatementFileError> {
    if file.len() > MAX_STATEMENT_FILE {
        return Err(StatementFileError::TooLong(file.len()));
    }
    let text = decode(file).ok_or(StatementFileError::NotText)?;
    let (before, table) = find_header(&text).ok_or(StatementFileError::NoHeader)?;
    let header = table.lines().next().unwrap_or_default();
    let mut reader = ReaderBuilder::new()
        .delimiter(separator(header))
        .flexible(true)
        .from_reader(table.as_bytes());
    let bad = |line, what| StatementFileError::Line { line, what };
    let names = reader
        .headers()
        .map_err(|_| StatementFileError::NoHeader)?
        .clone();
    let columns = Columns::of(&names)?;
    let mut movements = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            bad(before + line, "cannot be read as CSV")
        })?;
        let line = before + record.position().map_or(0, csv::Position::line);
        let row = Row {
            columns: &columns,
            record: &record,
        };
        if let Some(movement) = row.movement().map_err(|what| bad(line, what))? {
            movements.push(movement);
        }
    }
    Ok(movements)
}

/// UTF-8 with or without a mark, or the Windows alphabet; never a spreadsheet or a PDF.
fn decode(file: &[u8]) -> Option<String> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    if file.contains(&0) || file.starts_with(b"%PDF") {
        return None;
    }
    Some(match std::str::from_utf8(file) {
        Ok(text) => text.to_owned(),
        Err(_) => file.iter().copied().map(char::from).collect(),
    })
}

/// How many lines come before the header, and everything from the header on.
fn find_header(text: &str) -> Option<(u64, &str)> {
    let mut rest = text;
    for before in 0..PREAMBLE {
        let line = rest.lines().next()?;
        let name = normal(line);
        if name.contains("receiptno") && name.contains("paidin") {
            return Some((before as u64, rest));
        }
        rest = rest.split_once('\n')?.1;
    }
    None
}

/// Whatever separates the names of the header.
fn separator(header: &str) -> u8 {
    let count = |separator: u8| header.bytes().filter(|b| *b == separator).count();
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|separator| count(*separator))
        .unwrap_or(b',')
}

/// A column's name without its case, spaces and points.
fn normal(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Where the columns are.
struct Columns {
    receipt: usize,
    completed: usize,
    status: usize,
    paid_in: usize,
    withdrawn: usize,
    details: Option<usize>,
    reason: Option<usize>,
    other_party: Option<usize>,
    linked: Option<usize>,
    account: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, StatementFileError> {
        let names: Vec<String> = header.iter().map(normal).collect();
        let find = |wanted: &[&str]| {
            names
                .iter()
                .position(|name| wanted.contains(&name.as_str()))
        };
        let need =
            |wanted: &[&str], title| find(wanted).ok_or(StatementFileError::MissingColumn(title));
        Ok(Self {
            receipt: need(&["receiptno", "receipt", "receiptnumber"], "Receipt No.")?,
            completed: need(&["completiontime", "completed", "date"], "Completion Time")?,
            status: need(&["transactionstatus", "status"], "Transaction Status")?,
            paid_in: need(&["paidin"], "Paid In")?,
            withdrawn: need(&["withdrawn"], "Withdrawn")?,
            details: find(&["details"]),
            reason: find(&["reasontype", "transactiontype"]),
            other_party: find(&["otherpartyinfo", "otherparty", "oppositeparty"]),
            linked: find(&["linkedtransactionid"]),
            account: find(&["acno", "accountno", "accountnumber"]),
        })
    }
}

/// One line of the table.
struct Row<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
}

impl Row<'_> {
    fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default().trim()
    }

    fn words(&self, column: Option<usize>) -> Option<String> {
        let words = text::clean(self.text(column?));
        Some(words).filter(|words| !words.is_empty())
    }

    /// None for lines that are not movements.
    fn movement(&self) -> Result<Option<Movement>, &'static str> {
        let columns = self.columns;
        let (receipt, completed) = (self.text(columns.receipt), self.text(columns.completed));
        if receipt.is_empty() && completed.is_empty() {
            // Empty, or totals.
            return Ok(None);
        }
        if !is_receipt(receipt) {
            return Err("the Receipt No. is not one");
        }
        match normal(self.text(columns.status)).as_str() {
            "completed" => {}
            "failed" | "cancelled" | "declined" | "expired" | "attempted" | "pending"
            | "initiated" | "authorized" | "authorised" => return Ok(None),
            _ => return Err("the Transaction Status is not known"),
        }
        let at = read_time(completed).ok_or("the Completion Time cannot be read")?;
        let paid_in = amount(self.text(columns.paid_in)).ok_or("Paid In is not an amount")?;
        let withdrawn = amount(self.text(columns.withdrawn)).ok_or("Withdrawn is not an amount")?;
        let (amount, came_in) = match (paid_in.is_positive(), withdrawn.is_positive()) {
            (true, false) => (paid_in, true),
            (false, true) => (withdrawn, false),
            (false, false) => return Ok(None),
            (true, true) => return Err("money cannot be both paid in and withdrawn"),
        };
        let details = self.words(columns.details).unwrap_or_default();
        let reason = self.words(columns.reason);
        let kind = kind(reason.as_deref().unwrap_or(&details), &details, came_in);
        let told = Told::of(&details);
        let other = self.words(columns.other_party).or(told.party);
        let party = other.map(|other| read_party(&other)).unwrap_or_default();
        Ok(Some(Movement {
            kind,
            receipt: receipt.to_ascii_uppercase(),
            amount,
            fee: None,
            at: Some(at),
            phone: party.phone,
            payer: party.name,
            reference: match kind {
                MovementKind::Reversal => self.words(columns.linked),
                _ => self.words(columns.account).or(told.account),
            },
            account: None,
            checkout_request_id: None,
        }))
    }
}

/// What a movement is, by its reason and details.
fn kind(reason: &str, details: &str, came_in: bool) -> MovementKind {
    let (reason, details) = (reason.to_ascii_lowercase(), details.to_ascii_lowercase());
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let is_reversal = says(&["revers"]) || details.contains("revers");
    if came_in {
        let is_payment = says(&["pay bill", "paybill", "buy goods", "merchant", "customer"]);
        return match is_payment && !is_reversal {
            true => MovementKind::Payment,
            false => MovementKind::Other,
        };
    }
    if says(&["charge", "fee", "tariff"]) {
        MovementKind::Fee
    } else if is_reversal {
        MovementKind::Reversal
    } else if says(&[
        "business payment",
        "salary",
        "promotion",
        "b2c",
        "to customer",
    ]) {
        MovementKind::Payout
    } else {
        MovementKind::Other
    }
}

/// What `Details` tells where there are no columns for it:
/// `Pay Bill from 2547****678 - JANE DOE Acc. R-000001`.
struct Told {
    party: Option<String>,
    account: Option<String>,
}

impl Told {
    fn of(details: &str) -> Self {
        let (rest, account) = match details.split_once(" Acc. ") {
            Some((rest, account)) => (rest, Some(account.trim().to_owned())),
            None => (details, None),
        };
        let party = rest
            .split_once(" from ")
            .map(|(_, party)| party.trim().to_owned());
        Self { party, account }
    }
}

/// `1,250.00`, also with a minus in front; nothing is zero. A comma must part thousands, so that a
/// decimal comma is not taken for one.
fn amount(written: &str) -> Option<Money> {
    let written = written.strip_prefix('-').unwrap_or(written).trim();
    if written.is_empty() {
        return Some(Money::zero(Currency::Kes));
    }
    let whole = written.split('.').next()?;
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let has_thousands = groups.clone().next().is_some();
    let good = (!has_thousands || (1..=3).contains(&first.len())) && groups.all(|g| g.len() == 3);
    Money::parse(written, Currency::Kes)
        .ok()
        .filter(|amount| good && amount.minor() >= 0)
}

/// `2026-09-22 14:03:11` or `22-09-2026 14:03:11`, also with slashes or points, without seconds or
/// without the time; the day comes before the month. In East Africa Time.
fn read_time(written: &str) -> Option<Timestamp> {
    let (date, time) = written.split_once([' ', 'T']).unwrap_or((written, ""));
    let date: Vec<&str> = date.split(['-', '/', '.']).collect();
    let [a, b, c] = date[..] else {
        return None;
    };
    let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    let mut parts = time.trim().split(':').filter(|part| !part.is_empty());
    let mut two = || parts.next().unwrap_or("0");
    let (hour, minute, second) = (two(), two(), two());
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    read_stamp(&format!(
        "{year}{month:0>2}{day:0>2}{hour:0>2}{minute:0>2}{second:0>2}"
    ))
}

#[cfg(test)]
mod tests {
    use bando_domain::Phone;
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.";

    fn file(rows: &[&str]) -> String {
        let preamble = "Organization Name:,MAMA NJERI WI-FI\nShort Code:,174379\n,\n";
        format!("\u{feff}{preamble}{HEADER}\n{}\n", rows.join("\n"))
    }

    fn read(rows: &[&str]) -> Result<Vec<Movement>, StatementFileError> {
        read_mpesa_statement(file(rows).as_bytes())
    }

    fn one(row: &str) -> Movement {
        read(&[row]).expect(row).remove(0)
    }

    #[test]
    fn reads_the_portals_file() {
        let movements = read(&[r#"TB2,x,,,Failed,,,,,,,,"#]);
        assert!(
            movements.is_err(),
            "a receipt has more than three characters"
        );
        let movements = read(&[
            r#"TBA1CD2EF3,2026-10-02 12:30:00,2026-10-02 12:29:55,Pay Bill from 254712345678 - MARY Acc. K7P2,Completed,"3,000.00",,"5,100.00",true,Pay Bill Online,254712345678 - MARY ATIENO,,K7P2M4"#,
            r#"TBA1CD2EF3,2026-10-02 12:30:00,2026-10-02 12:30:00,Pay Bill Charge,Completed,,-15.00,"5,085.00",true,Pay Bill Charge,,,"#,
            r#"TBA1CD2EF4,02-10-2026 17:00:00,02-10-2026 17:00:00,Organization Settle to Bank,Completed,,"-4,000.00",1085.00,true,Withdraw Funds to Bank,KCB BANK,,"#,
            r#"TBA1CD2EF5,02/10/2026 17:01,,Buy Goods,Completed,100.00,,1185.00,true,Customer Buy Goods Online,2547****0111 - JOHN,,"#,
            r#"TBA1CD2EF6,2026-10-02 18:00:00,,Reversal of TBA1CD2EF5,Completed,,-100.00,1085.00,true,Pay Bill Reversal,2547****0111 - JOHN,TBA1CD2EF5,"#,
            r#"TBA1CD2EF7,2026-10-02 18:00:00,,Business Payment,Completed,,60.00,1025.00,true,Business Payment to Customer,254712345678 - MARY,,"#,
            r#"TBA1CD2EF8,2026-10-02 18:00:00,,Pay Bill,Failed,700.00,,,,Pay Bill Online,,,"#,
            r#",,,Totals,,"3,100.00","4,175.00",,,,,,"#,
            "",
        ])
        .expect("a statement");
        let kinds: Vec<_> = movements
            .iter()
            .map(|m| (m.kind, m.amount.minor()))
            .collect();
        use MovementKind::*;
        assert_eq!(
            kinds,
            [
                (Payment, 300_000),
                (Fee, 1_500),
                (Other, 400_000),
                (Payment, 10_000),
                (Reversal, 10_000),
                (Payout, 6_000),
            ]
        );
        let first = &movements[0];
        assert_eq!(first.receipt, "TBA1CD2EF3");
        assert_eq!(first.at, read_stamp("20261002123000"));
        assert_eq!(
            first.phone.as_ref().map(Phone::digits),
            Some("254712345678")
        );
        assert_eq!(first.payer.as_deref(), Some("MARY ATIENO"));
        assert_eq!(first.reference.as_deref(), Some("K7P2M4"));
        assert_eq!(movements[2].at, read_stamp("20261002170000"));
        assert_eq!(movements[3].at, read_stamp("20261002170100"));
        assert_eq!(movements[3].phone, None);
        assert_eq!(movements[4].reference.as_deref(), Some("TBA1CD2EF5"));
    }

    #[test]
    fn columns_may_be_few_and_anywhere_and_separated_otherwise() {
        let table = "PAID IN;transaction status;Receipt No;Withdrawn;Extra;Completion Time;Details\r\n\
            \"1,053.00\";COMPLETED;qkr12xyz9a;;x;2026-09-22 14:03:11;Pay Bill from 2547****678 - JANE DOE Acc. R-000001\r\n";
        let read = read_mpesa_statement(table.as_bytes()).expect("read");
        assert_eq!(read.len(), 1);
        assert_eq!(
            (read[0].kind, read[0].amount.minor()),
            (MovementKind::Payment, 105_300)
        );
        assert_eq!(read[0].receipt, "QKR12XYZ9A");
        assert_eq!(read[0].payer.as_deref(), Some("JANE DOE · 2547****678"));
        assert_eq!(read[0].reference.as_deref(), Some("R-000001"));
        assert_eq!(
            read_mpesa_statement(table.replace(';', "\t").as_bytes()),
            Ok(read)
        );
        let windows = b"Receipt No.,Completion Time,Transaction Status,Paid In,Withdrawn,Other Party Info\nTBA1CD2EF3,2026-10-02,Completed,5,,caf\xe9\n";
        let read = read_mpesa_statement(windows).expect("read");
        assert_eq!(read[0].payer.as_deref(), Some("café"));
    }

    #[test]
    fn what_cannot_be_read_names_its_line() {
        let good = "TBA1CD2EF3,2026-10-02 12:30:00,,,Completed,5.00,,,,Pay Bill Online,,,";
        let line = |bad: String| match read(&[good, &bad]) {
            Err(StatementFileError::Line { line, what }) => {
                assert_eq!(line, 6, "{bad}");
                what
            }
            other => panic!("{bad}: {other:?}"),
        };
        for (field, bad, what) in [
            ("TBA1CD2EF3", "", "the Receipt No. is not one"),
            ("TBA1CD2EF3", "a b", "the Receipt No. is not one"),
            (
                "Completed",
                "Perhaps",
                "the Transaction Status is not known",
            ),
            (
                "2026-10-02 12:30:00",
                "soon",
                "the Completion Time cannot be read",
            ),
            (
                "2026-10-02 12:30:00",
                "2026-13-02 12:30:00",
                "the Completion Time cannot be read",
            ),
            ("5.00,", "five,", "Paid In is not an amount"),
            ("5.00,", r#""5,50","#, "Paid In is not an amount"),
            ("5.00,", "5.001,", "Paid In is not an amount"),
            ("5.00,", "--5,", "Paid In is not an amount"),
            (
                "5.00,",
                "5.00,5.00",
                "money cannot be both paid in and withdrawn",
            ),
        ] {
            assert_eq!(line(good.replace(field, bad)), what, "{bad}");
        }
    }

    #[test]
    fn files_that_are_no_statements_say_so() {
        use StatementFileError::*;
        for (file, error) in [
            (&b""[..], NoHeader),
            (b"Name,Phone\nJane,0712345678\n", NoHeader),
            (b"PK\x03\x04\0\0", NotText),
            (b"%PDF-1.4", NotText),
            (b"\xff\xfeR\0e\0", NotText),
            (b"Receipt No.,Paid In\n", MissingColumn("Completion Time")),
        ] {
            assert_eq!(read_mpesa_statement(file), Err(error));
        }
        let long = vec![b' '; MAX_STATEMENT_FILE + 1];
        assert_eq!(
            read_mpesa_statement(&long),
            Err(TooLong(MAX_STATEMENT_FILE + 1))
        );
        assert_eq!(read(&[]), Ok(vec![]));
    }

    #[test]
    fn money_that_comes_in_is_a_payment_only_from_customers() {
        for (reason, kind) in [
            ("Pay Bill Online", MovementKind::Payment),
            ("Merchant Payment Online", MovementKind::Payment),
            ("Organization Settlement", MovementKind::Other),
            (
                "Reversal of Business Payment to Customer",
                MovementKind::Other,
            ),
        ] {
            let row = format!("TBA1CD2EF3,2026-10-02 12:30:00,,,Completed,5.00,,,,{reason},,,");
            assert_eq!(one(&row).kind, kind, "{reason}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read_mpesa_statement(&bytes);
            let mut with_header = format!("{HEADER}\n").into_bytes();
            with_header.extend(bytes);
            let _ = read_mpesa_statement(&with_header);
        }

        #[test]
        fn no_cells_make_it_panic(cells in prop::collection::vec("[ -~\u{e9}]{0,20}", 0..40)) {
            let rows: Vec<String> = cells.chunks(13).map(|row| row.join(",")).collect();
            let _ = read_mpesa_statement(format!("{HEADER}\n{}", rows.join("\n")).as_bytes());
        }

        #[test]
        fn amounts_are_exact(minor in 1_i64..2_500_000_000) {
            let money = Money::from_minor(minor, Currency::Kes);
            let row = format!("TBA1CD2EF3,2026-10-02,,,Completed,{},,,,Pay Bill Online,,,", money.decimal());
            prop_assert_eq!(one(&row).amount, money);
        }
    }
}
