//! Brings the tables of a file to today's form, one numbered SQL file after the other, each in its own transaction.

use sqlx::{Row, sqlite::SqlitePool};

use super::RecordsError;

/// Every migration, in order: number and statements. Only ever added to.
pub(super) const MIGRATIONS: [(i64, &str); 4] = [
    (1, include_str!("migrations/0001_begin.sql")),
    (2, include_str!("migrations/0002_second_factor.sql")),
    (3, include_str!("migrations/0003_erased.sql")),
    (4, include_str!("migrations/0004_unclear.sql")),
];

pub(super) async fn run(pool: &SqlitePool) -> Result<(), RecordsError> {
    let newest = MIGRATIONS.iter().map(|(number, _)| *number).max().unwrap_or(0);
    // Where nothing is to be done nothing is written: another process that writes for long does not hold up a start.
    if made(pool).await? == Some(newest) {
        return Ok(());
    }
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS rec_schema (number INTEGER PRIMARY KEY) STRICT").execute(&mut *tx).await?;
    let done: i64 = sqlx::query("SELECT coalesce(max(number), 0) FROM rec_schema").fetch_one(&mut *tx).await?.try_get(0)?;
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

/// The newest migration that the file has; `None` where it has none.
async fn made(pool: &SqlitePool) -> Result<Option<i64>, RecordsError> {
    let known = sqlx::query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'rec_schema'").fetch_optional(pool).await?;
    if known.is_none() {
        return Ok(None);
    }
    Ok(sqlx::query("SELECT max(number) FROM rec_schema").fetch_one(pool).await?.try_get(0)?)
}
