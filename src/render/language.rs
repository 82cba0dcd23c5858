//! How days, numbers, lists and counts are said in each language. The words are data: `languages.toml`.

use std::{collections::BTreeMap, sync::LazyLock};

use icu_plurals::{PluralCategory, PluralRules};
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// The table of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manner {
    months: [String; 12],
    weekdays: [String; 7],
    first_day: Option<String>,
    date: String,
    date_weekday: String,
    date_year: String,
    comma: String,
    and: String,
    and_before_i: Option<String>,
    decimal: String,
    /// "yes" as a value in the midst of words.
    pub(crate) yes: String,
    /// "no" as a value in the midst of words.
    pub(crate) no: String,
    /// "not sure" as a value in the midst of words.
    pub(crate) unsure: String,
    /// The plural forms of a number of days.
    pub(crate) days: Vec<String>,
}

/// How a day is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateStyle {
    /// `March 2`
    Short,
    /// `Monday, March 2`
    Weekday,
    /// `March 2, 2026`
    Year,
}

#[expect(clippy::expect_used, reason = "the table is part of the program and read by a test")]
static MANNERS: LazyLock<BTreeMap<String, Manner>> =
    LazyLock::new(|| toml::from_str(include_str!("languages.toml")).expect("languages.toml is well formed"));

impl Manner {
    /// The table of a language tag, of its first part, or of English.
    #[expect(clippy::expect_used, reason = "English stands in the table; a test reads it")]
    pub(crate) fn of(tag: &str) -> &'static Self {
        let primary = tag.split('-').next().unwrap_or(tag);
        MANNERS.get(tag).or_else(|| MANNERS.get(primary)).or_else(|| MANNERS.get("en")).expect("English is in the table")
    }

    /// A day in words.
    pub(crate) fn date(&self, date: Date, style: DateStyle) -> String {
        let pattern = match style {
            DateStyle::Short => &self.date,
            DateStyle::Weekday => &self.date_weekday,
            DateStyle::Year => &self.date_year,
        };
        let nth = |n: i8| usize::try_from(n).unwrap_or(1).saturating_sub(1);
        let month = self.months.get(nth(date.month())).map_or("", String::as_str);
        let weekday = self.weekdays.get(nth(Weekday::to_monday_one_offset(date.weekday()))).map_or("", String::as_str);
        let day = match &self.first_day {
            Some(first) if date.day() == 1 => first.clone(),
            Some(_) | None => date.day().to_string(),
        };
        pattern.replace("{day}", &day).replace("{month}", month).replace("{weekday}", weekday).replace("{year}", &date.year().to_string())
    }

    /// A number in words: at most two decimals, none where it is whole.
    pub(crate) fn number(&self, number: f64) -> String {
        let rounded = (number * 100.0).round() / 100.0;
        let plain = if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() };
        if self.decimal == "." { plain } else { plain.replace('.', &self.decimal) }
    }

    /// "Ana, Luis and Beto".
    pub(crate) fn list(&self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [before @ .., last] => {
                let and = match &self.and_before_i {
                    Some(and) if sounds_like_i(last) => and,
                    Some(_) | None => &self.and,
                };
                format!("{}{and}{last}", before.join(&self.comma))
            }
        }
    }
}

/// Whether a Spanish word begins with the sound of i: `Inés`, `Hilda`, but not `hielo`.
fn sounds_like_i(word: &str) -> bool {
    let lower = word.to_lowercase();
    let sound = lower.strip_prefix('h').unwrap_or(&lower);
    (sound.starts_with('i') || sound.starts_with('í')) && !["ia", "ie", "io", "iu"].iter().any(|glide| sound.starts_with(glide))
}

/// The form of a count in a language: forms are given in CLDR's order (zero, one, two, few, many, other), without those the language
/// lacks. Two forms are always "one" and "other"; where there are fewer forms than the language has, the last serves the rest, and fractions.
///
/// `None` where no form was given.
pub(crate) fn plural_form<'a>(tag: &str, number: f64, forms: &[&'a str]) -> Option<&'a str> {
    let last = *forms.last()?;
    let [_, _, ..] = forms else { return Some(last) };
    let rules = plural_rules(tag);
    let Some(rules) = rules else { return if number == 1.0 { forms.first().copied() } else { Some(last) } };
    let Ok(whole) = number.abs().to_string().parse::<u64>() else { return Some(last) };
    let category = rules.category_for(whole);
    if forms.len() == 2 {
        return if category == PluralCategory::One { forms.first().copied() } else { Some(last) };
    }
    let order =
        [PluralCategory::Zero, PluralCategory::One, PluralCategory::Two, PluralCategory::Few, PluralCategory::Many, PluralCategory::Other];
    let has: Vec<PluralCategory> = rules.categories().collect();
    let place = order.iter().filter(|one| has.contains(one)).position(|one| *one == category);
    Some(place.and_then(|place| forms.get(place)).copied().unwrap_or(last))
}

