//! Where statements come from, and who may see them.

use bando_app::testing::{NOON, Shop};
use bando_app::{Caller, DifferenceFilter, DifferenceKind, Error, Mend, Role, StatementState};
use bando_domain::{Currency, Money, PaymentStatus};
use bando_gateways::NoStatement;

use super::{
    HOUR, all, balance, given_up, kes, later, line_of, movement, newest, only_open, open, paid,
    reconcile,
};

#[tokio::test]
async fn a_statement_is_fetched_every_morning_and_a_failure_is_seen() {
    for shop in Shop::open_all(1111).await {
        shop.app.schedule_statements().await.unwrap();
        shop.app.schedule_statements().await.unwrap();
        shop.clock.advance(12 * HOUR);
        shop.gateway
            .answer_statement(Err(NoStatement::Unreachable("reset".into())));
        shop.gateway
            .answer_statement(Err(NoStatement::Unreachable("reset again".into())));
        // Seven hours on, it is past five in Nairobi.
        for _ in 0..6 {
            shop.clock.advance(HOUR / 2);
            shop.work().await;
            if shop.gateway.spans().len() == 2 {
                break;
            }
        }
        let failed = newest(&shop).await;
        assert_eq!(failed.state, StatementState::Failed);
        assert!(failed.error.unwrap().contains("reset again"));
        shop.gateway.answer_statement(Ok(vec![]));
        shop.clock.advance(HOUR);
        shop.work().await;
        let compared = newest(&shop).await;
        assert_eq!(compared.state, StatementState::Compared);
        assert_eq!(compared.to.since(compared.from), 47 * HOUR);
        assert_eq!(compared.imported_by, None);
        let page = shop
            .app
            .statements(&shop.owner, None, None, 9)
            .await
            .unwrap();
        assert_eq!(page.rows.len(), 2, "one line for all failures");
        let asked = shop.gateway.spans().len();
        shop.clock.advance(20 * HOUR);
        shop.work().await;
        assert_eq!(shop.gateway.spans().len(), asked, "once a day");
        shop.clock.advance(4 * HOUR);
        shop.work().await;
        assert_eq!(shop.gateway.spans().len(), asked + 1);
        let sources = shop.app.statement_sources(&shop.owner).await.unwrap();
        assert_eq!(sources.len(), 1);
        assert!(sources[0].is_fetched && sources[0].takes_files);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_file_is_compared_and_mended_by_who_uploaded_it() {
    for shop in Shop::open_all(1112).await {
        let late = given_up(&shop, "0712 345 001").await;
        let file = |rows: &str| {
            let head = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,\
                        Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n";
            format!("{head}{rows}").into_bytes()
        };
        let reference = late.account_reference.clone().unwrap();
        let row = format!(
            "SKA0000001,2026-11-20 15:01:00,Pay Bill,Completed,20.00,,20.00,Pay Bill,254712345001 - JANE,,{reference}\n"
        );
        let import = |file: Vec<u8>| {
            let (app, owner) = (shop.app.clone(), shop.owner.clone());
            async move { app.import_statement(&owner, "mpesa", &file).await }
        };
        for bad in [b"nonsense".to_vec(), file("")] {
            let refused = import(bad).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        let id = import(file(&row)).await.unwrap();
        shop.work().await;
        let found = only_open(&shop).await;
        assert_eq!(found.difference.kind, DifferenceKind::Status);
        assert_eq!(
            shop.payment(&late).await.status,
            PaymentStatus::Pending,
            "a file mends nothing itself"
        );
        // The same file again says nothing new.
        import(file(&row)).await.unwrap();
        shop.work().await;
        assert_eq!(open(&shop).await.len(), 1);
        assert_eq!(shop.app.mend_all(&shop.owner, id).await.unwrap(), 1);
        let settled = shop.payment(&late).await;
        assert_eq!(settled.status, PaymentStatus::Success);
        let done = all(&shop, DifferenceFilter::default()).await.pop().unwrap();
        assert_eq!(done.difference.decided_by, Some(shop.owner.account));
        shop.check().await;
    }
}

#[tokio::test]
async fn books_are_the_managers_and_each_providers_own() {
    for shop in Shop::open_all(1113).await {
        later(&shop).await;
        let statement = reconcile(&shop, vec![movement("SKA0000001", kes(35), NOON)]).await;
        let found = only_open(&shop).await;
        let cashier = Caller {
            role: Role::Cashier,
            ..shop.owner.clone()
        };
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let app = &shop.app;
        assert!(matches!(
            app.statements(&cashier, None, None, 9).await,
            Err(Error::Forbidden)
        ));
        assert!(matches!(
            app.pull_statement(&cashier, "mpesa").await,
            Err(Error::Forbidden)
        ));
        let filter = DifferenceFilter::default();
        assert!(matches!(
            app.disagreements(&cashier, &filter, None, 9).await,
            Err(Error::Forbidden)
        ));
        assert!(matches!(
            app.statement(&neighbour, statement.id).await,
            Err(Error::NotFound(_))
        ));
        assert!(matches!(
            app.compare_again(&neighbour, statement.id).await,
            Err(Error::NotFound(_))
        ));
        let id = found.difference.id;
        let foreign = app.mend_difference(&neighbour, id, Mend::TakeIn, "").await;
        assert!(matches!(foreign, Err(Error::NotFound(_))), "{foreign:?}");
        assert!(
            app.disagreements(&neighbour, &filter, None, 9)
                .await
                .unwrap()
                .rows
                .is_empty()
        );
        let unfit = app
            .mend_difference(&shop.owner, id, Mend::BookFee, "")
            .await;
        assert!(matches!(unfit, Err(Error::Invalid(_))), "{unfit:?}");
        shop.check().await;
    }
}

#[tokio::test]
async fn of_the_platforms_statement_a_provider_sees_its_own() {
    for mut shop in Shop::open_all(1115).await {
        shop.collect(100, "0722000111").await.unwrap();
        shop.clock.advance(HOUR);
        let listed = paid(&shop, "0712 345 001").await;
        let missing = paid(&shop, "0712 345 002").await;
        assert!(listed.collected && missing.collected);
        later(&shop).await;
        let mut other = line_of(&listed);
        other.receipt = "SKZ0000001".into();
        other.reference = Some("BABAOTI12345".into());
        shop.gateway
            .answer_statement(Ok(vec![line_of(&listed), other]));
        let own = shop.app.pull_statement(&shop.owner, "mpesa").await;
        assert!(
            matches!(own, Err(Error::NoGateway)),
            "switched off: {own:?}"
        );
        shop.app
            .pull_statement(&shop.owner, "platform")
            .await
            .unwrap();
        shop.work().await;
        let page = shop
            .app
            .statements(&shop.owner, None, None, 9)
            .await
            .unwrap();
        assert_eq!((page.rows.len(), page.rows[0].lines), (1, 1));
        let found = only_open(&shop).await;
        assert_eq!(found.difference.kind, DifferenceKind::NotThere);
        assert_eq!(found.difference.payment, Some(missing.id));
        super::mend(&shop, &found, Mend::WriteOff).await;
        assert_eq!(
            balance(&shop, "platform").await,
            Money::from_minor(1960, Currency::Kes)
        );
        let file = shop
            .app
            .import_statement(&shop.owner, "platform", b"")
            .await;
        assert!(matches!(file, Err(Error::NotFound(_))), "{file:?}");
        shop.check().await;
    }
}
