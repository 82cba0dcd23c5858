//! What was answered: answers, contacts named, consents, reports of symptoms.

use super::{Applying, Part, messages::Mark, turn::Turn};
use crate::{
    answer::Value,
    base::{
        Language, Private,
        id::{RevisionId, TracerId},
    },
    engine::{effect::AnsweredFact, session::Item},
    records::{RecordsError, items_text, symptom},
};

impl Applying<'_> {
    /// An answer; an earlier one to the same question for the same person or item stays as history.
    pub(super) async fn answered(&mut self, turn: Turn<'_>, answer: &AnsweredFact) -> Result<(), RecordsError> {
        let of = turn.conversation;
        let items = items_text(&answer.items);
        sqlx::query(
            "UPDATE rec_answers SET superseded = 1
             WHERE conversation = ? AND session = ? AND flow = ? AND step = ? AND items = ? AND superseded = 0",
        )
        .bind(of)
        .bind(&answer.session)
        .bind(&answer.flow)
        .bind(&answer.step)
        .bind(&items)
        .execute(&mut *self.db)
        .await?;
        let value = match &answer.value {
            Some(value) => Some(self.vault.seal_json("answers.value", of, value.reveal())?),
            None => None,
        };
        let done = sqlx::query(
            "INSERT INTO rec_answers (conversation, session, flow, step, label, code, items, who, value_sealed, codes_sealed, said_sealed,
             flagged, corrected, by_tracer, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(of)
        .bind(&answer.session)
        .bind(&answer.flow)
        .bind(&answer.step)
        .bind(&answer.label)
        .bind(&answer.code)
        .bind(&items)
        .bind(i64::from(answer.who.0))
        .bind(value)
        .bind(self.vault.seal_json("answers.codes", of, &answer.codes)?)
        .bind(self.vault.seal_text("answers.said", of, &answer.said))
        .bind(answer.flagged)
        .bind(answer.corrected)
        .bind(answer.by.as_ref().map(TracerId::as_str))
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        if let Some(codes) = symptom::reported(answer) {
            sqlx::query("INSERT INTO rec_symptom_reports (answer, conversation, session, who, codes_sealed, at) VALUES (?, ?, ?, ?, ?, ?)")
                .bind(done.last_insert_rowid())
                .bind(of)
                .bind(&answer.session)
                .bind(i64::from(answer.who.0))
                .bind(self.vault.seal_json("symptom_reports.codes", of, &codes)?)
                .bind(turn.at)
                .execute(&mut *self.db)
                .await?;
        }
        self.parts.insert(Part::Answers);
        Ok(())
    }

    /// An answer that no longer holds, because an earlier one was changed: history.
    pub(super) async fn answer_dropped(&mut self, turn: Turn<'_>, session: &str, step: &str, items: &[Item]) -> Result<(), RecordsError> {
        sqlx::query(
            "UPDATE rec_answers SET superseded = 1 WHERE conversation = ? AND session = ? AND step = ? AND items = ? AND superseded = 0",
        )
        .bind(turn.conversation)
        .bind(session)
        .bind(step)
        .bind(items_text(items))
        .execute(&mut *self.db)
        .await?;
        self.parts.insert(Part::Answers);
        Ok(())
    }

    /// A contact, whole or as far as it was given; given again it takes the earlier one's place.
    pub(super) async fn contact_named(
        &mut self,
        turn: Turn<'_>,
        session: &str,
        list: &str,
        nth: u16,
        fields: &[(String, Private<Value>)],
        finished: bool,
    ) -> Result<(), RecordsError> {
        let of = turn.conversation;
        let name = fields
            .iter()
            .find_map(|(_, value)| if let Value::Name(name) = value.reveal() { Some(Private::new(name.clone())) } else { None });
        let phone = fields
            .iter()
            .find_map(|(_, value)| if let Value::Phone(phone) = value.reveal() { Some(Private::new(phone.clone())) } else { None });
        sqlx::query(
            "INSERT INTO rec_contacts_named (conversation, session, list, nth, name_sealed, phone_sealed, phone_hash, fields_sealed, finished, at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (conversation, session, list, nth) DO UPDATE SET name_sealed = excluded.name_sealed,
                 phone_sealed = excluded.phone_sealed, phone_hash = excluded.phone_hash, fields_sealed = excluded.fields_sealed,
                 finished = excluded.finished, at = excluded.at",
        )
        .bind(of)
        .bind(session)
        .bind(list)
        .bind(i64::from(nth))
        .bind(name.map(|name| self.vault.seal_text("contacts_named.name", of, &name)))
        .bind(phone.as_ref().map(|phone| self.vault.seal_text("contacts_named.phone", of, phone)))
        .bind(phone.as_ref().map(|phone| self.vault.hash("phone", phone.reveal())))
        .bind(self.vault.seal_json("contacts_named.fields", of, &fields)?)
        .bind(finished)
        .bind(turn.at)
        .execute(&mut *self.db)
        .await?;
        self.parts.insert(Part::Answers);
        Ok(())
    }

    pub(super) async fn consent(
        &mut self,
        turn: Turn<'_>,
        session: &str,
        step: &str,
        revision: &RevisionId,
        language: &Language,
        given: bool,
    ) -> Result<(), RecordsError> {
        sqlx::query("INSERT INTO rec_consents (conversation, session, step, revision, language, given, at) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(turn.conversation)
            .bind(session)
            .bind(step)
            .bind(revision.as_str())
            .bind(language.tag())
            .bind(given)
            .bind(turn.at)
            .execute(&mut *self.db)
            .await?;
        self.parts.insert(Part::Answers);
        self.mark(turn, Mark::Consent, if given { "given" } else { "refused" }, None).await
    }
}
