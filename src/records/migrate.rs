//! Brings the tables of a file to today's form, one numbered SQL file after the other, each in its own transaction.

use sqlx::{Row, sqlite::SqlitePool};

use super::RecordsError;

/// Every migration, in order: number and statements. Only ever added to.
pub(super) const MIGRATIONS: [(i64, &str); 3] = [
    (1, include_str!("migrations/0001_begin.sql")),
    (2, include_str!("migrations/0002_second_factor.sql")),
    (3, include_str!("migrations/0003_erased.sql")),
];

pub(super) async fn run(pool: &SqlitePool) -> Result<(), RecordsError> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS rec_schema (number INTEGER PRIMARY KEY) STRICT").execute(&mut *tx).await?;
    let done: i64 = sqlx::query("SELECT coalesce(max(number), 0) FROM rec_schema").fetch_one(&mut *tx).await?.try_get(0)?;
    let newest = MIGRATIONS.iter().map(|(number, _)| *number).max().unwrap_or(0);
    if done > newest {
        return Err(RecordsError::Configuration(format!(
            "the record was made by a newer version of Intake (its tables are at {done}, this version knows {newest}): use that version"
        )));
    }
    for (number, sql) in MIGRATIONS.into_iter().filter(|(number, _)| *number > done) {
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO rec_schema (number) VALUES (?)").bind(number).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}
