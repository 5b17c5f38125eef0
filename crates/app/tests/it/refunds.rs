//! Money that goes back: who may send it, how, and never twice.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, Shop, sent_result};
use bando_app::{
    Caller, CaseFilter, CaseKind, CaseState, Error, Incoming, Payment, Refund, RefundDraft,
    RefundOf, RefundWay, Role, SendState, Sending,
};
use bando_domain::{Currency, Money, PaymentId, PaymentStatus, TicketState};
use bando_gateways::{Refunds, Sent};
use bando_store::PaymentStep;
use tokio::task::JoinSet;

const PHONE: &str = "0712345678";

pub(crate) fn kes(shillings: i64) -> Money {
    Money::from_major(shillings, Currency::Kes).unwrap()
}

fn done(receipt: &str) -> Sent {
    Sent::Done {
        receipt: Some(receipt.to_owned()),
    }
}

fn refused() -> Sent {
    Sent::Refused {
        code: "1".into(),
        message: "not enough money".into(),
    }
}

fn lost() -> Sent {
    Sent::Unknown {
        why: "the connection broke".into(),
    }
}

pub(crate) fn draft(payment: PaymentId, amount: Option<Money>, way: RefundWay) -> RefundDraft {
    RefundDraft {
        of: RefundOf::Payment(payment),
        amount,
        way,
        reason: "the router was off".into(),
        revoke: true,
    }
}

/// A payment of 20 shillings that bought a ticket.
pub(crate) async fn bought(shop: &Shop) -> Payment {
    let ticket = shop.buy(PHONE, Some(Shop::device(1))).await;
    let page = shop.app.ticket(&shop.owner, ticket.id).await.unwrap();
    let bando_app::Origin::Payment(id) = page.ticket.origin else {
        panic!("not bought: {page:?}");
    };
    payment(shop, id).await
}

pub(crate) async fn payment(shop: &Shop, id: PaymentId) -> Payment {
    let story = shop.app.payment_story(&shop.owner, id).await.unwrap();
    story.payment
}

/// Asked for by the owner, who is alone and so may agree to it too, and worked off.
pub(crate) async fn refund(shop: &Shop, draft: RefundDraft) -> Refund {
    let asked = shop.app.request_refund(&shop.owner, draft).await.unwrap();
    let decided = shop.app.decide_refund(&shop.owner, asked.id, true).await;
    decided.unwrap();
    shop.work().await;
    shop.app.refund(&shop.owner, asked.id).await.unwrap()
}

pub(crate) async fn state(shop: &Shop, refund: &Refund) -> SendState {
    shop.app.refund(&shop.owner, refund.id).await.unwrap().state
}

/// A result on the link that the newest order to send money back named.
pub(crate) async fn result(shop: &Shop, conversation_id: &str, code: i32, receipt: &str) {
    let url = shop.gateway.refunds().last().unwrap().result_url.clone();
    let token = url.rsplit('/').next().unwrap();
    let body = sent_result(conversation_id, code, receipt);
    let incoming = Incoming::new(&body, "192.0.2.9");
    shop.app.take_message(token, incoming).await.unwrap();
    shop.work().await;
}

pub(crate) async fn doubts(shop: &Shop) -> usize {
    let filter = CaseFilter {
        state: Some(CaseState::Open),
        kind: Some(CaseKind::SendUnknown),
        ..CaseFilter::default()
    };
    let page = shop.app.cases(&shop.owner, &filter, None, 50).await;
    page.unwrap().rows.len()
}

pub(crate) async fn balance(shop: &Shop, account: &str) -> i64 {
    let balances = shop.app.balances(&shop.owner).await.unwrap();
    let found = balances.into_iter().find(|b| b.account == account);
    found.map_or(0, |b| b.amount.minor())
}

