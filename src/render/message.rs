//! A `Say` becomes the messages that are kept and sent.

use super::{
    catalog::{Catalog, RenderFault},
    outgoing::{Outgoing, Shape},
    question::{self, Shown},
    split::{length, split},
};
use crate::{
    base::{Language, Medium, Private, capabilities::Capabilities},
    engine::effect::{Question, Say},
    flow::condition::Datum,
};

impl Catalog {
    /// The messages of a `Say`, in order, the question in the last: usually one, several where the channel's limit asks for it, none
    /// where nothing is to be said. How to answer is said in the language of the words above it, also where they have no translation.
    ///
    /// Every text may use `channel` (`sms`, `whatsapp`), whatever data it came with.
    ///
    /// # Errors
    /// A [`RenderFault`] with names only; the turn makes it a fault of the bot and calls a human.
    pub fn render(&self, say: &Say, medium: Medium, capabilities: &Capabilities) -> Result<Vec<Outgoing>, RenderFault> {
        let mut paragraphs = Vec::new();
        let mut language = None;
        for paragraph in &say.paragraphs {
            let mut data = paragraph.data.clone();
            if !data.iter().any(|(name, _)| name == "channel") {
                data.push(("channel".to_owned(), Datum::Text(medium.word().to_owned())));
            }
            let said = self.words(&paragraph.words, &say.language, &data)?;
            if !said.text.is_empty() {
                paragraphs.push(if paragraph.brief { last_line(said.text) } else { said.text });
                language = Some(said.language);
            }
        }
        let language = language.unwrap_or_else(|| say.language.clone());
        let texts = match &say.question {
            None => plain(&paragraphs.join("\n\n"), capabilities),
            Some(question) => self.asked(question, paragraphs, &language, capabilities)?,
        };
        Ok(texts
            .into_iter()
            .map(|(text, shape)| Outgoing { text: Private::new(text), shape, language: language.clone(), template: say.template.clone() })
            .collect())
    }

    fn asked(
        &self,
        question: &Question,
        mut paragraphs: Vec<String>,
        language: &Language,
        capabilities: &Capabilities,
    ) -> Result<Vec<(String, Shape)>, RenderFault> {
        match question::show(self, question, language, capabilities)? {
            Shown::Below(shape) => {
                let whole = paragraphs.join("\n\n");
                if length(&whole) <= capabilities.interactive_max {
                    return Ok(vec![(body_or_mark(whole), shape)]);
                }
                let asking = paragraphs.pop().unwrap_or_default();
                let mut texts = plain(&paragraphs.join("\n\n"), capabilities);
                let mut parts = split(&asking, capabilities.interactive_max);
                let last = parts.pop().unwrap_or_default();
                texts.extend(parts.into_iter().map(|part| (part, Shape::Text)));
                texts.push((body_or_mark(last), shape));
                Ok(texts)
            }
            Shown::Lines(lines) => {
                let tail = lines.join("\n");
                let asking = match (paragraphs.pop(), tail.is_empty()) {
                    (Some(words), true) => words,
                    (Some(words), false) => format!("{words}\n{tail}"),
                    (None, _) => tail,
                };
                let lead = paragraphs.join("\n\n");
                let whole = if lead.is_empty() { asking.clone() } else { format!("{lead}\n\n{asking}") };
                if length(&whole) <= capabilities.text_max {
                    return Ok(plain(&whole, capabilities));
                }
                let mut texts = plain(&lead, capabilities);
                texts.extend(plain(&asking, capabilities));
                Ok(texts)
            }
        }
    }
}

/// The last line, which asks; all of them where they end in a list.
fn last_line(text: String) -> String {
    match text.rsplit_once('\n') {
        Some((_, last)) if !last.starts_with("- ") && !last.starts_with(|c: char| c.is_ascii_digit()) => last.to_owned(),
        Some(_) | None => text,
    }
}

fn plain(text: &str, capabilities: &Capabilities) -> Vec<(String, Shape)> {
    split(text, capabilities.text_max).into_iter().map(|part| (part, Shape::Text)).collect()
}

/// Providers refuse an empty body above buttons.
fn body_or_mark(body: String) -> String {
    if body.is_empty() { "…".to_owned() } else { body }
}
