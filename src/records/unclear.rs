//! What was not understood, grouped, so that words can be added: by flow, step, language and text.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::Row;

use super::{Records, RecordsError, export::safe, ms, time};
use crate::{
    base::Private,
    security::role::{Permission, Role},
};

/// Replies that are read at most: the newest.
pub const REPLIES: i64 = 20_000;
/// Conversations that must have written a text before somebody who sees nothing of patients sees it.
pub const LEAST_PHONES: usize = 3;

/// Which replies are listed, and how.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Not older.
    pub since: Option<Timestamp>,
    /// Of a flow.
    pub flow: Option<String>,
    /// In a language.
    pub language: Option<String>,
    /// Whether digits are shown; else each is `#`.
    pub digits: bool,
    /// Only texts that so many conversations wrote.
    pub least_phones: usize,
}

impl Asked {
    /// As far as a role may see it: who reads no conversations sees no digits, and only what [`LEAST_PHONES`] conversations wrote.
    pub fn seen_by(mut self, role: Role) -> Self {
        if !role.may(Permission::ReadConversation) {
            self.digits = false;
            self.least_phones = LEAST_PHONES;
        }
        self
    }
}

/// Replies to one question that read alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The flow.
    pub flow: String,
    /// The step's path.
    pub step: String,
    /// The language spoken.
    pub language: String,
    /// Why they were not understood, most often.
    pub reason: String,
    /// As typed by the newest of them; digits and names of the household masked.
    pub said: Private<String>,
    /// Replies.
    pub n: usize,
    /// Conversations that they came from.
    pub n_phones: usize,
    /// The newest.
    pub last_at: Timestamp,
}

/// A group while it is counted.
struct Counting {
    said: String,
    reasons: BTreeMap<String, usize>,
    n: usize,
    phones: BTreeSet<String>,
    last_at: i64,
}

impl Records {
    /// Replies that were not understood, the most frequent first.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn unclear(&self, asked: &Asked) -> Result<Vec<Group>, RecordsError> {
        let rows = sqlx::query(
            "SELECT conversation, flow, step, language, reason, said_sealed, at FROM rec_unclear
             WHERE at >= ?1 AND (?2 IS NULL OR flow = ?2) AND (?3 IS NULL OR language = ?3) ORDER BY n DESC LIMIT ?4",
        )
        .bind(asked.since.map_or(0, ms))
        .bind(&asked.flow)
        .bind(&asked.language)
        .bind(REPLIES)
        .fetch_all(&self.pool)
        .await?;
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut groups: BTreeMap<(String, String, String, String), Counting> = BTreeMap::new();
        for row in rows {
            let conversation: String = row.try_get("conversation")?;
            let sealed: Vec<u8> = row.try_get("said_sealed")?;
            let said = self.vault.open_text("unclear.said", &conversation, &sealed)?;
            if !names.contains_key(&conversation) {
                let known = self.first_names(&conversation).await?;
                names.insert(conversation.clone(), known.into_iter().map(|(_, name)| name.into_inner()).collect());
            }
            let masked = masked(said.reveal(), names.get(&conversation).map_or(&[][..], Vec::as_slice), asked.digits);
            let (flow, step, language) = (row.try_get("flow")?, row.try_get("step")?, row.try_get("language")?);
            let at: i64 = row.try_get("at")?;
            let group = groups.entry((flow, step, language, alike(&masked))).or_insert_with(|| Counting {
                said: masked,
                reasons: BTreeMap::new(),
                n: 0,
                phones: BTreeSet::new(),
                last_at: at,
            });
            group.n += 1;
            *group.reasons.entry(row.try_get("reason")?).or_default() += 1;
            group.phones.insert(conversation);
        }
        let mut all: Vec<Group> = groups
            .into_iter()
            .filter(|(_, group)| group.phones.len() >= asked.least_phones)
            .map(|((flow, step, language, _), group)| Group {
                flow,
                step,
                language,
                reason: group.reasons.into_iter().max_by_key(|(_, n)| *n).map(|(reason, _)| reason).unwrap_or_default(),
                said: Private::new(group.said),
                n: group.n,
                n_phones: group.phones.len(),
                last_at: time(group.last_at),
            })
            .collect();
        all.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| (&a.flow, &a.step, &a.language).cmp(&(&b.flow, &b.step, &b.language))));
        Ok(all)
    }
}