#[tokio::test]
async fn one_asks_and_another_agrees() {
    for shop in Shop::open_all(1700).await {
        let sold = bought(&shop).await;
        let by = async |name, role| shop.hire(name, role).await.unwrap();
        let (wallet, all) = (RefundWay::Wallet, None);
        let support = by("support", Role::Support).await;
        let asked = |caller: Caller| {
            let (app, draft) = (shop.app.clone(), draft(sold.id, all, wallet));
            async move { app.request_refund(&caller, draft).await }
        };
        assert!(matches!(
            asked(support.clone()).await,
            Err(Error::Forbidden)
        ));
        let cashier = by("cashier", Role::Cashier).await;
        let asked_for = asked(cashier.clone()).await.unwrap();
        for caller in [&cashier, &support] {
            let tried = shop.app.decide_refund(caller, asked_for.id, true).await;
            assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        }
        let tried = shop.app.decide_refund(&support, asked_for.id, false).await;
        assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        // Whoever asked may take it back.
        let declined = shop.app.decide_refund(&cashier, asked_for.id, false).await;
        assert_eq!(declined.unwrap().state, SendState::Declined);
        // The owner alone may do both; with a manager beside him neither of them.
        let own = asked(shop.owner.clone()).await.unwrap();
        let manager = by("manager", Role::Manager).await;
        let tried = shop.app.decide_refund(&shop.owner, own.id, true).await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        let agreed = shop.app.decide_refund(&manager, own.id, true).await;
        assert_eq!(agreed.unwrap().state, SendState::Done);
        let again = shop.app.decide_refund(&manager, own.id, true).await;
        assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
        let again = asked(manager).await;
        assert!(matches!(again, Err(Error::Invalid(_))), "it went back");
        shop.check().await;
    }
}

#[tokio::test]
async fn the_gateway_sends_it_back_once() {
    for shop in Shop::open_all(1701).await {
        let sold = bought(&shop).await;
        let ticket = sold.ticket_id.unwrap();
        let record = shop.record(ticket, Shop::device(1), 5, 1000);
        let records = vec![(shop.provider(), record)];
        shop.app.record_accounting(records).await.unwrap();
        let sent = refund(&shop, draft(sold.id, None, RefundWay::Gateway)).await;
        assert_eq!(sent.state, SendState::Sent);
        assert_eq!(sent.conversation_id.as_deref(), Some("AG_1"));
        let told = shop.gateway.refunds();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].amount, told[0].whole), (kes(20), true));
        assert_eq!(told[0].receipt, sold.receipt);
        assert_eq!(payment(&shop, sold.id).await.status, PaymentStatus::Success);
        shop.check().await;

        result(&shop, "AG_another", 0, "RKL000099Z").await;
        assert_eq!(
            state(&shop, &sent).await,
            SendState::Sent,
            "another order's"
        );
        result(&shop, "AG_1", 0, "RKL000090Z").await;
        assert_eq!(state(&shop, &sent).await, SendState::Done);
        // Again, and the contrary.
        result(&shop, "AG_1", 0, "RKL000090Z").await;
        result(&shop, "AG_1", 1, "RKL000091Z").await;
        let after = payment(&shop, sold.id).await;
        assert_eq!(after.status, PaymentStatus::Refunded);
        assert_eq!(after.refunded, kes(20));
        let revoked = shop.ticket(Some(ticket)).await.unwrap();
        assert_eq!(revoked.state, TicketState::Revoked);
        assert_eq!(shop.routers.asked().len(), 1, "the device was put off");
        let takings = shop.app.takings(&shop.owner, Some(1)).await.unwrap();
        assert_eq!((takings.payments, takings.amount), (0, kes(0)));
        assert_eq!(balance(&shop, "gateway:mpesa").await, 0);
        assert_eq!(balance(&shop, "refunds").await, 2000);
        let story = shop.app.payment_story(&shop.owner, sold.id).await.unwrap();
        let steps = story
            .timeline
            .iter()
            .filter(|t| t.step == PaymentStep::Refunded);
        assert_eq!(steps.count(), 1);
        shop.check().await;
    }
}

#[tokio::test]
async fn twenty_agree_and_twenty_workers_send() {
    for shop in Shop::open_all(1702).await {
        let sold = bought(&shop).await;
        let draft = draft(sold.id, None, RefundWay::Gateway);
        let asked = shop.app.request_refund(&shop.owner, draft).await.unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (app, owner, id) = (shop.app.clone(), shop.owner.clone(), asked.id);
            tasks.spawn(async move {
                let agreed = app.decide_refund(&owner, id, true).await.is_ok();
                app.run_due_jobs().await.unwrap();
                agreed
            });
        }
        let agreed = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
        assert_eq!(agreed, 1);
        shop.work().await;
        assert_eq!(shop.gateway.refunds().len(), 1);
        shop.check().await;
    }
}

