//! The SQLite file itself.

use std::env;
use std::process::Command;
use std::time::Duration;

use bando_db::testing::databases;
use bando_db::{DatabaseUrl, Db, Error, Options, Scope, params};

use crate::support::{INCREMENT, MIGRATIONS, counter, prepared};

/// Set when this test program runs itself as the process that is killed.
const VICTIM: &str = "BANDO_DB_TEST_VICTIM";

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_closes() {
    let test = databases().await.swap_remove(0);
    let Err(Error::Configuration(message)) =
        Db::open(&test.url, Options::default()).await.map(|_| ())
    else {
        panic!("opened twice")
    };
    assert!(message.contains("already open"), "{message}");
    test.db.close().await;
    Db::open(&test.url, Options::default()).await.unwrap();
}

#[tokio::test]
async fn a_dropped_database_frees_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::parse(directory.path().join("new/dir/x.db").to_str().unwrap()).unwrap();
    drop(Db::open(&url, Options::default()).await.unwrap());
    for _ in 0..100 {
        if Db::open(&url, Options::default()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the file stayed locked");
}

#[tokio::test]
async fn a_temporary_database_is_shared_by_its_clones() {
    let db = Db::open(
        &DatabaseUrl::parse("sqlite::memory:").unwrap(),
        Options::default(),
    )
    .await
    .unwrap();
    db.migrate(MIGRATIONS).await.unwrap();
    let mut tx = db.clone().begin(Scope::System).await.unwrap();
    tx.exec("INSERT INTO counter (id, n) VALUES (1, 4)", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counter(&db).await, 4);
}

#[tokio::test]
async fn the_settings_are_in_force() {
    let test = databases().await.swap_remove(0);
    let mut write = test.db.begin(Scope::System).await.unwrap();
    let mut read = test.db.begin_read(Scope::System).await.unwrap();
    for tx in [&mut write, &mut read] {
        for (pragma, expected) in [
            ("PRAGMA synchronous", 2),
            ("PRAGMA foreign_keys", 1),
            ("PRAGMA busy_timeout", 5000),
        ] {
            assert_eq!(
                tx.one(pragma, &[]).await.unwrap().get::<i64>(0).unwrap(),
                expected,
                "{pragma}"
            );
        }
        assert_eq!(
            tx.one("PRAGMA journal_mode", &[])
                .await
                .unwrap()
                .get::<String>(0)
                .unwrap(),
            "wal"
        );
    }
}

/// Kills a process that commits as fast as it can: what it was told is kept is there afterwards.
/// (A process killed by the kernel proves nothing about power cuts; synchronous=FULL does that.)
#[tokio::test]
async fn an_acknowledged_commit_survives_a_kill() {
    if let Ok(path) = env::var(VICTIM) {
        commit_for_ever(&path).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    let mut acknowledged = 0;
    for _ in 0..3 {
        let mut victim = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "sqlite::an_acknowledged_commit_survives_a_kill",
                "--nocapture",
            ])
            .env(VICTIM, &path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
        victim.kill().unwrap();
        victim.wait().unwrap();
        let db = Db::open(
            &DatabaseUrl::parse(path.to_str().unwrap()).unwrap(),
            Options::default(),
        )
        .await
        .unwrap();
        let told = std::fs::read(directory.path().join("x.db.told")).unwrap();
        // Eight bytes a commit; the last may be cut off.
        let told = told
            .chunks_exact(8)
            .map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()))
            .max()
            .unwrap();
        let kept = counter(&db).await;
        assert!(
            kept >= told && told > acknowledged,
            "told {told}, kept {kept}, before {acknowledged}"
        );
        acknowledged = told;
        db.close().await;
    }
}

