//! The one rule by which an id of a provider becomes the id of an [`Address`].
//!
//! A number is canonicalised for matching only and never validated: libphonenumber calls some of the ids that WhatsApp
//! itself gives (the Mexican `521…`, the older Brazilian form) invalid, and somebody writes from them all the same.

use crate::base::{Address, Medium};

/// The address of a number or user id on a medium, as a webhook, the API or an operator writes it: `+1 (555) 010-0777`,
/// `15550100777`, `whatsapp:+15550100777`, `US.1349…`. `None` where nothing of an id is left.
pub fn address(medium: Medium, text: &str) -> Option<Address> {
    let text = text.trim();
    let text = text.strip_prefix(medium.word()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(text).trim();
    match medium {
        Medium::Email => (!text.is_empty()).then(|| Address::new(medium, text.to_lowercase())),
        Medium::Web => (!text.is_empty()).then(|| Address::new(medium, text)),
        Medium::WhatsApp if is_user_id(text) => Some(Address::new(medium, text)),
        Medium::WhatsApp => number(text).map(|digits| Address::new(medium, format!("+{}", one_form(digits)))),
        Medium::Sms | Medium::Voice => number(text).map(|digits| Address::new(medium, format!("+{digits}"))),
    }
}

/// Whether an id is a WhatsApp user id (BSUID): two capitals of a country, a full stop, and no number: `US.1349…`, `US.ENT.1349…`.
pub fn is_user_id(id: &str) -> bool {
    id.split_once('.').is_some_and(|(country, rest)| {
        country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && !rest.is_empty()
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_' || b == b'-')
    })
}

/// The digits of a number, without what people write between them; `None` where something else than a number is written.
fn number(text: &str) -> Option<String> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let rest_is_writing = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}'));
    (rest_is_writing && !digits.is_empty()).then_some(digits)
}

/// One form for numbers that WhatsApp gives in two, that of today's numbering plan, by which an SMS would reach them too:
///
/// - Brazil: mobiles of eight digits get their 9: `554188887777` is `5541988887777`;
/// - Argentina: mobiles get the 9 after the country: `541123456789` is `5491123456789`;
/// - Mexico: the 1 of before 2019 is dropped: `5215512345678` is `525512345678`.
fn one_form(digits: String) -> String {
    let with = |country: &str, between: &str, rest: &str| format!("{country}{between}{rest}");
    match (digits.get(..2), digits.get(2..)) {
        (Some("55"), Some(rest)) if rest.len() == 10 => match (rest.get(..2), rest.get(2..)) {
            (Some(area), Some(own)) if own.starts_with(['6', '7', '8', '9']) => with("55", area, &format!("9{own}")),
            _ => digits,
        },
        (Some("54"), Some(rest)) if rest.len() == 10 && !rest.starts_with('9') => with("54", "9", rest),
        (Some("52"), Some(rest)) if rest.len() == 11 => match rest.strip_prefix('1') {
            Some(own) => with("52", "", own),
            None => digits,
        },
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_forms_of_one_number_are_one_address() {
        for (given, canonical) in [
            ("+5541988887777", "+5541988887777"),
            ("+554188887777", "+5541988887777"),
            ("554133334444", "+554133334444"), // a landline keeps its eight digits
            ("+5491123456789", "+5491123456789"),
            ("+541123456789", "+5491123456789"),
            ("5215512345678", "+525512345678"),
            ("525512345678", "+525512345678"),
            ("16505551234", "+16505551234"),
            ("+1 (650) 555-1234", "+16505551234"),
            ("whatsapp:+16505551234", "+16505551234"),
            ("US.13491208655302741918", "US.13491208655302741918"),
            ("IN.ENT.9081726354", "IN.ENT.9081726354"),
        ] {
            assert_eq!(address(Medium::WhatsApp, given), Some(Address::new(Medium::WhatsApp, canonical)), "{given}");
        }
    }

    #[test]
    fn an_sms_number_stays_as_the_network_gave_it() {
        for (given, canonical) in [("+541123456789", "+541123456789"), ("12345", "+12345"), ("sms:+15550100777", "+15550100777")] {
            assert_eq!(address(Medium::Sms, given), Some(Address::new(Medium::Sms, canonical)), "{given}");
        }
    }

    #[test]
    fn what_is_no_id_is_no_address() {
        for (medium, given) in [
            (Medium::Sms, ""),
            (Medium::Sms, "Ana"),
            (Medium::WhatsApp, "+"),
            (Medium::WhatsApp, "us.123"),
            (Medium::Email, " "),
            (Medium::Web, ""),
        ] {
            assert_eq!(address(medium, given), None, "{given}");
        }
    }
}
