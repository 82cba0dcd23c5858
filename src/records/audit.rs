//! Who saw or did what: a chain of hashes in which no row can be changed, dropped or moved without being found.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Records, RecordsError, count, int, ms, time};
use crate::base::id::ConversationId;

/// A row to be added.
#[derive(Clone, Debug)]
pub struct Auditing<'a> {
    /// The login of a user, or the name of an API token.
    pub actor: &'a str,
    /// Their role's word.
    pub role: &'a str,
    /// What they did: `viewed`, `claimed`, `exported answers`, `logged in`.
    pub action: &'a str,
    /// On whose conversation.
    pub conversation: Option<&'a ConversationId>,
    /// More, without private values: a flow's name, a number of rows.
    pub detail: &'a str,
}

/// A row of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// From 1, without gaps.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// As what.
    pub role: String,
    /// What.
    pub action: String,
    /// On whose conversation.
    pub conversation: Option<ConversationId>,
    /// More.
    pub detail: String,
    /// Over this row and the hash before, in hex.
    pub hash: String,
}

/// What a look at the whole trail found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditState {
    /// Every row stands as it was written. The number of rows and the last hash: compare it with one noted elsewhere, which also
    /// finds a trail cut short.
    Whole {
        /// Rows.
        n: u64,
        /// The last hash, in hex; empty where there are no rows.
        head: String,
    },
    /// The first row that is not what was written there, or whose place is empty.
    Broken {
        /// Its number.
        at: u64,
    },
}

const SELECT: &str = "SELECT n, at, actor, role, action, conversation, detail, hash FROM rec_audit";

impl Records {
    /// Adds a row.
    ///
    /// # Errors
    /// `Unavailable`: what was to be audited must not go on.
    pub async fn audit(&self, row: Auditing<'_>) -> Result<(), RecordsError> {
        let mut tx = self.write().await?;
        let last = sqlx::query("SELECT n, hash FROM rec_audit ORDER BY n DESC LIMIT 1").fetch_optional(&mut *tx).await?;
        let (n, before) = match &last {
            Some(last) => (last.try_get::<i64, _>("n")? + 1, last.try_get::<Vec<u8>, _>("hash")?),
            None => (1, Vec::new()),
        };
        let at = ms(self.clock.now());
        let conversation = row.conversation.map(ConversationId::as_str);
        let hash = chain(&before, n, at, [row.actor, row.role, row.action, conversation.unwrap_or_default(), row.detail]);
        sqlx::query("INSERT INTO rec_audit (n, at, actor, role, action, conversation, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(n)
            .bind(at)
            .bind(row.actor)
            .bind(row.role)
            .bind(row.action)
            .bind(conversation)
            .bind(row.detail)
            .bind(hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The newest rows first, of one conversation or of all, before a row's number where one is given.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit_rows(
        &self,
        conversation: Option<&ConversationId>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, RecordsError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE (?1 IS NULL OR conversation = ?1) AND n < ?2 ORDER BY n DESC LIMIT ?3"
        )))
        .bind(conversation.map(ConversationId::as_str))
        .bind(before.map_or(i64::MAX, int))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(row_of).collect()
    }

    /// Whether an actor has viewed a conversation after a moment.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn has_viewed(&self, actor: &str, conversation: &ConversationId, since: Timestamp) -> Result<bool, RecordsError> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM rec_audit WHERE conversation = ? AND actor = ? AND action = 'viewed' AND at > ?) AS viewed",
        )
        .bind(conversation.as_str())
        .bind(actor)
        .bind(ms(since))
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get("viewed")?)
    }

    /// The number and hash of the last row; `None` where there are no rows.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit_last(&self) -> Result<Option<(u64, String)>, RecordsError> {
        Ok(self.audit_rows(None, None, 1).await?.pop().map(|row| (row.n, row.hash)))
    }

    /// The hash of a row, in hex.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit_hash(&self, n: u64) -> Result<Option<String>, RecordsError> {
        Ok(self.audit_rows(None, Some(n.saturating_add(1)), 1).await?.pop().filter(|row| row.n == n).map(|row| row.hash))
    }

    /// Reads the whole trail and follows its chain.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit_verify(&self) -> Result<AuditState, RecordsError> {
        let (mut n, mut head) = (0_u64, Vec::new());
        loop {
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE n > ? ORDER BY n LIMIT 1000")))
                .bind(int(n))
                .fetch_all(&self.pool)
                .await?;
            if rows.is_empty() {
                return Ok(AuditState::Whole { n, head: hex::encode(head) });
            }
            for row in &rows {
                let row = row_of(row)?;
                let conversation = row.conversation.as_ref().map_or("", |id| id.as_str());
                let hash = chain(&head, int(row.n), ms(row.at), [&row.actor, &row.role, &row.action, conversation, &row.detail]);
                if row.n != n + 1 || hex::encode(&hash) != row.hash {
                    return Ok(AuditState::Broken { at: n + 1 });
                }
                (n, head) = (row.n, hash);
            }
        }
    }
}

/// SHA-256 over the hash before, the number, the time and each text with its length before it.
fn chain(before: &[u8], n: i64, at: i64, texts: [&str; 5]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(n.to_be_bytes());
    hash.update(at.to_be_bytes());
    for text in texts {
        hash.update(text.len().to_string().as_bytes());
        hash.update(b":");
        hash.update(text.as_bytes());
    }
    hash.finalize().to_vec()
}

fn row_of(row: &SqliteRow) -> Result<AuditRow, RecordsError> {
    Ok(AuditRow {
        n: count(row.try_get("n")?),
        at: time(row.try_get("at")?),
        actor: row.try_get("actor")?,
        role: row.try_get("role")?,
        action: row.try_get("action")?,
        conversation: row.try_get::<Option<String>, _>("conversation")?.map(ConversationId),
        detail: row.try_get("detail")?,
        hash: hex::encode(row.try_get::<Vec<u8>, _>("hash")?),
    })
}