async fn commit_for_ever(path: &str) -> ! {
    use std::io::Write as _;
    let db = Db::open(&DatabaseUrl::parse(path).unwrap(), Options::default())
        .await
        .unwrap();
    db.migrate(MIGRATIONS).await.unwrap();
    let mut told = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(format!("{path}.told"))
        .unwrap();
    loop {
        let mut tx = db.begin(Scope::System).await.unwrap();
        tx.exec(
            "INSERT INTO counter (id, n) VALUES (1, 0) ON CONFLICT (id) DO NOTHING",
            &[],
        )
        .await
        .unwrap();
        tx.exec(INCREMENT, &[]).await.unwrap();
        let n: i64 = tx
            .one("SELECT n FROM counter WHERE id = $1", params![1])
            .await
            .unwrap()
            .get(0)
            .unwrap();
        tx.commit().await.unwrap();
        told.write_all(&n.to_le_bytes()).unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_not_acknowledged() {
    let test = prepared().await.swap_remove(0);
    let mut tx = test.db.begin(Scope::System).await.unwrap();
    // A page limit stands in for a full disk.
    tx.all("PRAGMA max_page_count = 16", &[]).await.unwrap();
    let row = params![[7; 16], "x".repeat(1 << 20)];
    let error = tx
        .exec("INSERT INTO shop (provider_id, name) VALUES ($1, $2)", row)
        .await;
    assert!(matches!(error, Err(Error::Unavailable { .. })), "{error:?}");
    drop(tx);
    let mut tx = test.db.begin(Scope::System).await.unwrap();
    tx.all("PRAGMA max_page_count = 1000000", &[])
        .await
        .unwrap();
    tx.exec(INCREMENT, &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counter(&test.db).await, 1);
}

/// A commit that fails is an error for every member of its group, and only what was acknowledged
/// is kept. `breaker` spoils its own transaction in a way that hurts the whole group.
async fn a_group_fails_together(breaker: &'static str) {
    let test = prepared().await.swap_remove(0);
    let mut shared = 0;
    for _ in 0..200 {
        let before = counter(&test.db).await;
        let mut innocent = test.db.begin(Scope::System).await.unwrap();
        innocent.exec(INCREMENT, &[]).await.unwrap();
        let culprit = async {
            let mut tx = test.db.begin(Scope::System).await.unwrap();
            tx.all("PRAGMA defer_foreign_keys = ON", &[]).await?;
            tx.all("PRAGMA max_page_count = 40", &[]).await?;
            tx.exec(breaker, &[]).await?;
            tx.commit().await
        };
        let (culprit, innocent) = tokio::join!(culprit, innocent.commit());
        culprit.unwrap_err();
        shared += i32::from(innocent.is_err());
        assert_eq!(
            counter(&test.db).await,
            before + i64::from(innocent.is_ok())
        );
    }
    assert!(shared > 0, "the two never shared a commit");
}

#[tokio::test]
async fn a_failed_commit_is_acknowledged_to_nobody() {
    a_group_fails_together(
        "INSERT INTO item (provider_id, id, code, price) VALUES (x'99', x'01', '', 1)",
    )
    .await;
}

#[tokio::test]
async fn a_disk_that_fills_up_is_acknowledged_to_nobody() {
    a_group_fails_together(
        "INSERT INTO shop (provider_id, name) VALUES (x'99', CAST(zeroblob(1000000) AS TEXT))",
    )
    .await;
}

#[tokio::test]
async fn a_copy_can_be_taken_while_writing() {
    let test = prepared().await.swap_remove(0);
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("copy.db");
    let mut tx = test.db.begin(Scope::System).await.unwrap();
    tx.exec(INCREMENT, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let mut open = test.db.begin(Scope::System).await.unwrap();
    open.exec(INCREMENT, &[]).await.unwrap();
    Db::copy(&test.url, &target).await.unwrap();
    open.commit().await.unwrap();
    assert!(
        matches!(
            Db::copy(&test.url, &target).await,
            Err(Error::Configuration(_))
        ),
        "never overwrites"
    );
    let copy = Db::open(
        &DatabaseUrl::parse(target.to_str().unwrap()).unwrap(),
        Options::default(),
    )
    .await
    .unwrap();
    copy.migrate(MIGRATIONS).await.unwrap();
    assert_eq!(
        counter(&copy).await,
        1,
        "what was committed when it was taken"
    );
}
