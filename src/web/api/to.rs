//! `{"channel": "sms", "to": "+1 555 010 0777"}`: where somebody is reached, as callers write it.

use serde::Deserialize;

use crate::{
    answer::{self, Context, Expect, How, Reading, Reply, Value},
    base::{Address, Language, Medium, Private},
    channel::{Channel, canonical},
    runtime::Service,
    web::problem::Problem,
};

/// An address of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct To {
    /// A configured channel.
    pub channel: String,
    /// A number in any usual form, or a user id of WhatsApp.
    pub to: Private<String>,
}

impl To {
    /// The address and its channel.
    pub fn address<'s>(&self, service: &'s Service) -> Result<(Address, &'s Channel), Problem> {
        let channel = service.channel(&self.channel).ok_or_else(|| {
            let known: Vec<&str> = service.settings().channels.iter().map(Channel::name).collect();
            Problem::invalid(format!("`address.channel`: there is no such channel; there are {}", known.join(", ")))
        })?;
        let to = self.to.reveal().trim();
        let wrong = || Problem::invalid("`address.to` is no telephone number; write it with its country code, as in +15550100777");
        let address = match channel.medium() {
            Medium::WhatsApp if canonical::is_user_id(to) => channel.address(to),
            Medium::Sms | Medium::WhatsApp | Medium::Voice => {
                channel.address(&number(to, &service.settings().agency.country).ok_or_else(wrong)?)
            }
            Medium::Email | Medium::Web => channel.address(to),
        };
        Ok((address.ok_or_else(wrong)?, channel))
    }
}

/// A number as written, in E.164; read as a reply would be, and nothing may stand beside it.
fn number(text: &str, country: &str) -> Option<String> {
    let context = Context { language: &Language::english(), others: &[], today: jiff::civil::Date::ZERO, country };
    match answer::read(&Expect::Phone, &Reply::of(text), &context) {
        Reading::Clear { value: Value::Phone(number), how: How::Exact } => Some(number),
        Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_taken_as_people_write_them() {
        for (text, country, expected) in [
            ("+15550100777", "US", Some("+15550100777")),
            ("+1 (555) 010-0777", "US", Some("+15550100777")),
            ("555 010 0777", "US", Some("+15550100777")),
            ("030 901820", "DE", Some("+4930901820")),
            ("+55 11 98765-4321", "US", Some("+5511987654321")),
            ("Ana", "US", None),
            ("911", "US", None),
            ("", "US", None),
            ("+1 555 010 0777 ext. 5", "US", None),
            ("+155501007771234567", "US", None),
        ] {
            assert_eq!(number(text, country).as_deref(), expected, "{text} in {country}");
        }
    }
}
