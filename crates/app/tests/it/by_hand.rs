//! Money paid by hand, as M-Pesa tells of it, and what came of it.

use std::time::Duration;

use bando_app::testing::Shop;
use bando_app::{Arrival, Case, CaseFilter, CaseKind, CaseState, Payment, Ticket};
use bando_domain::{Currency, Money, PaymentFailure, Phone};
use bando_gateways::{Found, Movement, MovementKind};

pub(crate) const PHONE: &str = "0712 345 678";
pub(crate) const DIGITS: &str = "254712345678";

pub(crate) fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

pub(crate) fn phone() -> Phone {
    Phone::from_international(DIGITS).unwrap()
}

/// Money as M-Pesa tells of it: paid to the shop's paybill.
pub(crate) struct C2b<'a> {
    pub(crate) receipt: &'a str,
    pub(crate) shillings: i64,
    pub(crate) msisdn: &'a str,
    pub(crate) reference: &'a str,
}

impl Default for C2b<'_> {
    fn default() -> Self {
        Self {
            receipt: "RKL51ZDR4F",
            shillings: 20,
            msisdn: DIGITS,
            reference: "",
        }
    }
}

impl C2b<'_> {
    pub(crate) fn confirmation(&self) -> Vec<u8> {
        let Self {
            receipt,
            shillings,
            msisdn,
            reference,
        } = self;
        format!(
            r#"{{"TransactionType":"Pay Bill","TransID":"{receipt}","TransTime":"20261120150005",
"TransAmount":"{shillings}.00","BusinessShortCode":"174379","BillRefNumber":"{reference}","InvoiceNumber":"",
"OrgAccountBalance":"","ThirdPartyTransID":"","MSISDN":"{msisdn}","FirstName":"JANE"}}"#
        )
        .into_bytes()
    }

    /// What the gateway itself says of it.
    pub(crate) fn movement(&self) -> Movement {
        Movement {
            kind: MovementKind::Payment,
            receipt: self.receipt.into(),
            amount: kes(self.shillings),
            fee: None,
            at: None,
            phone: Phone::from_international(self.msisdn),
            payer: None,
            reference: None,
            account: None,
            checkout_request_id: None,
        }
    }

    /// The money comes and is told of, and the gateway says that it is there.
    pub(crate) async fn comes(&self, shop: &Shop) {
        let found = Found::Movement(self.movement());
        shop.gateway.answer_find(self.receipt, [found]);
        self.is_told(shop).await;
    }

    pub(crate) async fn is_told(&self, shop: &Shop) {
        shop.clock.advance(Duration::from_secs(1));
        shop.message("mpesa", None, &self.confirmation())
            .await
            .unwrap();
    }
}

pub(crate) async fn begun(shop: &Shop, phone: &str) -> Payment {
    shop.app.start_payment(shop.wish(phone)).await.unwrap()
}

/// A payment whose payer will pay by hand.
pub(crate) async fn by_hand(shop: &Shop, phone: &str) -> Payment {
    shop.gateway.answer_start(bando_gateways::Start::Refused {
        failure: PaymentFailure::PromptUndelivered,
        code: "1037".into(),
        message: "DS timeout".into(),
    });
    begun(shop, phone).await
}

pub(crate) async fn arrivals(shop: &Shop) -> Vec<Arrival> {
    let page = shop
        .app
        .arrivals(&shop.owner, &Default::default(), None, 100)
        .await;
    page.unwrap().rows
}

pub(crate) async fn only_arrival(shop: &Shop) -> Arrival {
    let mut all = arrivals(shop).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

pub(crate) async fn cases(shop: &Shop) -> Vec<Case> {
    let open = CaseFilter {
        state: Some(CaseState::Open),
        ..CaseFilter::default()
    };
    let page = shop.app.cases(&shop.owner, &open, None, 100).await;
    page.unwrap().rows
}

pub(crate) async fn kinds(shop: &Shop) -> Vec<CaseKind> {
    cases(shop)
        .await
        .iter()
        .map(|case| case.opened.kind)
        .collect()
}

pub(crate) async fn tickets(shop: &Shop) -> Vec<Ticket> {
    let page = shop
        .app
        .tickets(&shop.owner, &Default::default(), None, 100)
        .await;
    page.unwrap().rows
}

pub(crate) async fn credit(shop: &Shop) -> Money {
    let customers = shop
        .app
        .customers(&shop.owner, None, 100)
        .await
        .unwrap()
        .rows;
    let of_phone = customers.into_iter().find(|c| c.phone == Some(phone()));
    of_phone.map_or(kes(0), |customer| customer.credit)
}

pub(crate) async fn balance(shop: &Shop, account: &str) -> Money {
    let balances = shop.app.balances(&shop.owner).await.unwrap();
    let found = balances.into_iter().find(|b| b.account == account);
    found.map_or(kes(0), |b| b.amount)
}