#[tokio::test]
async fn never_more_than_was_paid() {
    for shop in Shop::open_all(1703).await {
        shop.gateway
            .play(|profile| profile.refunds = Refunds::Parts);
        let sold = bought(&shop).await;
        let choices = shop
            .app
            .refund_choices(&shop.owner, RefundOf::Payment(sold.id))
            .await;
        let choices = choices.unwrap();
        assert_eq!((choices.left, choices.only_whole), (kes(20), false));
        let mut tasks = JoinSet::new();
        for n in 0..20 {
            let (app, owner) = (shop.app.clone(), shop.owner.clone());
            let ways = [RefundWay::Gateway, RefundWay::Wallet, RefundWay::ByHand];
            let draft = draft(sold.id, Some(kes(6)), ways[n % 3]);
            shop.gateway.answer_refund(done(&format!("RKL0009{n:02}Z")));
            tasks.spawn(async move {
                let asked = app.request_refund(&owner, draft).await?;
                app.decide_refund(&owner, asked.id, true).await?;
                app.run_due_jobs().await?;
                Ok::<_, Error>(asked)
            });
        }
        let outcomes = tasks.join_all().await;
        let asked: Vec<_> = outcomes.into_iter().flatten().collect();
        assert_eq!(asked.len(), 3, "3 × 6 of 20");
        shop.work().await;
        shop.check().await;
        for refund in asked {
            if state(&shop, &refund).await == SendState::Approved {
                let what = Sending::Refund(refund.id);
                let said = shop
                    .app
                    .resolve_sent(&shop.owner, what, true, Some("BANK-1"))
                    .await;
                said.unwrap();
            }
            assert_eq!(state(&shop, &refund).await, SendState::Done);
        }
        let after = payment(&shop, sold.id).await;
        assert_eq!(
            (after.status, after.refunded),
            (PaymentStatus::Success, kes(18))
        );
        let takings = shop.app.takings(&shop.owner, Some(1)).await.unwrap();
        assert_eq!((takings.payments, takings.amount), (1, kes(2)));
        let rest = refund(&shop, draft(sold.id, None, RefundWay::Wallet)).await;
        assert_eq!((rest.state, rest.amount), (SendState::Done, kes(2)));
        assert_eq!(
            payment(&shop, sold.id).await.status,
            PaymentStatus::Refunded
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn what_cannot_go_back_is_said() {
    for shop in Shop::open_all(1704).await {
        let pending = shop
            .app
            .start_payment(shop.wish("0712000000"))
            .await
            .unwrap();
        let sold = bought(&shop).await;
        let half = Some(kes(10));
        for (of, amount, way) in [
            (pending.id, None, RefundWay::Wallet),
            (sold.id, half, RefundWay::Gateway),
            (sold.id, Some(kes(21)), RefundWay::Wallet),
            (sold.id, Some(kes(0)), RefundWay::Wallet),
            (sold.id, Some(kes(-1)), RefundWay::Wallet),
            (
                sold.id,
                Some(Money::from_minor(5, Currency::Xof)),
                RefundWay::Wallet,
            ),
        ] {
            let draft = draft(of, amount, way);
            let tried = shop.app.request_refund(&shop.owner, draft.clone()).await;
            assert!(
                matches!(tried, Err(Error::Invalid(_))),
                "{draft:?}: {tried:?}"
            );
        }
        let mut unreasoned = draft(sold.id, None, RefundWay::Wallet);
        unreasoned.reason = " ".into();
        let tried = shop.app.request_refund(&shop.owner, unreasoned).await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let draft = draft(sold.id, None, RefundWay::Wallet);
        let tried = shop.app.request_refund(&neighbour, draft).await;
        assert!(matches!(tried, Err(Error::NotFound(_))), "{tried:?}");
        shop.check().await;
    }
}

#[tokio::test]
async fn a_refusal_frees_the_money() {
    for shop in Shop::open_all(1705).await {
        let sold = bought(&shop).await;
        for answer in [refused(), Sent::CannotSend] {
            shop.gateway.answer_refund(answer);
            let tried = refund(&shop, draft(sold.id, None, RefundWay::Gateway)).await;
            assert_eq!(tried.state, SendState::Refused);
            shop.check().await;
        }
        let sent = refund(&shop, draft(sold.id, None, RefundWay::Gateway)).await;
        result(&shop, "AG_3", 1, "RKL000091Z").await;
        assert_eq!(state(&shop, &sent).await, SendState::Refused);
        // It was sent all the same, and what it is for has gone back by another way meanwhile.
        refund(&shop, draft(sold.id, None, RefundWay::Wallet)).await;
        result(&shop, "AG_3", 0, "RKL000090Z").await;
        assert_eq!(state(&shop, &sent).await, SendState::Done);
        assert_eq!(doubts(&shop).await, 1);
        assert_eq!(balance(&shop, "differences").await, 2000);
        assert_eq!(payment(&shop, sold.id).await.refunded, kes(20));
        shop.check().await;
    }
}

#[tokio::test]
async fn what_nobody_knows_a_person_decides() {
    for shop in Shop::open_all(1706).await {
        let sold = bought(&shop).await;
        shop.gateway.answer_refund(lost());
        let unknown = refund(&shop, draft(sold.id, None, RefundWay::Gateway)).await;
        assert_eq!(
            (unknown.state, doubts(&shop).await),
            (SendState::Unknown, 1)
        );
        shop.pass(Duration::from_secs(120)).await;
        assert_eq!(shop.gateway.refunds().len(), 1, "never repeated");
        let draft = draft(sold.id, None, RefundWay::Gateway);
        let tried = shop.app.request_refund(&shop.owner, draft.clone()).await;
        assert!(
            matches!(tried, Err(Error::Invalid(_))),
            "it may have been sent"
        );
        shop.check().await;
        let what = Sending::Refund(unknown.id);
        let cashier = shop.hire("cashier", Role::Cashier).await.unwrap();
        let tried = shop.app.resolve_sent(&cashier, what, false, None).await;
        assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        let said = shop.app.resolve_sent(&shop.owner, what, false, None).await;
        said.unwrap();
        assert_eq!(state(&shop, &unknown).await, SendState::Refused);
        assert_eq!(doubts(&shop).await, 0);
        let again = shop.app.resolve_sent(&shop.owner, what, true, None).await;
        assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
        shop.gateway.answer_refund(lost());
        let second = refund(&shop, draft).await;
        // The result comes after all, though the answer was lost.
        result(&shop, "AG_7", 0, "RKL000090Z").await;
        assert_eq!(state(&shop, &second).await, SendState::Done);
        assert_eq!(doubts(&shop).await, 0);
        assert_eq!(
            payment(&shop, sold.id).await.status,
            PaymentStatus::Refunded
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn a_result_that_never_comes_opens_a_case() {
    for shop in Shop::open_all(1707).await {
        let sold = bought(&shop).await;
        let sent = refund(&shop, draft(sold.id, None, RefundWay::Gateway)).await;
        shop.clock.advance(Duration::from_secs(3500));
        shop.work().await;
        assert_eq!(
            (state(&shop, &sent).await, doubts(&shop).await),
            (SendState::Sent, 0)
        );
        shop.clock.advance(Duration::from_secs(200));
        shop.work().await;
        assert_eq!(
            (state(&shop, &sent).await, doubts(&shop).await),
            (SendState::Unknown, 1)
        );
        shop.check().await;
        result(&shop, "AG_1", 0, "RKL000090Z").await;
        assert_eq!(
            (state(&shop, &sent).await, doubts(&shop).await),
            (SendState::Done, 0)
        );
        shop.check().await;
    }
}

/// As a crash leaves it: marked as being sent, and the job not done.
async fn cut_short(shop: &Shop, refund: &Refund) {
    let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
    let mut row = tx.lock_refund(refund.id).await.unwrap().unwrap();
    row.state = SendState::Sending;
    tx.update_refund(&row).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_crash_while_sending_is_no_second_order() {
    for mut shop in Shop::open_all(1708).await {
        let sold = bought(&shop).await;
        let draft = draft(sold.id, None, RefundWay::Gateway);
        let asked = shop.app.request_refund(&shop.owner, draft).await.unwrap();
        shop.app
            .decide_refund(&shop.owner, asked.id, true)
            .await
            .unwrap();
        cut_short(&shop, &asked).await;
        shop.restart();
        shop.work().await;
        assert!(shop.gateway.refunds().is_empty());
        assert_eq!(
            (state(&shop, &asked).await, doubts(&shop).await),
            (SendState::Unknown, 1)
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn a_gateway_that_knows_an_order_again_is_told_again() {
    for shop in Shop::open_all(1709).await {
        shop.gateway.play(|profile| {
            profile.name = "wave";
            profile.knows_refunds = true;
        });
        let account = bando_app::GatewayAccount::default();
        shop.app
            .save_gateway(&shop.owner, "wave", account, true)
            .await
            .unwrap();
        let mut wish = shop.wish(PHONE);
        wish.gateway = Some("wave".into());
        let begun = shop.app.start_payment(wish).await.unwrap();
        shop.pay(&begun).await;
        let draft = draft(begun.id, None, RefundWay::Gateway);
        let asked = shop.app.request_refund(&shop.owner, draft).await.unwrap();
        shop.app
            .decide_refund(&shop.owner, asked.id, true)
            .await
            .unwrap();
        cut_short(&shop, &asked).await;
        for answer in [lost(), lost(), done("pt-1")] {
            shop.gateway.answer_refund(answer);
        }
        shop.pass(Duration::from_secs(30)).await;
        let told = shop.gateway.refunds();
        assert_eq!(told.len(), 3);
        assert!(
            told.iter()
                .all(|order| order.reference == asked.id.to_string())
        );
        assert_eq!(state(&shop, &asked).await, SendState::Done);
        shop.check().await;
    }
}

/// Answers, results, deadlines, people and workers in any order.
#[tokio::test]
async fn in_any_order() {
    for shop in Shop::open_all(1714).await {
        for round in 0..12_u32 {
            let sold = bought(&shop).await;
            let answers = [lost(), refused(), done("RKL000077Z"), Sent::CannotSend];
            if let Some(answer) = answers.get(round as usize % 6) {
                shop.gateway.answer_refund(answer.clone());
            }
            let draft = draft(sold.id, None, RefundWay::Gateway);
            let asked = shop.app.request_refund(&shop.owner, draft).await.unwrap();
            shop.app
                .decide_refund(&shop.owner, asked.id, true)
                .await
                .unwrap();
            shop.app.run_due_jobs().await.unwrap();
            let url = shop.gateway.refunds().last().unwrap().result_url.clone();
            let conversation = format!("AG_{}", shop.gateway.refunds().len());
            let mut tasks: JoinSet<()> = JoinSet::new();
            for n in 0..8 {
                let (app, owner, url) = (shop.app.clone(), shop.owner.clone(), url.clone());
                let code = i32::from((n + round) % 3 == 0);
                let body = sent_result(&conversation, code, &format!("RKL0{round:02}0{n}1Z"));
                let what = Sending::Refund(asked.id);
                tasks.spawn(async move {
                    let token = url.rsplit('/').next().unwrap();
                    let incoming = Incoming::new(&body, "192.0.2.9");
                    app.take_message(token, incoming).await.unwrap();
                    app.run_due_jobs().await.unwrap();
                    let said = app.resolve_sent(&owner, what, n % 2 == 0, None).await;
                    assert!(matches!(said, Ok(()) | Err(Error::NotFound(_))), "{said:?}");
                });
            }
            tasks.join_all().await;
            shop.work().await;
            shop.clock.advance(Duration::from_secs(4000));
            shop.work().await;
            shop.check().await;
        }
        let sent = shop.gateway.refunds();
        let mut references: Vec<_> = sent.iter().map(|order| &order.reference).collect();
        references.dedup();
        assert_eq!(references.len(), sent.len(), "each was sent once");
    }
}

/// The scripted gateway's own words, so that a wrong one is noticed here.
#[test]
fn results_are_read_as_darajas() {
    use bando_gateways::{Gateway, Notification};
    let gateway = ScriptedGateway::default();
    let read = gateway.read_message(&sent_result("AG_1", 0, "RKL000090Z"));
    let expected = Notification::Sent {
        conversation_id: "AG_1".into(),
        outcome: done("RKL000090Z"),
    };
    assert_eq!(read, Ok(expected));
}
