//! Money of every kind, for the pages that show it.

use bando_app::testing::Shop;
use bando_app::{CashSale, DifferenceFilter, Payment, RefundDraft, RefundOf, RefundWay};
use bando_domain::{ArrivalId, CaseId, DifferenceId, PaymentId, RefundId, StatementId};
use bando_gateways::{Found, Movement, MovementKind};

/// A thing of each kind that has a page.
pub(crate) struct Money {
    pub(crate) case: CaseId,
    pub(crate) arrival: ArrivalId,
    pub(crate) refund: RefundId,
    pub(crate) statement: StatementId,
    pub(crate) difference: DifferenceId,
    /// A payment that waits for a member's word.
    pub(crate) waiting: PaymentId,
}

impl Money {
    pub(crate) async fn of(shop: &Shop) -> Self {
        let (app, owner) = (&shop.app, &shop.owner);
        let arrival = comes(shop, "RKL51ZDR4F", 35, "LOST").await;
        let cases = app.cases(owner, &Default::default(), None, 10).await;
        let case = cases.unwrap().rows[0].opened.id;
        let sale = CashSale {
            plan: shop.plan.id,
            phone: None,
        };
        let sold = app.sell_for_cash(owner, sale).await.unwrap();
        let draft = RefundDraft {
            of: RefundOf::Payment(sold.payment.id),
            amount: None,
            way: RefundWay::Cash,
            reason: "the router was off".into(),
            revoke: true,
        };
        let refund = app.request_refund(owner, draft).await.unwrap().id;
        let statement = app.import_statement(owner, "mpesa", STATEMENT).await;
        shop.work().await;
        let filter = DifferenceFilter::default();
        let found = app.disagreements(owner, &filter, None, 10).await.unwrap();
        Self {
            case,
            arrival,
            refund,
            statement: statement.unwrap(),
            difference: found.rows[0].difference.id,
            waiting: by_link(shop, "0733000444").await.id,
        }
    }
}

/// A statement of M-Pesa with a payment that nobody knows of.
pub(crate) const STATEMENT: &[u8] = b"Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,\
Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n\
SKA0000001,2026-11-20 13:01:00,Pay Bill,Completed,20.00,,20.00,Pay Bill,254712345001 - JANE,,NOBODY\n";

/// Money that a customer pays by hand under an account number, proved by the gateway.
pub(crate) async fn comes(
    shop: &Shop,
    receipt: &str,
    shillings: i64,
    reference: &str,
) -> ArrivalId {
    let movement = Movement {
        kind: MovementKind::Payment,
        receipt: receipt.into(),
        amount: bando_domain::Money::from_minor(shillings * 100, bando_domain::Currency::Kes),
        fee: None,
        at: None,
        phone: None,
        payer: None,
        reference: None,
        account: None,
        checkout_request_id: None,
    };
    shop.gateway
        .answer_find(receipt, [Found::Movement(movement)]);
    let body = format!(
        r#"{{"TransactionType":"Pay Bill","TransID":"{receipt}","TransTime":"20261120150005",
"TransAmount":"{shillings}.00","BusinessShortCode":"174379","BillRefNumber":"{reference}","InvoiceNumber":"",
"OrgAccountBalance":"","ThirdPartyTransID":"","MSISDN":"2547 ***** 126","FirstName":"JANE"}}"#
    );
    shop.message("mpesa", None, body.as_bytes()).await.unwrap();
    shop.work().await;
    let all = bando_app::ArrivalFilter::default();
    let page = shop.app.arrivals(&shop.owner, &all, None, 10).await;
    let rows = page.unwrap().rows;
    rows.into_iter().find(|a| a.receipt == receipt).unwrap().id
}

/// A payment by merchant link, begun.
pub(crate) async fn by_link(shop: &Shop, phone: &str) -> Payment {
    shop.open_link(&[]).await.unwrap();
    let mut wish = shop.wish(phone);
    wish.gateway = Some("link".into());
    shop.app.start_payment(wish).await.unwrap()
}
