//! The ledger as people read it.

use std::time::Duration;

use bando_app::testing::{NOON, Shop};
use bando_app::{BookSpan, Caller, Error, LEDGER_COLUMNS, Role, ledger_row};
use bando_domain::{Currency, Money};

fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

#[tokio::test]
async fn a_statement_of_an_account_runs_on_from_page_to_page() {
    for shop in Shop::open_all(1200).await {
        for n in 0..7 {
            shop.buy(&format!("071234560{n}"), None).await;
            shop.clock.advance(Duration::from_secs(60));
        }
        let (app, owner) = (&shop.app, &shop.owner);
        let whole = BookSpan::default();
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = app
                .account_statement(owner, "gateway:mpesa", &whole, after, 3)
                .await
                .unwrap();
            seen.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let balances: Vec<_> = seen.iter().map(|e| e.balance).collect();
        assert_eq!(balances, [140, 120, 100, 80, 60, 40, 20].map(kes));
        assert!(
            seen.iter()
                .all(|e| e.other == "revenue" && e.change == kes(20))
        );
        let revenue = app
            .account_statement(owner, "revenue", &whole, None, 1)
            .await
            .unwrap();
        assert_eq!(
            (revenue.rows[0].change, revenue.rows[0].balance),
            (kes(-20), kes(-140))
        );

        // A part of it: the balances are those of the whole.
        let some = BookSpan {
            from: Some(NOON.plus(Duration::from_secs(60))),
            to: Some(NOON.plus(Duration::from_secs(180))),
        };
        let part = app
            .account_statement(owner, "gateway:mpesa", &some, None, 9)
            .await
            .unwrap();
        let balances: Vec<_> = part.rows.iter().map(|e| e.balance).collect();
        assert_eq!(balances, [60, 40].map(kes));

        let then = app.account_balances(owner, some.to).await.unwrap();
        let held: Vec<_> = then
            .iter()
            .map(|b| (b.account.as_str(), b.amount))
            .collect();
        assert_eq!(held, [("gateway:mpesa", kes(60)), ("revenue", kes(-60))]);
        let now = app.account_balances(owner, None).await.unwrap();
        assert_eq!(now[0].amount, kes(140));

        let first = app.ledger_export(owner, &whole, None, 5).await.unwrap();
        let rest = app
            .ledger_export(owner, &whole, first.next, 5)
            .await
            .unwrap();
        assert_eq!((first.rows.len(), rest.rows.len(), rest.next), (5, 2, None));
        let row = ledger_row(&first.rows[0]);
        assert_eq!(row.len(), LEDGER_COLUMNS.len());
        let words: Vec<_> = row[1..6].iter().map(String::as_str).collect();
        assert_eq!(
            words,
            ["payment", "gateway:mpesa", "revenue", "20.00", "KES"]
        );

        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        assert!(
            app.account_balances(&neighbour, None)
                .await
                .unwrap()
                .is_empty()
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn whoever_may_look_may_read_the_books() {
    for shop in Shop::open_all(1201).await {
        let support = Caller {
            role: Role::Support,
            ..shop.owner.clone()
        };
        let read = shop.app.account_balances(&support, None).await;
        assert!(!matches!(read, Err(Error::Forbidden)));
    }
}
