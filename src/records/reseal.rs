//! Sealing the record anew after a new data key: column by column, in short transactions beside everything else.

use sqlx::Row;

use super::{Records, RecordsError, vault::Column};
use crate::{security::Sealer, store::reseal::Resealed};

/// Rows of one transaction: others write between two.
const ROWS: i64 = 200;

/// Every sealed column: its table, whose a value is, the column, and what it is bound to. A test finds one that is missing here.
const SEALED: [(&str, &str, &str, Column); 21] = [
    ("rec_archive", "coalesce(conversation, '')", "entry_sealed", "archive.entry"),
    ("rec_conversations", "id", "address_sealed", "conversations.address"),
    ("rec_people", "conversation", "first_name_sealed", "people.first_name"),
    ("rec_people", "conversation", "birth_year_sealed", "people.birth_year"),
    ("rec_people", "conversation", "record_sealed", "people.record"),
    ("rec_messages", "conversation", "text_sealed", "messages.text"),
    ("rec_message_versions", "(SELECT conversation FROM rec_messages WHERE n = message)", "text_sealed", "message_versions.text"),
    ("rec_answers", "conversation", "value_sealed", "answers.value"),
    ("rec_answers", "conversation", "codes_sealed", "answers.codes"),
    ("rec_answers", "conversation", "said_sealed", "answers.said"),
    ("rec_contacts_named", "conversation", "name_sealed", "contacts_named.name"),
    ("rec_contacts_named", "conversation", "phone_sealed", "contacts_named.phone"),
    ("rec_contacts_named", "conversation", "fields_sealed", "contacts_named.fields"),
    ("rec_symptom_reports", "conversation", "codes_sealed", "symptom_reports.codes"),
    ("rec_escalations", "conversation", "because_sealed", "escalations.because"),
    ("rec_escalations", "conversation", "quote_sealed", "escalations.quote"),
    ("rec_escalation_history", "conversation", "because_sealed", "escalation_history.because"),
    ("rec_tasks", "conversation", "because_sealed", "tasks.because"),
    ("rec_tasks", "conversation", "quote_sealed", "tasks.quote"),
    ("rec_users", "login", "first_name_sealed", "users.first_name"),
    ("rec_users", "login", "second_sealed", "users.second"),
];

impl Records {
    /// Seals with the key that seals now whatever another one has sealed.
    ///
    /// # Errors
    /// `Unavailable`: what was done stands, and the sweep may be run again.
    pub async fn reseal(&self) -> Result<Resealed, RecordsError> {
        let mut all = Resealed::default();
        for (table, of, column, bound_to) in SEALED {
            let mut after = 0_i64;
            loop {
                let (done, last) = self.reseal_rows(table, of, column, bound_to, after).await?;
                all = all + done;
                match last {
                    Some(row) => after = row,
                    None => break,
                }
            }
        }
        Ok(all)
    }

    /// One transaction: what it did, and the last row it looked at; `None` where there are no more.
    async fn reseal_rows(
        &self,
        table: &str,
        of: &str,
        column: &str,
        bound_to: Column,
        after: i64,
    ) -> Result<(Resealed, Option<i64>), RecordsError> {
        let by = self.vault.sealing_key_id().to_be_bytes();
        let mut tx = self.write().await?;
        // Bytes 2 and 3 of a sealed value are the id of its key.
        let select = format!(
            "SELECT rowid AS row, {of} AS of, {column} AS value FROM {table}
             WHERE rowid > ?1 AND {column} IS NOT NULL AND substr({column}, 2, 2) <> ?2 ORDER BY rowid LIMIT ?3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(select)).bind(after).bind(by.as_slice()).bind(ROWS).fetch_all(&mut *tx).await?;
        let mut done = Resealed::default();
        let mut last = None;
        for row in &rows {
            let n: i64 = row.try_get("row")?;
            last = Some(n);
            let (of, value): (Option<String>, Vec<u8>) = (row.try_get("of")?, row.try_get("value")?);
            let of = of.unwrap_or_default();
            let Ok(plain) = self.vault.open(bound_to, &of, &value) else {
                tracing::error!(column = bound_to, row = n, key = ?Sealer::key_id_of(&value), "a value cannot be opened, and so not sealed anew");
                done.n_left += 1;
                continue;
            };
            sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE {table} SET {column} = ? WHERE rowid = ?")))
                .bind(self.vault.seal(bound_to, &of, &plain))
                .bind(n)
                .execute(&mut *tx)
                .await?;
            done.n_resealed += 1;
        }
        tx.commit().await?;
        Ok((done, last))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::records::migrate::MIGRATIONS;

    #[test]
    fn every_sealed_column_of_the_tables_is_sealed_anew() {
        let tables = MIGRATIONS.map(|(_, sql)| sql).concat();
        let mut columns = BTreeSet::new();
        let mut table = "";
        for line in tables.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("CREATE TABLE ") {
                table = name.trim_end_matches(" (");
            } else if let Some((of, added)) = line.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(" ADD COLUMN ")) {
                columns.extend(added.split_whitespace().next().filter(|word| word.ends_with("_sealed")).map(|column| (of, column)));
            } else if let Some(column) = line.split_whitespace().next().filter(|word| word.ends_with("_sealed")) {
                columns.insert((table, column));
            }
        }
        assert_eq!(SEALED.iter().map(|(table, _, column, _)| (*table, *column)).collect::<BTreeSet<_>>(), columns);
        for (table, _, column, bound_to) in SEALED {
            assert_eq!(format!("{}_sealed", bound_to.replace('.', "/")), format!("{}/{column}", table.trim_start_matches("rec_")));
        }
    }
}
