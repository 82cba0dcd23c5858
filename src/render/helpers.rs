//! The helpers of texts: `show` (which every `{{name}}` becomes), `plural`, `date`.

use handlebars::{Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason};
use jiff::civil::Date;
use serde_json::Value as Json;

use super::{
    language::{DateStyle, Manner, plural_form},
    template::MISSING,
};

/// Registers them for one language.
pub(crate) fn register(registry: &mut Handlebars<'static>, tag: &str) {
    registry.register_helper("show", Box::new(Show(Manner::of(tag), tag.to_owned())));
    registry.register_helper("plural", Box::new(Plural(Manner::of(tag), tag.to_owned())));
    registry.register_helper("date", Box::new(Day(Manner::of(tag))));
}

/// `{{name}}`: the value by its type; a missing one prints nothing.
struct Show(&'static Manner, String);

/// `{{plural n "1 person" "# people"}}`: `#` is the number.
struct Plural(&'static Manner, String);

/// `{{date d "weekday"}}`, `{{date d "year"}}`
struct Day(&'static Manner);

impl HelperDef for Show {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let shown = h.param(0).map(|param| show(self.0, &self.1, param.value())).unwrap_or_default();
        if shown.is_empty() {
            out.write(&MISSING.to_string())?
        } else {
            out.write(&shown)?
        }
        Ok(())
    }
}

impl HelperDef for Plural {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let number = h.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("plural", 0))?;
        let Some(number) = count(number.value()) else {
            out.write(&MISSING.to_string())?;
            return Ok(());
        };
        let forms: Vec<&str> = h.params().iter().skip(1).filter_map(|form| form.value().as_str()).collect();
        let form = plural_form(&self.1, number, &forms).ok_or(RenderErrorReason::ParamNotFoundForIndex("plural", 1))?;
        out.write(&form.replace('#', &self.0.number(number)))?;
        Ok(())
    }
}

impl HelperDef for Day {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let value = h.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("date", 0))?;
        let style = match h.param(1).and_then(|style| style.value().as_str()) {
            Some("weekday") => DateStyle::Weekday,
            Some("year") => DateStyle::Year,
            Some(_) | None => DateStyle::Short,
        };
        match day_of(value.value()) {
            Some(day) => out.write(&self.0.date(day, style))?,
            None => out.write(&MISSING.to_string())?,
        }
        Ok(())
    }
}

/// The number of a value: a number itself, or how many a list has.
fn count(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        #[expect(clippy::cast_precision_loss, reason = "lists have at most some dozens of items")]
        Json::Array(items) => Some(items.len() as f64),
        Json::Object(_) => value.get("days").and_then(Json::as_f64),
        Json::Null | Json::Bool(_) | Json::String(_) => None,
    }
}

fn day_of(value: &Json) -> Option<Date> {
    value.get("date").and_then(Json::as_str)?.parse().ok()
}

fn show(manner: &Manner, tag: &str, value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(true) => manner.yes.clone(),
        Json::Bool(false) => manner.no.clone(),
        Json::Number(number) => number.as_f64().map(|number| manner.number(number)).unwrap_or_default(),
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| show(manner, tag, item)).collect();
            manner.list(&items)
        }
        Json::Object(typed) => {
            if let Some(day) = day_of(value) {
                manner.date(day, DateStyle::Short)
            } else if let Some(days) = typed.get("days").and_then(Json::as_f64) {
                let forms: Vec<&str> = manner.days.iter().map(String::as_str).collect();
                plural_form(tag, days, &forms).unwrap_or_default().replace('#', &manner.number(days))
            } else if typed.contains_key("unsure") {
                manner.unsure.clone()
            } else {
                String::new()
            }
        }
    }
}
