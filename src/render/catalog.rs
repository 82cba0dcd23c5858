//! All texts, compiled once: those of revisions, and the shared ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use handlebars::{Context, Handlebars, RenderErrorReason, no_escape};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json};

use super::{helpers, phrases, template};
use crate::{
    base::{Language, id::RevisionId},
    engine::effect::Words,
    flow::{
        Revision,
        condition::Datum,
        model::{Body, Flow, TextId},
        text::is_template,
    },
};

/// Shared texts by name, then by language tag; as [`Revision::partials`] and [`phrases::defaults`] have them.
pub type Partials = BTreeMap<String, BTreeMap<String, String>>;

/// The texts of any number of revisions, and the shared ones in service; cheap to clone.
#[derive(Clone, Debug)]
pub struct Catalog {
    shared: Arc<Compiled>,
    revisions: BTreeMap<RevisionId, Arc<Compiled>>,
}

/// Why something cannot be put into words. Names only, never a value of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// The revision was not added to the catalog.
    #[error("revision {0} is not loaded")]
    NoRevision(RevisionId),
    /// The revision has no such flow, or the flow no such text.
    #[error("flow `{flow}` has no text {text}")]
    NoText {
        /// The flow.
        flow: String,
        /// The text's number.
        text: usize,
    },
    /// No shared text of this name in any language.
    #[error("no shared text `{0}` under templates/messages")]
    NoPhrase(String),
    /// The text does not go as a template.
    #[error("the text at {place} cannot be filled: {why}")]
    Template {
        /// `daily-check, step each_unwell.danger`
        place: String,
        /// What handlebars refused, without values.
        why: String,
    },
}

/// Words ready to be shown, and the language they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) language: Language,
}

/// One set of texts: a revision's flows with its shared texts, or the shared texts alone.
#[derive(Debug, Default)]
struct Compiled {
    revision: Option<Arc<Revision>>,
    partials: Partials,
    /// By language tag: a registry whose partials are in that language as far as they go.
    registries: BTreeMap<String, Handlebars<'static>>,
    /// Texts without names, by language tag: as they are said.
    fixed: BTreeMap<String, Fixed>,
    /// Texts that are no templates, by registered name: why.
    broken: BTreeMap<String, String>,
}

/// Texts without names.
#[derive(Debug, Default)]
struct Fixed {
    shared: FxHashMap<String, String>,
    /// Of each flow, by the text's number.
    flows: FxHashMap<String, Vec<Option<String>>>,
}

impl Catalog {
    /// A catalog of one revision; its shared texts serve where no revision is named.
    pub fn for_revision(revision: &Arc<Revision>) -> Self {
        let compiled = Arc::new(Compiled::of(&revision.partials, Some(revision)));
        Self { shared: compiled.clone(), revisions: BTreeMap::from([(revision.id.clone(), compiled)]) }
    }

    /// A catalog of shared texts; those not given are the embedded ones.
    pub fn shared(partials: &Partials) -> Self {
        Self { shared: Arc::new(Compiled::of(partials, None)), revisions: BTreeMap::new() }
    }

    /// Adds a revision's texts; one already there is left as it is.
    pub fn add(&mut self, revision: &Arc<Revision>) {
        if !self.holds(&revision.id) {
            self.revisions.insert(revision.id.clone(), Arc::new(Compiled::of(&revision.partials, Some(revision))));
        }
    }

    /// Whether a revision's texts are here.
    pub fn holds(&self, revision: &RevisionId) -> bool {
        self.revisions.contains_key(revision)
    }

    /// Fills one text.
    pub(crate) fn words(&self, words: &Words, language: &Language, data: &[(String, Datum)]) -> Result<Said, RenderFault> {
        match words {
            Words::Plain(text) => Ok(Said { text: text.reveal().trim().to_owned(), language: language.clone() }),
            Words::Flow { revision, flow, text } => {
                let compiled = self.revisions.get(revision).ok_or_else(|| RenderFault::NoRevision(revision.clone()))?;
                compiled.flow_text(flow, *text, language, data)
            }
            Words::Shared { revision, name } => {
                let compiled = match revision {
                    None => &self.shared,
                    Some(id) => self.revisions.get(id).ok_or_else(|| RenderFault::NoRevision(id.clone()))?,
                };
                compiled.phrase(name, language, data)
            }
        }
    }

