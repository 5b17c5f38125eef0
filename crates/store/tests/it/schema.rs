//! The two schemas say the same, and PostgreSQL guards every tenant table.

use std::collections::{BTreeMap, BTreeSet};

use bando_store::Engine;
use bando_store::testing::TestStore;

use crate::support::World;

/// What a table is: what must be the same on both engines.
#[derive(PartialEq, Eq, Debug, Default)]
struct Table {
    /// Name → (type class, may be NULL).
    columns: BTreeMap<String, (String, bool)>,
    primary: Vec<String>,
    uniques: BTreeSet<Vec<String>>,
    /// (columns, table, columns there).
    foreign: BTreeSet<(String, String, String)>,
    /// Name → columns.
    indexes: BTreeMap<String, String>,
}

type Schema = BTreeMap<String, Table>;

#[tokio::test]
async fn both_schemas_agree() {
    let w = World::new(10);
    let mut schemas = Vec::new();
    for test in w.stores().await {
        schemas.push(match test.store.engine() {
            Engine::Sqlite => sqlite(&test).await,
            Engine::Postgres => postgres(&test).await,
        });
    }
    assert!(schemas[0].len() > 15, "the catalogue was read");
    let [sqlite, postgres] = &schemas[..] else {
        return;
    };
    let names = |s: &Schema| s.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(sqlite), names(postgres));
    for (name, table) in sqlite {
        assert_eq!(table, &postgres[name], "table {name}");
    }
}

#[tokio::test]
async fn keys_of_tenant_tables_begin_with_the_provider() {
    let w = World::new(11);
    for test in w.stores().await {
        let schema = match test.store.engine() {
            Engine::Sqlite => sqlite(&test).await,
            Engine::Postgres => postgres(&test).await,
        };
        for (name, table) in &schema {
            if !table.columns.contains_key("provider_id") {
                continue;
            }
            assert_eq!(table.primary[0], "provider_id", "primary key of {name}");
            for unique in &table.uniques {
                // How a provider and a router are found before anything is known of them.
                let global = matches!(
                    (name.as_str(), unique[0].as_str()),
                    ("providers", "slug") | ("routers", "identity")
                );
                assert!(global || unique[0] == "provider_id", "{unique:?} of {name}");
            }
        }
    }
}

/// The tables that hold a tenant's rows without forced row-level security, a policy for them, or
/// with one that lets others write.
async fn unguarded(test: &TestStore) -> Vec<String> {
    let sql = "SELECT c.relname FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'provider_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT (c.relrowsecurity AND c.relforcerowsecurity
          AND EXISTS (SELECT 1 FROM pg_policies p WHERE p.tablename = c.relname AND p.cmd = 'ALL'
            AND p.permissive = 'PERMISSIVE' AND p.qual LIKE '%bando.provider%' AND p.qual LIKE '%provider_id%')
          AND (SELECT COUNT(*) FROM pg_policies p WHERE p.tablename = c.relname) = 1)
        ORDER BY 1";
    let rows = test.raw(sql).await.expect("catalogue");
    rows.into_iter().filter_map(|mut r| r.remove(0)).collect()
}

#[tokio::test]
async fn every_tenant_table_is_guarded() {
    let w = World::new(12);
    for test in w.stores().await {
        if test.store.engine() != Engine::Postgres {
            continue;
        }
        assert!(unguarded(&test).await.is_empty());
        for (bug, expected) in [
            (
                "CREATE TABLE forgotten (provider_id UUID, x BIGINT)",
                vec!["forgotten"],
            ),
            (
                "CREATE VIEW peephole AS SELECT * FROM payments",
                vec!["forgotten", "peephole"],
            ),
            (
                "ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY",
                vec!["forgotten", "peephole", "tickets"],
            ),
            (
                "CREATE POLICY open ON plans USING (true)",
                vec!["forgotten", "peephole", "plans", "tickets"],
            ),
        ] {
            test.raw(bug).await.expect("planted");
            assert_eq!(unguarded(&test).await, expected, "after {bug}");
        }
    }
}

