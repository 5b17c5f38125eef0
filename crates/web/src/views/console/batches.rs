//! Vouchers by the batch: make up to a hundred thousand, watch, print.

use super::Page;
use crate::views::{Choice, Field};
use askama::Template;

/// All batches.
#[derive(Clone, Debug, Template)]
#[template(path = "console/batches.html")]
pub struct Batches {
    /// Frame.
    pub page: Page,
    /// Newest first.
    pub rows: Vec<BatchRow>,
}

/// A batch as a row.
#[derive(Clone, Debug)]
pub struct BatchRow {
    /// Its page.
    pub href: String,
    /// The plan's name.
    pub plan: String,
    /// What one voucher costs.
    pub price: String,
    /// How many vouchers it has.
    pub total: u64,
    /// How many of them are made.
    pub made: u64,
    /// When it was made.
    pub when: String,
}

/// The form for a new batch; it posts to `/console/batches`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/batch_form.html")]
pub struct BatchForm {
    /// Frame.
    pub page: Page,
    /// The plans to choose from (`plan`).
    pub plans: Vec<Choice>,
    /// How many (`count`), 1 to 100,000.
    pub count: Field,
}

/// One batch, being made or ready. Live topic: `batches`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/batch.html")]
pub struct BatchPage {
    /// Frame.
    pub page: Page,
    /// Its id, in its address.
    pub id: String,
    /// The plan's name.
    pub plan: String,
    /// What one voucher costs.
    pub price: String,
    /// How many are asked for.
    pub total: u64,
    /// How many are made.
    pub made: u64,
    /// How many have been used.
    pub used: u64,
    /// When it was asked for.
    pub when: String,
}

impl BatchPage {
    /// Vouchers on one A4 sheet.
    pub const PER_SHEET: u64 = 40;
    /// Vouchers on one page of sheets: more would be slow to lay out on a phone.
    pub const PER_PAGE: u64 = 10 * Self::PER_SHEET;

    fn ready(&self) -> bool {
        self.made >= self.total
    }

    fn percent(&self) -> u8 {
        u8::try_from(self.made.min(self.total) * 100 / self.total.max(1)).unwrap_or(100)
    }

    fn bar(&self) -> String {
        crate::charts::gauge(self.percent(), &format!("{} %", self.percent()))
    }

    /// The pages of sheets: the numbers of the first and the last voucher, and the address.
    fn sheets(&self) -> Vec<(u64, u64, String)> {
        let pages = self.total.div_ceil(Self::PER_PAGE);
        (0..pages)
            .map(|page| {
                let from = page * Self::PER_PAGE;
                let to = self.total.min(from + Self::PER_PAGE);
                (
                    from + 1,
                    to,
                    format!("/console/batches/{}/sheet?from={from}", self.id),
                )
            })
            .collect()
    }

    fn csv_url(&self) -> String {
        format!("/console/batches/{}/codes.csv", self.id)
    }
}

/// Vouchers to print and cut, forty on an A4 page. `?from=` is the number of the first, from 0, in
/// steps of [`BatchPage::PER_PAGE`].
#[derive(Clone, Debug, Template)]
#[template(path = "console/voucher_sheet.html")]
pub struct VoucherSheet {
    /// Frame (only its language and provider show on paper).
    pub page: Page,
    /// The plan's name.
    pub plan: String,
    /// What one costs.
    pub price: String,
    /// The vouchers of this page.
    pub vouchers: Vec<SheetVoucher>,
    /// The batch's page.
    pub back_href: String,
    /// The next vouchers, when there are more.
    pub next_href: Option<String>,
}

/// One voucher to cut out.
#[derive(Clone, Debug)]
pub struct SheetVoucher {
    /// Its code, without spaces.
    pub code: String,
    /// The QR code of its public page, drawn by [`crate::qr::svg`].
    pub qr_svg: String,
}

impl SheetVoucher {
    fn spaced_code(&self) -> String {
        crate::format::code(&self.code)
    }
}

impl VoucherSheet {
    fn sheets(&self) -> std::slice::Chunks<'_, SheetVoucher> {
        self.vouchers.chunks(BatchPage::PER_SHEET as usize)
    }
}