    /// Fills a shared text in service.
    pub(crate) fn phrase(&self, name: &str, language: &Language, data: &[(String, Datum)]) -> Result<Said, RenderFault> {
        self.shared.phrase(name, language, data)
    }
}

impl Compiled {
    fn of(given: &Partials, revision: Option<&Arc<Revision>>) -> Self {
        let mut partials = phrases::defaults();
        for (name, languages) in given {
            partials.entry(name.clone()).or_default().extend(languages.clone());
        }
        let mut compiled = Self { revision: revision.cloned(), partials, ..Self::default() };
        for tag in compiled.tags() {
            let (registry, fixed) = compiled.registry(&tag);
            compiled.registries.insert(tag.clone(), registry);
            compiled.fixed.insert(tag, fixed);
        }
        compiled
    }

    /// Every language that some text is in.
    fn tags(&self) -> BTreeSet<String> {
        let mut tags: BTreeSet<String> = self.partials.values().flat_map(|languages| languages.keys().cloned()).collect();
        for flow in self.revision.iter().flat_map(|revision| revision.flows.values()) {
            tags.extend(flow.languages.iter().map(|language| language.tag().to_owned()));
            tags.extend(flow.texts.iter().flat_map(|text| text.translations.keys()).map(|language| language.tag().to_owned()));
        }
        tags
    }

    fn registry(&mut self, tag: &str) -> (Handlebars<'static>, Fixed) {
        let mut registry = Handlebars::new();
        registry.register_escape_fn(no_escape);
        registry.set_prevent_indent(true);
        helpers::register(&mut registry, tag);
        let (mut broken, mut fixed) = (Vec::new(), Fixed::default());
        // Gives it back as it is said, where it has no names.
        let mut put = |name: &str, text: &str| match template::parse(text) {
            Ok(parsed) => {
                registry.register_template(name, parsed);
                (!is_template(text)).then(|| template::tidy(text))
            }
            Err(error) => {
                broken.push((broken_key(tag, name), error.reason().to_string()));
                None
            }
        };
        for (name, languages) in &self.partials {
            if let Some(said) = pick(languages, tag).and_then(|(_, text)| put(name, text)) {
                fixed.shared.insert(name.clone(), said);
            }
        }
        for (name, flow) in self.revision.iter().flat_map(|revision| &revision.flows) {
            let texts = flow.texts.iter().enumerate().map(|(n, text)| {
                let own = text.translations.iter().find(|(language, _)| language.tag() == tag).map(|(_, translation)| &translation.text);
                let source = flow.languages.first().is_some_and(|language| language.tag() == tag).then_some(&text.source);
                own.or(source).and_then(|words| put(&text_key(name, n), words))
            });
            fixed.flows.insert(name.clone(), texts.collect());
        }
        self.broken.extend(broken);
        (registry, fixed)
    }

    fn flow_text(&self, name: &str, id: TextId, language: &Language, data: &[(String, Datum)]) -> Result<Said, RenderFault> {
        let missing = || RenderFault::NoText { flow: name.to_owned(), text: id.0 };
        let flow = self.revision.as_ref().and_then(|revision| revision.flows.get(name)).ok_or_else(missing)?;
        let text = flow.texts.get(id.0).ok_or_else(missing)?;
        let source = flow.languages.first();
        let has = |one: &Language| Some(one) == source || text.translations.contains_key(one);
        let own = Some(language).filter(|language| has(language)).cloned();
        let near = || Language::parse(language.primary()).filter(has).or_else(|| source.cloned());
        let language = own.or_else(near).unwrap_or_else(Language::english);
        let fixed = self.fixed.get(language.tag()).and_then(|fixed| fixed.flows.get(name)?.get(id.0)?.as_ref());
        if let Some(text) = fixed {
            return Ok(Said { text: text.clone(), language });
        }
        let place = || if text.step.is_empty() { name.to_owned() } else { format!("{name}, step {}", text.step) };
        self.fill(&text_key(name, id.0), language, data, Some(flow), place)
    }

    fn phrase(&self, name: &str, language: &Language, data: &[(String, Datum)]) -> Result<Said, RenderFault> {
        let missing = || RenderFault::NoPhrase(name.to_owned());
        let languages = self.partials.get(name).ok_or_else(missing)?;
        let (tag, _) = pick(languages, language.tag()).ok_or_else(missing)?;
        let own = Some(language).filter(|language| language.tag() == tag).cloned();
        let language = own.or_else(|| Language::parse(tag)).ok_or_else(missing)?;
        if let Some(text) = self.fixed.get(language.tag()).and_then(|fixed| fixed.shared.get(name)) {
            return Ok(Said { text: text.clone(), language });
        }
        self.fill(name, language, data, None, || format!("templates/messages/{name}"))
    }

