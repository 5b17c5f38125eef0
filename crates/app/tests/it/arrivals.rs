//! Money that nobody asked for, or that comes otherwise than it was asked for: all of it finds one
//! home.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, Shop, paid_callback};
use bando_app::{
    Allotment, Arrival, ArrivalState, Case, CaseFilter, CaseKind, CaseState, Claim, Error, Payment,
    Ticket,
};
use bando_domain::{Clock, Currency, Money, PaymentFailure, PaymentStatus, Phone};
use bando_gateways::{Found, Movement, MovementKind, Paid, Verdict};
use tokio::task::JoinSet;

const PHONE: &str = "0712 345 678";
const DIGITS: &str = "254712345678";

fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

fn phone() -> Phone {
    Phone::from_international(DIGITS).unwrap()
}

/// Money as M-Pesa tells of it: paid to the shop's paybill.
struct C2b<'a> {
    receipt: &'a str,
    shillings: i64,
    msisdn: &'a str,
    reference: &'a str,
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
    fn confirmation(&self) -> Vec<u8> {
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
    fn movement(&self) -> Movement {
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
    async fn comes(&self, shop: &Shop) {
        let found = Found::Movement(self.movement());
        shop.gateway.answer_find(self.receipt, [found]);
        self.is_told(shop).await;
    }

    async fn is_told(&self, shop: &Shop) {
        shop.clock.advance(Duration::from_secs(1));
        shop.message("mpesa", None, &self.confirmation())
            .await
            .unwrap();
    }
}

async fn begun(shop: &Shop, phone: &str) -> Payment {
    shop.app.start_payment(shop.wish(phone)).await.unwrap()
}

/// A payment whose payer will pay by hand.
async fn by_hand(shop: &Shop, phone: &str) -> Payment {
    shop.gateway.answer_start(bando_gateways::Start::Refused {
        failure: PaymentFailure::PromptUndelivered,
        code: "1037".into(),
        message: "DS timeout".into(),
    });
    begun(shop, phone).await
}

async fn arrivals(shop: &Shop) -> Vec<Arrival> {
    let page = shop
        .app
        .arrivals(&shop.owner, &Default::default(), None, 100)
        .await;
    page.unwrap().rows
}

async fn only_arrival(shop: &Shop) -> Arrival {
    let mut all = arrivals(shop).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn cases(shop: &Shop) -> Vec<Case> {
    let open = CaseFilter {
        state: Some(CaseState::Open),
        ..CaseFilter::default()
    };
    let page = shop.app.cases(&shop.owner, &open, None, 100).await;
    page.unwrap().rows
}

async fn kinds(shop: &Shop) -> Vec<CaseKind> {
    cases(shop)
        .await
        .iter()
        .map(|case| case.opened.kind)
        .collect()
}

async fn tickets(shop: &Shop) -> Vec<Ticket> {
    let page = shop
        .app
        .tickets(&shop.owner, &Default::default(), None, 100)
        .await;
    page.unwrap().rows
}

async fn credit(shop: &Shop) -> Money {
    let customers = shop
        .app
        .customers(&shop.owner, None, 100)
        .await
        .unwrap()
        .rows;
    let of_phone = customers.into_iter().find(|c| c.phone == Some(phone()));
    of_phone.map_or(kes(0), |customer| customer.credit)
}

async fn balance(shop: &Shop, account: &str) -> Money {
    let balances = shop.app.balances(&shop.owner).await.unwrap();
    let found = balances.into_iter().find(|b| b.account == account);
    found.map_or(kes(0), |b| b.amount)
}

#[tokio::test]
async fn the_reference_names_the_payment_however_it_is_typed() {
    for shop in Shop::open_all(930).await {
        let spell: [fn(&str) -> String; 4] = [
            |exact| exact.to_owned(),
            str::to_lowercase,
            |exact| format!(" {} {} ", &exact[..4], &exact[4..]),
            |exact| format!("{}-{}", &exact[..7], &exact[7..].to_lowercase()),
        ];
        for (n, spell) in spell.iter().enumerate() {
            let payment = by_hand(&shop, &format!("071234560{n}")).await;
            let reference = spell(payment.account_reference.as_deref().unwrap());
            let money = C2b {
                receipt: &format!("RKL51ZDR{n}F"),
                reference: &reference,
                msisdn: "254799999999",
                ..C2b::default()
            };
            money.comes(&shop).await;
            let paid = shop.payment(&payment).await;
            assert_eq!(paid.status, PaymentStatus::Success, "{reference:?}");
            assert_eq!(paid.receipt.as_deref(), Some(money.receipt));
        }
        assert_eq!(tickets(&shop).await.len(), 4);
        assert!(
            arrivals(&shop)
                .await
                .iter()
                .all(|a| a.state == ArrivalState::Matched)
        );
        assert_eq!(kinds(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn the_phone_names_the_payment_in_full_or_masked() {
    for shop in Shop::open_all(931).await {
        for (receipt, msisdn) in [("RKL51ZDR1F", DIGITS), ("RKL51ZDR2F", "2547 ***** 678")] {
            let payment = by_hand(&shop, PHONE).await;
            let other = by_hand(&shop, "0712 345 679").await;
            let money = C2b {
                receipt,
                msisdn,
                ..C2b::default()
            };
            money.comes(&shop).await;
            let paid = shop.payment(&payment).await;
            assert_eq!(paid.status, PaymentStatus::Success, "{msisdn}");
            assert!(!shop.payment(&other).await.status.was_paid());
            shop.pass(Duration::from_secs(120)).await;
        }
        assert_eq!(tickets(&shop).await.len(), 2);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_ticket_code_buys_the_same_again() {
    for shop in Shop::open_all(932).await {
        let dear = shop
            .add_plan("1 day, fast", "20", shop.plan.terms)
            .await
            .unwrap();
        let mut wish = shop.wish(PHONE);
        wish.plan = dear.id;
        let ticket = shop.buy_this(wish).await;
        let money = C2b {
            reference: &ticket.code.to_string().to_lowercase(),
            msisdn: "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
            ..C2b::default()
        };
        money.comes(&shop).await;
        let all = tickets(&shop).await;
        assert_eq!(all.len(), 2);
        assert!(
            all.iter()
                .all(|t| t.plan_id == dear.id && t.phone == Some(phone()))
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn money_of_a_known_price_buys_and_other_money_waits_in_the_wallet_or_for_a_person() {
    for shop in Shop::open_all(933).await {
        C2b::default().comes(&shop).await;
        assert_eq!(tickets(&shop).await.len(), 1, "the only plan of that price");
        let odd = C2b {
            receipt: "RKL52ZDR4F",
            shillings: 13,
            ..C2b::default()
        };
        odd.comes(&shop).await;
        assert_eq!(credit(&shop).await, kes(13));
        let nobodys = C2b {
            receipt: "RKL53ZDR4F",
            msisdn: "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
            reference: "HELLO",
            ..C2b::default()
        };
        nobodys.comes(&shop).await;
        assert_eq!(balance(&shop, "unallocated").await, kes(-20));
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(53));
        assert_eq!(kinds(&shop).await, [CaseKind::Unmatched]);
        let states: Vec<_> = arrivals(&shop).await.iter().map(|a| a.state).collect();
        let home = [
            ArrivalState::Open,
            ArrivalState::Credited,
            ArrivalState::Matched,
        ];
        assert_eq!(states, home);
        shop.check().await;
    }
}

#[tokio::test]
async fn too_little_goes_into_the_wallet_and_too_much_buys_and_leaves_a_rest() {
    for shop in Shop::open_all(934).await {
        let payment = by_hand(&shop, PHONE).await;
        let reference = payment.account_reference.clone().unwrap();
        let little = C2b {
            shillings: 15,
            reference: &reference,
            ..C2b::default()
        };
        little.comes(&shop).await;
        little.is_told(&shop).await;
        let short = shop.payment(&payment).await;
        assert!(!short.status.was_paid());
        assert_eq!(credit(&shop).await, kes(15));
        assert_eq!(only_arrival(&shop).await.state, ArrivalState::Credited);
        assert_eq!(kinds(&shop).await, [CaseKind::Partial]);
        shop.check().await;
        let much = C2b {
            receipt: "RKL52ZDR4F",
            shillings: 50,
            reference: &reference,
            ..C2b::default()
        };
        much.comes(&shop).await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        assert_eq!(credit(&shop).await, kes(45));
        assert_eq!(balance(&shop, "revenue").await, kes(-20));
        let mut kinds = kinds(&shop).await;
        kinds.sort_by_key(|kind| kind.name());
        assert_eq!(kinds, [CaseKind::Excess, CaseKind::Partial]);
        shop.check().await;
    }
}

#[tokio::test]
async fn another_currency_settles_nothing_and_waits_for_a_person() {
    for shop in Shop::open_all(935).await {
        shop.open_link(&[]).await.unwrap();
        let mut wish = shop.wish(PHONE);
        wish.gateway = Some("link".into());
        let payment = shop.app.start_payment(wish).await.unwrap();
        let strange = Movement {
            amount: Money::from_minor(20, Currency::Xof),
            reference: Some(payment.id.to_string()),
            ..C2b::default().movement()
        };
        let told = shop.link.tell_of(&strange);
        shop.message("link", Some("good"), &told).await.unwrap();
        let failed = shop.payment(&payment).await;
        assert_eq!(failed.failure, Some(PaymentFailure::WrongCurrency));
        let arrival = only_arrival(&shop).await;
        assert_eq!(arrival.state, ArrivalState::Open);
        assert_eq!(kinds(&shop).await, [CaseKind::WrongCurrency]);
        for allotment in [
            Allotment::Wallet(phone()),
            Allotment::Payment(payment.id),
            Allotment::Plan(shop.plan.id, phone()),
            Allotment::Refuted,
        ] {
            let refused = shop.app.allot(&shop.owner, arrival.id, allotment).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        assert_eq!(tickets(&shop).await.len(), 0);
        shop.check().await;
    }
}

#[tokio::test]
async fn money_in_another_account_is_not_ours() {
    for shop in Shop::open_all(936).await {
        let payment = by_hand(&shop, PHONE).await;
        let body = String::from_utf8(C2b::default().confirmation()).unwrap();
        let body = body.replace("174379", "600000");
        shop.gateway
            .answer_find("RKL51ZDR4F", [Found::Movement(C2b::default().movement())]);
        shop.message("mpesa", None, body.as_bytes()).await.unwrap();
        assert!(!shop.payment(&payment).await.status.was_paid());
        assert_eq!(only_arrival(&shop).await.state, ArrivalState::Refuted);
        assert_eq!(kinds(&shop).await, [CaseKind::WrongAccount]);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_receipt_credits_once_whoever_shows_it() {
    for shop in Shop::open_all(937).await {
        let ticket = shop.buy(PHONE, None).await;
        let receipt = "RKL000001Z";
        let other = by_hand(&shop, "0712 345 679").await;
        let reference = other.account_reference.clone().unwrap();
        let again = C2b {
            receipt,
            reference: &reference,
            ..C2b::default()
        };
        again.comes(&shop).await;
        assert!(!shop.payment(&other).await.status.was_paid());
        assert_eq!(tickets(&shop).await.len(), 1);
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let state = shop.app.gateway_account(&neighbour, "mpesa").await.unwrap();
        let token = state.message_url.rsplit('/').next().unwrap().to_owned();
        let body = again.confirmation();
        let incoming = bando_app::Incoming::new(&body, "192.0.2.10");
        shop.app.take_message(&token, incoming).await.unwrap();
        shop.work().await;
        let theirs = shop
            .app
            .arrivals(&neighbour, &Default::default(), None, 10)
            .await
            .unwrap();
        assert!(theirs.rows.is_empty(), "{theirs:?}");
        assert_eq!(shop.ticket(Some(ticket.id)).await.unwrap().id, ticket.id);
        shop.check().await;
    }
}

/// An STK push that is paid may also be told of as a payment by hand, before its callback, after it
/// or at the same moment.
#[tokio::test]
async fn a_prompt_that_also_comes_as_a_payment_by_hand_is_one_credit() {
    for shop in Shop::open_all(938).await {
        for order in 0_usize..4 {
            let payment = begun(&shop, &format!("071234561{order}")).await;
            let number = shop.gateway.charges().len();
            let reference = ScriptedGateway::reference(number);
            shop.gateway
                .answer_query(&reference.checkout_request_id, [Verdict::PAID]);
            let receipt = format!("RKL51ZD{order}4F");
            let account = payment.account_reference.clone().unwrap();
            let msisdn = format!("25471234561{order}");
            let told = C2b {
                receipt: &receipt,
                msisdn: &msisdn,
                reference: if order == 3 { "" } else { &account },
                ..C2b::default()
            };
            shop.gateway
                .answer_find(&receipt, [Found::Movement(told.movement())]);
            let callback = paid_callback(&reference, "20", &receipt);
            match order {
                0 => {
                    shop.callback(&callback).await;
                    shop.work().await;
                    told.is_told(&shop).await;
                }
                1 => {
                    told.is_told(&shop).await;
                    shop.callback(&callback).await;
                    shop.work().await;
                }
                2 => {
                    shop.callback(&callback).await;
                    told.is_told(&shop).await;
                }
                _ => {
                    // No callback: the query settles it without a receipt; then it is told of without
                    // a reference, as a till does.
                    shop.pass(Duration::from_secs(12)).await;
                    assert!(shop.payment(&payment).await.status.was_paid());
                    told.is_told(&shop).await;
                }
            }
            let paid = shop.payment(&payment).await;
            assert_eq!(paid.status, PaymentStatus::Success, "order {order}");
            assert_eq!(
                paid.receipt.as_deref(),
                Some(receipt.as_str()),
                "order {order}"
            );
            assert_eq!(tickets(&shop).await.len(), order + 1, "order {order}");
            shop.check().await;
        }
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(80));
    }
}

#[tokio::test]
async fn told_of_by_everybody_at_the_same_moment_it_is_one_credit() {
    for shop in Shop::open_all(939).await {
        let payment = begun(&shop, PHONE).await;
        let reference = ScriptedGateway::reference(1);
        shop.gateway
            .answer_query(&reference.checkout_request_id, [Verdict::PAID]);
        let account = payment.account_reference.clone().unwrap();
        let told = C2b {
            reference: &account,
            ..C2b::default()
        };
        shop.gateway
            .answer_find(told.receipt, [Found::Movement(told.movement())]);
        let state = shop
            .app
            .gateway_account(&shop.owner, "mpesa")
            .await
            .unwrap();
        let account_token = state.message_url.rsplit('/').next().unwrap().to_owned();
        let mut tasks = JoinSet::new();
        for n in 0..30 {
            let app = shop.app.clone();
            let (token, body) = if n % 3 == 0 {
                (
                    shop.gateway.callback_token(),
                    paid_callback(&reference, "20", told.receipt),
                )
            } else {
                (account_token.clone(), told.confirmation())
            };
            tasks.spawn(async move {
                let incoming = bando_app::Incoming::new(&body, "192.0.2.10");
                app.take_message(&token, incoming).await.unwrap();
                app.run_due_jobs().await.unwrap();
            });
        }
        tasks.join_all().await;
        shop.work().await;
        shop.pass(Duration::from_secs(30)).await;
        let paid = shop.payment(&payment).await;
        assert_eq!(paid.receipt.as_deref(), Some(told.receipt));
        assert_eq!(tickets(&shop).await.len(), 1);
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(20));
        shop.check().await;
    }
}

#[tokio::test]
async fn forged_confirmations_grant_nothing() {
    for shop in Shop::open_all(940).await {
        let payment = by_hand(&shop, PHONE).await;
        let account = payment.account_reference.clone().unwrap();
        for n in 0..10 {
            let receipt = format!("FRG51ZD{n}4F");
            let forged = C2b {
                receipt: &receipt,
                reference: &account,
                ..C2b::default()
            };
            shop.gateway.answer_find(&receipt, [Found::NotThere]);
            forged.is_told(&shop).await;
        }
        shop.pass(Duration::from_secs(3600)).await;
        assert!(!shop.payment(&payment).await.status.was_paid());
        assert!(
            arrivals(&shop)
                .await
                .iter()
                .all(|a| a.state == ArrivalState::Refuted)
        );
        assert_eq!(tickets(&shop).await.len(), 0);
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(0));
        shop.check().await;
    }
}

#[tokio::test]
async fn the_gateways_word_outweighs_the_messages() {
    for shop in Shop::open_all(941).await {
        let payment = by_hand(&shop, PHONE).await;
        let account = payment.account_reference.clone().unwrap();
        let told = C2b {
            shillings: 20,
            reference: &account,
            ..C2b::default()
        };
        let truth = C2b {
            shillings: 1,
            ..C2b::default()
        };
        shop.gateway
            .answer_find(told.receipt, [Found::Movement(truth.movement())]);
        told.is_told(&shop).await;
        assert!(
            !shop.payment(&payment).await.status.was_paid(),
            "one shilling buys no hour"
        );
        assert_eq!(credit(&shop).await, kes(1));
        shop.check().await;
        let other = C2b {
            receipt: "RKL52ZDR4F",
            reference: &account,
            ..C2b::default()
        };
        let wrong = C2b {
            receipt: "RKL53ZDR4F",
            ..C2b::default()
        };
        shop.gateway
            .answer_find(other.receipt, [Found::Movement(wrong.movement())]);
        other.is_told(&shop).await;
        assert!(
            !shop.payment(&payment).await.status.was_paid(),
            "an answer about other money"
        );
        shop.check().await;
    }
}

/// What no gateway can be asked about, a member decides: each way once, and only once.
#[tokio::test]
async fn what_cannot_be_proved_a_member_allots() {
    for shop in Shop::open_all(942).await {
        let payment = by_hand(&shop, PHONE).await;
        let mut waiting = Vec::new();
        for n in 0..4 {
            let receipt = format!("RKL51ZD{n}4F");
            let told = C2b {
                receipt: &receipt,
                shillings: 30,
                msisdn: "254799999999",
                reference: "WHO KNOWS",
            };
            told.is_told(&shop).await;
        }
        waiting.extend(arrivals(&shop).await.into_iter().map(|a| a.id));
        assert_eq!(kinds(&shop).await, [CaseKind::Unproved; 4]);
        assert_eq!(
            balance(&shop, "gateway:mpesa").await,
            kes(0),
            "nothing is booked on a word"
        );
        shop.check().await;
        let support = shop.hire("sam", bando_app::Role::Cashier).await.unwrap();
        let refused = shop
            .app
            .allot(&support, waiting[0], Allotment::Refuted)
            .await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        for (id, allotment) in waiting.iter().zip([
            Allotment::Payment(payment.id),
            Allotment::Plan(shop.plan.id, phone()),
            Allotment::Wallet(phone()),
            Allotment::Refuted,
        ]) {
            shop.app
                .allot(&shop.owner, *id, allotment.clone())
                .await
                .unwrap();
            let again = shop.app.allot(&shop.owner, *id, allotment).await;
            assert!(matches!(again, Err(Error::NotFound(_))), "decided once");
        }
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        assert_eq!(tickets(&shop).await.len(), 2);
        assert_eq!(
            credit(&shop).await,
            kes(50),
            "10 and 10 too much, 30 put in"
        );
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(90));
        let left = kinds(&shop).await;
        assert!(!left.contains(&CaseKind::Unproved), "{left:?}");
        shop.check().await;
    }
}

#[tokio::test]
async fn money_that_waits_is_allotted_from_where_it_is_booked() {
    for shop in Shop::open_all(943).await {
        let payment = by_hand(&shop, PHONE).await;
        for (n, shillings) in [10, 20, 50, 20].into_iter().enumerate() {
            let receipt = format!("RKL51ZD{n}4F");
            let money = C2b {
                receipt: &receipt,
                shillings,
                msisdn: "2547 ***** 999",
                reference: "WHO KNOWS",
            };
            money.comes(&shop).await;
        }
        let mut waiting = arrivals(&shop).await;
        waiting.reverse();
        assert!(
            waiting.iter().all(|a| a.state == ArrivalState::Open),
            "{waiting:?}"
        );
        assert_eq!(balance(&shop, "unallocated").await, kes(-100));
        let allot = |n: usize, to| shop.app.allot(&shop.owner, waiting[n].id, to);
        let small = allot(0, Allotment::Payment(payment.id)).await;
        assert!(
            matches!(small, Err(Error::Invalid(_))),
            "ten do not pay for twenty"
        );
        let gone = allot(0, Allotment::Refuted).await;
        assert!(
            matches!(gone, Err(Error::Invalid(_))),
            "what is booked is there"
        );
        allot(0, Allotment::Wallet(phone())).await.unwrap();
        allot(1, Allotment::Plan(shop.plan.id, phone()))
            .await
            .unwrap();
        allot(2, Allotment::Payment(payment.id)).await.unwrap();
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        assert_eq!(credit(&shop).await, kes(40), "10, and 30 too much");
        assert_eq!(balance(&shop, "unallocated").await, kes(-20));
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(100));
        shop.check().await;
        // The payer shows the receipt of what still waits, on a payment of theirs.
        let late = begun(&shop, "0712 345 679").await;
        let n = shop.gateway.charges().len();
        let checkout = ScriptedGateway::reference(n).checkout_request_id;
        let paid = Paid {
            receipt: Some(waiting[3].receipt.clone()),
            ..Paid::default()
        };
        shop.gateway.answer_query(&checkout, [Verdict::Paid(paid)]);
        shop.pass(Duration::from_secs(12)).await;
        assert_eq!(shop.payment(&late).await.status, PaymentStatus::Success);
        assert_eq!(balance(&shop, "unallocated").await, kes(0));
        assert_eq!(
            balance(&shop, "gateway:mpesa").await,
            kes(100),
            "it was there already"
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn a_claim_finds_money_that_only_the_gateway_knows_of() {
    for shop in Shop::open_all(944).await {
        let money = C2b::default();
        shop.gateway
            .answer_find(money.receipt, [Found::Movement(money.movement())]);
        let sms = "RKL51ZDR4F Confirmed. Ksh20.00 sent to MAMA NJERI on 20/11/26 at 3:00 PM.";
        let found = shop
            .app
            .claim(shop.provider(), sms, None, "192.0.2.7")
            .await
            .unwrap();
        let [ticket] = tickets(&shop).await.try_into().unwrap();
        let Claim::Paid(payment) = found else {
            panic!("{found:?}")
        };
        let story = shop.app.payment_story(&shop.owner, payment).await.unwrap();
        assert_eq!(story.payment.ticket_id, Some(ticket.id));
        let again = shop
            .app
            .claim(shop.provider(), sms, None, "192.0.2.8")
            .await
            .unwrap();
        assert_eq!(again, Claim::Paid(payment), "found in the books");
        assert_eq!(shop.gateway.searches().len(), 1);
        let odd = C2b {
            receipt: "RKL52ZDR4F",
            shillings: 7,
            ..C2b::default()
        };
        shop.gateway
            .answer_find(odd.receipt, [Found::Movement(odd.movement())]);
        let found = shop
            .app
            .claim(shop.provider(), odd.receipt, None, "192.0.2.9")
            .await
            .unwrap();
        assert!(matches!(found, Claim::Credit(_)), "{found:?}");
        let unknown = "RKL53ZDR4F";
        shop.gateway.answer_find(unknown, [Found::NotThere]);
        let first = shop
            .app
            .claim(shop.provider(), unknown, None, "192.0.2.9")
            .await
            .unwrap();
        let Claim::Case {
            number,
            promised_at,
        } = first
        else {
            panic!("{first:?}")
        };
        assert!(number >= 1001 && promised_at > shop.clock.now());
        shop.check().await;
    }
}