fn plural_rules(tag: &str) -> Option<PluralRules> {
    let locale = icu_locale_core::Locale::try_from_str(tag).ok()?;
    PluralRules::try_new_cardinal(locale.into()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_said_as_people_say_them() {
        let day = date(2026, 3, 2);
        let rows = [
            ("en", "March 2", "Monday, March 2", "March 2, 2026"),
            ("es", "2 de marzo", "lunes 2 de marzo", "2 de marzo de 2026"),
            ("fr-CA", "2 mars", "lundi 2 mars", "2 mars 2026"),
            ("pt-BR", "2 de março", "segunda-feira, 2 de março", "2 de março de 2026"),
            ("zh", "3月2日", "3月2日星期一", "2026年3月2日"),
            ("ar", "2 مارس", "الاثنين 2 مارس", "2 مارس 2026"),
            ("hi", "2 मार्च", "सोमवार, 2 मार्च", "2 मार्च 2026"),
            ("so", "March 2", "Monday, March 2", "March 2, 2026"),
        ];
        for (tag, short, weekday, year) in rows {
            let manner = Manner::of(tag);
            assert_eq!(manner.date(day, DateStyle::Short), short, "{tag}");
            assert_eq!(manner.date(day, DateStyle::Weekday), weekday, "{tag}");
            assert_eq!(manner.date(day, DateStyle::Year), year, "{tag}");
        }
        assert_eq!(Manner::of("fr").date(date(2026, 8, 1), DateStyle::Short), "1er août");
    }

    #[test]
    fn lists_are_joined_by_the_language() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let rows = [
            ("en", "Ana", "Ana"),
            ("en", "Ana Luis", "Ana and Luis"),
            ("en", "Ana Luis Beto", "Ana, Luis and Beto"),
            ("es", "Ana Luis", "Ana y Luis"),
            ("es", "Ana Inés", "Ana e Inés"),
            ("es", "Ana Hilda", "Ana e Hilda"),
            ("es", "agua hielo", "agua y hielo"),
            ("zh", "安 李", "安和李"),
            ("ar", "أ ب", "أ وب"),
        ];
        for (tag, items, joined) in rows {
            assert_eq!(Manner::of(tag).list(&names(items)), joined, "{tag} {items}");
        }
        assert_eq!(Manner::of("en").list(&[]), "");
    }

    #[test]
    fn each_count_takes_its_languages_form() {
        let rows: [(&str, f64, &[&str], &str); 16] = [
            ("en", 1.0, &["one", "other"], "one"),
            ("en", 0.0, &["one", "other"], "other"),
            ("en", 1.5, &["one", "other"], "other"),
            ("es", 1.0, &["one", "other"], "one"),
            ("es", 1_000_000.0, &["one", "other"], "other"),
            ("es", 1_000_000.0, &["one", "many", "other"], "many"),
            ("fr", 0.0, &["one", "other"], "one"),
            ("pl", 1.0, &["one", "few", "many"], "one"),
            ("pl", 3.0, &["one", "few", "many"], "few"),
            ("pl", 5.0, &["one", "few", "many"], "many"),
            ("ar", 2.0, &["zero", "one", "two", "few", "many", "other"], "two"),
            ("ar", 3.0, &["zero", "one", "two", "few", "many", "other"], "few"),
            ("ar", 2.0, &["one", "other"], "other"),
            ("zh", 1.0, &["other"], "other"),
            ("zh", 1.0, &["one", "other"], "other"),
            ("en", 4.0, &["only"], "only"),
        ];
        for (tag, number, forms, form) in rows {
            assert_eq!(plural_form(tag, number, forms), Some(form), "{tag} {number}");
        }
        assert_eq!(plural_form("en", 1.0, &[]), None);
    }

    #[test]
    fn numbers_lose_needless_decimals() {
        for (tag, number, text) in
            [("en", 3.0, "3"), ("en", 38.5, "38.5"), ("fr", 38.5, "38,5"), ("en", 37.777_77, "37.78"), ("en", -0.0, "0")]
        {
            assert_eq!(Manner::of(tag).number(number), text);
        }
    }
}
