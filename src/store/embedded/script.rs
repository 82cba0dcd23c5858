//! Several statements for the file's thread at once: handing it a statement and waiting for its word costs more than most statements do.

use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type, sqlite::SqliteArguments};

/// Statements that follow each other, none of which answers with rows.
#[derive(Default)]
pub struct Script {
    sql: String,
    values: SqliteArguments,
    failed: Option<sqlx::Error>,
}

impl Script {
    /// Adds a statement. Each of its `?` takes the next value that is bound.
    pub fn then(&mut self, statement: &'static str) -> &mut Self {
        self.sql.push_str(statement);
        self.sql.push_str(";\n");
        self
    }

    /// Binds the next value.
    pub fn bind<'v, T: Encode<'v, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if let Err(error) = self.values.add(value) {
            self.failed.get_or_insert(sqlx::Error::Encode(error));
        }
        self
    }

    /// Runs all of them.
    pub async fn run(self, db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        match self.failed {
            Some(error) => Err(error),
            None if self.sql.is_empty() => Ok(()),
            // Only statements of this program are ever put together.
            None => sqlx::query_with(AssertSqlSafe(self.sql), self.values).execute(db).await.map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;

    #[tokio::test]
    async fn each_statement_takes_its_own_values_and_the_first_that_fails_is_told() {
        let mut db = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut script = Script::default();
        script.then("CREATE TABLE line (n INTEGER PRIMARY KEY, text TEXT)");
        script.then("INSERT INTO line VALUES (?, ?)").bind(1).bind("one");
        script.then("INSERT INTO line VALUES (?, ?)").bind(2).bind(None::<String>);
        script.run(&mut db).await.unwrap();
        let lines: Vec<(i64, Option<String>)> = sqlx::query_as("SELECT n, text FROM line ORDER BY n").fetch_all(&mut db).await.unwrap();
        assert_eq!(lines, [(1, Some("one".to_owned())), (2, None)]);
        let mut again = Script::default();
        again.then("INSERT INTO line VALUES (?, ?)").bind(3).bind("three");
        again.then("INSERT INTO line VALUES (?, ?)").bind(1).bind("one again");
        assert!(again.run(&mut db).await.is_err());
        Script::default().run(&mut db).await.unwrap();
    }
}