    fn fill(
        &self,
        key: &str,
        language: Language,
        data: &[(String, Datum)],
        flow: Option<&Arc<Flow>>,
        place: impl Fn() -> String,
    ) -> Result<Said, RenderFault> {
        let fault = |why: String| RenderFault::Template { place: place(), why };
        if !self.broken.is_empty()
            && let Some(why) = self.broken.get(&broken_key(language.tag(), key))
        {
            return Err(fault(why.clone()));
        }
        let registry = self.registries.get(language.tag()).ok_or_else(|| fault(format!("no words in `{language}`")))?;
        let mut values = Map::new();
        for (name, datum) in data {
            values.insert(name.clone(), self.value(name, datum, flow, &language));
        }
        let mut context = Context::null();
        *context.data_mut() = Json::Object(values);
        let filled = registry.render_with_context(key, &context).map_err(|error| fault(why(error.reason())))?;
        Ok(Said { text: template::tidy(&filled), language })
    }

    /// A datum as templates see it; options of the flow's questions by their labels.
    fn value(&self, name: &str, datum: &Datum, flow: Option<&Arc<Flow>>, language: &Language) -> Json {
        let label = |key: &String| {
            let text = flow.and_then(|flow| Some((flow, option_text(flow, name, key)?)));
            let said = text.and_then(|(flow, text)| self.flow_text(&flow.name, text, language, &[]).ok());
            Json::String(said.map_or_else(|| key.clone(), |said| said.text))
        };
        match datum {
            Datum::Missing => Json::Null,
            Datum::Truth(truth) => Json::Bool(*truth),
            Datum::Unsure => serde_json::json!({"unsure": true}),
            Datum::Number(number) => json_number(*number),
            Datum::Date(date) => serde_json::json!({"date": date.to_string()}),
            Datum::Days(days) => serde_json::json!({"days": days}),
            Datum::Text(text) => Json::String(text.trim().to_owned()),
            Datum::Choice(key) => label(key),
            Datum::Choices(keys) => Json::Array(keys.iter().map(label).collect()),
        }
    }
}

/// A whole number as an integer, so that `{{#if (eq n 2)}}` holds.
fn json_number(number: f64) -> Json {
    let text = number.to_string();
    text.parse::<i64>().map_or_else(|_| serde_json::json!(number), |whole| serde_json::json!(whole))
}

/// The label of an option of the question that a name stands for: its whole path, or its own name.
fn option_text(flow: &Flow, name: &str, key: &str) -> Option<TextId> {
    let step = flow.steps.iter().find(|step| step.path == name).or_else(|| flow.steps.iter().find(|step| step.name == name))?;
    match &step.body {
        Body::Ask(ask) => ask.options.iter().find(|option| option.key == key).map(|option| option.say),
        Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_) => None,
    }
}

/// The text of a language: its own, that of its first part, English, or the first there is.
fn pick<'a>(languages: &'a BTreeMap<String, String>, tag: &str) -> Option<(&'a String, &'a String)> {
    let primary = tag.split('-').next().unwrap_or(tag);
    [tag, primary, "en"].iter().find_map(|tag| languages.get_key_value(*tag)).or_else(|| languages.iter().next())
}

fn text_key(flow: &str, n: usize) -> String {
    format!("flow/{flow}/{n}")
}

fn broken_key(tag: &str, name: &str) -> String {
    format!("{tag} {name}")
}

/// What went wrong, by names of templates and helpers alone.
fn why(reason: &RenderErrorReason) -> String {
    match reason {
        RenderErrorReason::PartialNotFound(name) => format!("there is no shared text `{name}`"),
        RenderErrorReason::HelperNotFound(name) => format!("there is no helper `{name}`"),
        RenderErrorReason::ParamNotFoundForIndex(helper, n) => format!("`{helper}` lacks parameter {}", n + 1),
        RenderErrorReason::CannotIncludeSelf => "a shared text includes itself".to_owned(),
        // The list is open, and others may quote values.
        _ => "the template does not fit its values".to_owned(),
    }
}