#[tokio::test]
async fn the_role_of_the_program_owns_nothing_and_bypasses_nothing() {
    let w = World::new(13);
    for test in w.stores().await {
        if test.store.engine() != Engine::Postgres {
            continue;
        }
        let sql = "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid)
                     OR has_table_privilege('bando_app', 'audit_log', 'TRUNCATE')
                   FROM pg_roles r WHERE rolname = 'bando_app'";
        assert_eq!(test.raw(sql).await.unwrap()[0][0].as_deref(), Some("f"));
    }
}

async fn rows(test: &TestStore, sql: &str) -> Vec<Vec<String>> {
    let rows = test.raw(sql).await.expect("catalogue");
    rows.into_iter()
        .map(|r| r.into_iter().map(Option::unwrap_or_default).collect())
        .collect()
}

async fn sqlite(test: &TestStore) -> Schema {
    let mut schema = Schema::new();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                  AND name NOT LIKE 'bando_migration%'";
    for table in rows(test, tables).await {
        let name = &table[0];
        let mut out = Table::default();
        let sql = format!(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}') ORDER BY pk"
        );
        for column in rows(test, &sql).await {
            let nullable = column[2] == "0";
            out.columns
                .insert(column[0].clone(), (column[1].clone(), nullable));
            if column[3] != "0" {
                out.primary.push(column[0].clone());
            }
        }
        let sql = format!("SELECT name, \"unique\", origin FROM pragma_index_list('{name}')");
        for index in rows(test, &sql).await {
            let sql = format!(
                "SELECT name FROM pragma_index_info('{}') ORDER BY seqno",
                index[0]
            );
            let columns: Vec<String> = rows(test, &sql)
                .await
                .into_iter()
                .map(|mut r| r.remove(0))
                .collect();
            match index[2].as_str() {
                "u" => {
                    out.uniques.insert(columns);
                }
                "c" => {
                    out.indexes.insert(index[0].clone(), columns.join(","));
                }
                _ => {}
            }
        }
        let sql = format!(
            "SELECT group_concat(\"from\"), \"table\", group_concat(\"to\") FROM
               (SELECT * FROM pragma_foreign_key_list('{name}') ORDER BY id, seq) GROUP BY id"
        );
        for mut key in rows(test, &sql).await {
            let (to, table, from) = (key.remove(2), key.remove(1), key.remove(0));
            out.foreign.insert((from, table, to));
        }
        schema.insert(name.clone(), out);
    }
    schema
}

async fn postgres(test: &TestStore) -> Schema {
    let mut schema = Schema::new();
    let sql =
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
               WHERE table_schema = current_schema() AND table_name NOT LIKE 'bando_migration%'";
    for column in rows(test, sql).await {
        let kind = match column[2].as_str() {
            "uuid" | "bytea" => "BLOB",
            "bigint" | "boolean" => "INTEGER",
            "text" => "TEXT",
            other => panic!("a type that SQLite has no match for: {other}"),
        };
        let table = schema.entry(column[0].clone()).or_default();
        let nullable = column[3] == "YES";
        table
            .columns
            .insert(column[1].clone(), (kind.to_owned(), nullable));
    }
    let sql = "SELECT t.relname, i.relname, x.indisprimary, c.contype,
                 (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(x.indkey) WITH ORDINALITY k(num, n)
                   JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num)
               FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
               JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
               LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.contype IN ('p', 'u')
               WHERE t.relname NOT LIKE 'bando_migration%'";
    for index in rows(test, sql).await {
        let table = schema.entry(index[0].clone()).or_default();
        let columns: Vec<String> = index[4].split(',').map(str::to_owned).collect();
        match index[3].as_str() {
            "p" => table.primary = columns,
            "u" => {
                table.uniques.insert(columns);
            }
            _ => {
                table.indexes.insert(index[1].clone(), index[4].clone());
            }
        }
    }
    let sql = "SELECT c.conrelid::regclass, c.confrelid::regclass,
                 (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(num, n)
                   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num),
                 (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(num, n)
                   JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num)
               FROM pg_constraint c WHERE c.contype = 'f'";
    for mut key in rows(test, sql).await {
        let (to, from, there, here) = (key.remove(3), key.remove(2), key.remove(1), key.remove(0));
        schema
            .entry(here)
            .or_default()
            .foreign
            .insert((from, there, to));
    }
    schema
}