/// The groups as a table with a head.
///
/// # Errors
/// `Unavailable` where it cannot be written.
pub fn csv(groups: &[Group]) -> Result<Private<String>, RecordsError> {
    let unavailable = |error: csv::Error| RecordsError::Unavailable(error.to_string());
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["flow", "step", "language", "said", "replies", "phones", "reason", "last_at"]).map_err(unavailable)?;
    for group in groups {
        let (n, n_phones) = (group.n.to_string(), group.n_phones.to_string());
        let last_at = group.last_at.to_string();
        let said = safe(group.said.reveal());
        csv.write_record([&group.flow, &group.step, &group.language, &said, &n, &n_phones, &group.reason, &last_at])
            .map_err(unavailable)?;
    }
    let bytes = csv.into_inner().map_err(|error| RecordsError::Unavailable(error.to_string()))?;
    String::from_utf8(bytes).map(Private::new).map_err(|_| RecordsError::Corrupt("unclear.said"))
}

/// The groups as JSON: `[{"flow","step","language","said","replies","phones","reason","last_at"}]`.
pub fn json(groups: &[Group]) -> serde_json::Value {
    let row = |group: &Group| {
        serde_json::json!({
            "flow": group.flow, "step": group.step, "language": group.language, "said": group.said.reveal(),
            "replies": group.n, "phones": group.n_phones, "reason": group.reason, "last_at": group.last_at.to_string(),
        })
    };
    groups.iter().map(row).collect()
}

/// A reply without what tells who wrote it, as far as that is known: the household's names are `…`, digits `#`.
fn masked(said: &str, names: &[String], digits: bool) -> String {
    let names: Vec<String> = names.iter().flat_map(|name| name.split_whitespace()).map(str::to_lowercase).collect();
    let mut out = String::new();
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        let lower = word.to_lowercase();
        if !word.is_empty() && names.contains(&lower) {
            out.push('…')
        } else {
            out.push_str(word)
        }
        word.clear();
    };
    for c in said.chars() {
        if c.is_alphabetic() || c == '\'' {
            word.push(c);
            continue;
        }
        end(&mut word, &mut out);
        out.push(if c.is_numeric() && !digits { '#' } else { c });
    }
    end(&mut word, &mut out);
    out
}

/// What makes two replies alike: words and digits in order, without case, accents, punctuation and letters written again and again.
fn alike(said: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut out = String::new();
    let mut last = ' ';
    for c in said.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).flat_map(char::to_lowercase) {
        let c = if c.is_alphanumeric() || c == '#' || c == '…' { c } else { ' ' };
        let mark = matches!(c, ' ') && last == ' ';
        if !mark && (c != last || c == '#' || c.is_numeric()) {
            out.push(c);
        }
        last = c;
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_digits_are_masked() {
        let names = ["Ana".to_owned(), "Luis Miguel".to_owned()];
        for (said, shown) in
            [("ask Ana, not luis!", "ask …, not …!"), ("call me at 555 0100", "call me at ### ####"), ("Anabel is fine", "Anabel is fine")]
        {
            assert_eq!(masked(said, &names, false), shown);
        }
        assert_eq!(masked("since 3 days", &names, true), "since 3 days");
    }

    #[test]
    fn texts_alike_are_one() {
        assert_eq!(alike("Nooo!!  idea"), alike("no idea"));
        assert_eq!(alike("¿Qué?"), alike("que"));
        assert_ne!(alike("##"), alike("#"));
    }
}
