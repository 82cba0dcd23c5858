//! Desk users: who may log in, and as what.

use jiff::Timestamp;
use sqlx::{Row, sqlite::SqliteRow};

use super::{
    Records, RecordsError, ms, time,
    vault::{Column, Vault},
};
use crate::{
    base::{Private, id::TracerId},
    security::{second::Second, token::TokenHash},
};

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The login name: what ids of tracers in the journal are.
    pub login: TracerId,
    /// What patients are told.
    pub first_name: Private<String>,
    /// The role's word.
    pub role: String,
    /// The password's hash in PHC form (`$argon2id$…`).
    pub password_hash: Private<String>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub login: TracerId,
    /// What patients are told.
    pub first_name: Private<String>,
    /// The role's word.
    pub role: String,
    /// The password's hash in PHC form.
    pub password_hash: Private<String>,
    /// Their second factor, where they have one.
    pub second: Option<Second>,
    /// Since when.
    pub added_at: Timestamp,
    /// Since when they may not log in any more.
    pub disabled_at: Option<Timestamp>,
}

/// What a sealed second factor is bound to.
const SECOND: Column = "users.second";
const SELECT: &str = "SELECT login, first_name_sealed, role, password_hash, second_sealed, added_at, disabled_at FROM rec_users";

impl Records {
    /// Adds a user.
    ///
    /// # Errors
    /// [`RecordsError::Exists`] where the login is taken, also by a disabled user: ids in the journal stay one person's.
    pub async fn add_user(&self, user: &NewUser) -> Result<(), RecordsError> {
        let done = sqlx::query(
            "INSERT INTO rec_users (login, first_name_sealed, role, password_hash, added_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(user.login.as_str())
        .bind(self.vault.seal_text("users.first_name", user.login.as_str(), &user.first_name))
        .bind(&user.role)
        .bind(user.password_hash.reveal())
        .bind(ms(self.clock.now()))
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 0 { Err(RecordsError::Exists(format!("a user `{}`", user.login))) } else { Ok(()) }
    }

    /// A user by login.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn user(&self, login: &TracerId) -> Result<Option<User>, RecordsError> {
        let row =
            sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE login = ?"))).bind(login.as_str()).fetch_optional(&self.pool).await?;
        row.map(|row| user_of(&row, &self.vault)).transpose()
    }

    /// All users, by login.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn users(&self) -> Result<Vec<User>, RecordsError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY login"))).fetch_all(&self.pool).await?;
        rows.iter().map(|row| user_of(row, &self.vault)).collect()
    }

    /// Gives a user another password; false where there is no such user.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_password(&self, login: &TracerId, password_hash: &Private<String>) -> Result<bool, RecordsError> {
        let done = sqlx::query("UPDATE rec_users SET password_hash = ? WHERE login = ?")
            .bind(password_hash.reveal())
            .bind(login.as_str())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a user a second factor, or takes it away; false where there is no such user.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn set_second(&self, login: &TracerId, second: Option<&Second>) -> Result<bool, RecordsError> {
        let sealed = second.map(|second| self.vault.seal_json(SECOND, login.as_str(), second)).transpose()?;
        let query = sqlx::query("UPDATE rec_users SET second_sealed = ? WHERE login = ?").bind(sealed).bind(login.as_str());
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Takes a recovery code out, so that it counts once, over all nodes: whether it was still there.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn use_recovery(&self, login: &TracerId, code: &TokenHash) -> Result<bool, RecordsError> {
        let mut tx = self.write().await?;
        let row = sqlx::query("SELECT second_sealed FROM rec_users WHERE login = ? AND second_sealed IS NOT NULL")
            .bind(login.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let second: Second = self.vault.open_json(SECOND, login.as_str(), row.try_get("second_sealed")?)?;
        let Some(second) = second.without(code) else { return Ok(false) };
        sqlx::query("UPDATE rec_users SET second_sealed = ? WHERE login = ?")
            .bind(self.vault.seal_json(SECOND, login.as_str(), &second)?)
            .bind(login.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Shuts a user out for good; false where there is no such user or they were shut out before.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn disable_user(&self, login: &TracerId) -> Result<bool, RecordsError> {
        let done = sqlx::query("UPDATE rec_users SET disabled_at = ? WHERE login = ? AND disabled_at IS NULL")
            .bind(ms(self.clock.now()))
            .bind(login.as_str())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn user_of(row: &SqliteRow, vault: &Vault) -> Result<User, RecordsError> {
    let login: String = row.try_get("login")?;
    Ok(User {
        first_name: vault.open_text("users.first_name", &login, row.try_get("first_name_sealed")?)?,
        role: row.try_get("role")?,
        password_hash: Private::new(row.try_get("password_hash")?),
        second: row.try_get::<Option<&[u8]>, _>("second_sealed")?.map(|sealed| vault.open_json(SECOND, &login, sealed)).transpose()?,
        added_at: time(row.try_get("added_at")?),
        disabled_at: row.try_get::<Option<i64>, _>("disabled_at")?.map(time),
        login: TracerId(login),
    })
}
