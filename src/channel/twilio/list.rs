//! What Twilio received for us, asked for instead of told: its list of messages. Source: Twilio's OpenAPI document, `ListMessage`.
//!
//! Twilio does not repeat a webhook that was answered with an error, unless told to; a message lost so still stands in its list.

use jiff::Timestamp;
use serde_json::Value;

use super::{TwilioChannel, receive::Fields};
use crate::channel::{Happening, Inbound, Meaning, Request, Response, Transport, Unsendable, authorized, retry_after_s};

/// Messages of one page: with their longest texts they stay below what is read of an answer.
const PAGE_SIZE: &str = "100";

/// One page of a list.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// What came in, newest first as Twilio gives it.
    pub happenings: Vec<Happening>,
    /// Where the next page is, where there is one.
    pub next: Option<String>,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotListed {
    /// For now: not before so many seconds, where Twilio says so.
    Later {
        /// Seconds.
        after_s: Option<u64>,
    },
    /// Twilio refuses it, with this status.
    Refused {
        /// `401`
        status: u16,
    },
}

impl TwilioChannel {
    /// The request for messages to us from a time to another, or for the page that the one before named.
    ///
    /// # Errors
    /// Where the settings give no valid request, or the page's address leads anywhere but to our own messages.
    pub fn list(&self, since: Timestamp, until: Timestamp, page: Option<&str>) -> Result<Request, Unsendable> {
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", self.account_sid);
        let base = self.base_url.trim_end_matches('/');
        let url = match page {
            // A path, or a whole address as Twilio's own description has it. The credential goes nowhere but to our base, whatever it says.
            Some(next) => match next.parse::<http::Uri>() {
                Ok(next) if next.path() == path && next.query().is_some() => {
                    format!("{base}{path}?{}", next.query().unwrap_or_default())
                }
                Ok(_) | Err(_) => return Err(Unsendable::Configuration),
            },
            None => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                if let Some(from) = &self.from {
                    query.append_pair("To", from);
                }
                query.append_pair("DateSent>", &seconds(since).to_string()).append_pair("DateSent<", &seconds(until).to_string());
                query.append_pair("PageSize", PAGE_SIZE);
                format!("{base}{path}?{}", query.finish())
            }
        };
        authorized(http::Request::get(url), &self.credential()?, String::new())
    }

    /// What such a request was answered with.
    ///
    /// # Errors
    /// Why there is no page.
    pub fn listed(&self, answer: Result<&Response, Transport>) -> Result<Page, NotListed> {
        let response = answer.map_err(|_| NotListed::Later { after_s: None })?;
        let status = response.status().as_u16();
        if !response.status().is_success() {
            return Err(match Meaning::of_status(status) {
                Some(Meaning::Lasting(_)) => NotListed::Refused { status },
                Some(Meaning::Passing | Meaning::TooMany(_)) | None => NotListed::Later { after_s: retry_after_s(response) },
            });
        }
        let body: Value = serde_json::from_slice(response.body()).map_err(|_| NotListed::Later { after_s: None })?;
        let messages = body.get("messages").and_then(Value::as_array).ok_or(NotListed::Refused { status })?;
        let happenings = messages.iter().filter(|message| self.is_ours(message)).flat_map(|message| self.happened(message)).collect();
        let next = body.get("next_page_uri").and_then(Value::as_str).filter(|next| !next.is_empty()).map(str::to_owned);
        Ok(Page { happenings, next })
    }

    /// Whether it came in, and for this channel: a messaging service's numbers are not known here, but every message names it.
    fn is_ours(&self, message: &Value) -> bool {
        let is = |name: &str, value: &str| text(message, name) == Some(value);
        let to_us = match (&self.from, &self.messaging_service_sid) {
            (Some(from), _) => is("to", from),
            (None, Some(service)) => is("messaging_service_sid", service),
            (None, None) => false,
        };
        is("direction", "inbound") && to_us
    }

    /// What the webhook would have told, as far as the list says it: a tap comes as its words, a picture without its kind.
    fn happened(&self, message: &Value) -> Vec<Happening> {
        let Some(at) = ["date_sent", "date_created"].into_iter().find_map(|name| moment(text(message, name)?)) else { return Vec::new() };
        let mut form: Vec<(String, String)> = [("MessageSid", "sid"), ("From", "from"), ("To", "to"), ("Body", "body")]
            .into_iter()
            .filter_map(|(field, name)| Some((field.to_owned(), text(message, name)?.to_owned())))
            .collect();
        let media = message.pointer("/subresource_uris/media").and_then(Value::as_str).unwrap_or("media");
        let n_media = text(message, "num_media").and_then(|n| n.parse::<usize>().ok()).unwrap_or(0).min(super::receive::MEDIA);
        form.extend((0..n_media).map(|n| (format!("MediaUrl{n}"), media.to_owned())));
        match self.message(&Fields(&form), at) {
            Inbound::Happenings(happenings) => happenings,
            Inbound::Challenge(_) | Inbound::Refused | Inbound::Unreadable(_) => Vec::new(),
        }
    }
}

fn text<'a>(message: &'a Value, name: &str) -> Option<&'a str> {
    message.get(name).and_then(Value::as_str)
}

/// `Thu, 24 Aug 2023 05:01:45 +0000`
fn moment(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Whole seconds, as Twilio takes them.
fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
        channel::{Speed, Templates},
        engine::{Content, EventKind},
    };

    fn channel(from: Option<&str>, service: Option<&str>) -> TwilioChannel {
        TwilioChannel {
            name: "sms".to_owned(),
            account_sid: "AC1".to_owned(),
            auth_tokens: vec!["token".into()],
            from: from.map(str::to_owned),
            messaging_service_sid: service.map(str::to_owned),
            base_url: "https://api.twilio.com".to_owned(),
            templates: Templates::default(),
            speed: Speed::of_twilio(from),
            reconcile_s: 60,
        }
    }

    #[test]
    fn a_list_is_asked_for_by_number_and_time_and_its_pages_stay_at_home() {
        let channel = channel(Some("+15550100000"), None);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let asked = channel.list(at("2026-03-02T14:00:00.5Z"), at("2026-03-02T15:00:00Z"), None).unwrap();
        assert_eq!(asked.method(), "GET");
        assert_eq!(
            asked.uri().to_string(),
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json?To=%2B15550100000&DateSent%3E=2026-03-02T14%3A00%3A00Z\
             &DateSent%3C=2026-03-02T15%3A00%3A00Z&PageSize=100"
        );
        assert!(asked.headers().get("authorization").is_some_and(http::HeaderValue::is_sensitive));
        let page = |next: &str| channel.list(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH, Some(next)).map(|page| page.uri().to_string());
        let next = "/2010-04-01/Accounts/AC1/Messages.json?Page=1&PageToken=PASM1";
        assert_eq!(page(next).unwrap(), format!("https://api.twilio.com{next}"));
        for whole in [format!("https://api.twilio.com{next}"), format!("https://evil.example{next}")] {
            assert_eq!(page(&whole).unwrap(), format!("https://api.twilio.com{next}"), "only at home");
        }
        for elsewhere in ["https://evil.example/2010-04-01/Accounts/AC2/Messages.json?", "/2010-04-01/Accounts/AC2/Messages.json?", "@evil"]
        {
            assert_eq!(page(elsewhere), Err(Unsendable::Configuration), "{elsewhere}");
        }
    }

    #[test]
    fn only_what_came_in_for_us_is_read_with_its_own_time() {
        let message = |sid: &str, direction: &str, to: &str, media: &str| {
            format!(
                r#"{{"sid":"{sid}","direction":"{direction}","from":"+14155550123","to":"{to}","body":"hi","num_media":"{media}",
                "messaging_service_sid":"MG1","date_sent":"Thu, 24 Aug 2023 05:01:45 +0000","status":"received"}}"#
            )
        };
        let body = format!(
            r#"{{"messages":[{},{},{}],"next_page_uri":"/next"}}"#,
            message("SM1", "inbound", "+15550100000", "0"),
            message("SM2", "outbound-api", "+15550100000", "0"),
            message("MM3", "inbound", "+15550109999", "2"),
        );
        let response = http::Response::new(Bytes::from(body));
        let read = |channel: &TwilioChannel| {
            let page = channel.listed(Ok(&response)).unwrap();
            assert_eq!(page.next.as_deref(), Some("/next"));
            let event = |happening: Happening| match happening {
                Happening::Event { event, .. } => Some((event.id.0, event.at.to_string(), event.kind)),
                Happening::Receipt(_) | Happening::Ignored(_) => None,
            };
            page.happenings.into_iter().filter_map(event).collect::<Vec<_>>()
        };
        let text = EventKind::Message { channel: "sms".to_owned(), content: Content::Text("hi".into()) };
        let at = "2023-08-24T05:01:45Z".to_owned();
        assert_eq!(read(&channel(Some("+15550100000"), None)), [("SM1".to_owned(), at.clone(), text)]);
        let ids: Vec<String> = read(&channel(None, Some("MG1"))).into_iter().map(|(id, ..)| id).collect();
        assert_eq!(ids, ["SM1", "MM3", "MM3/1"], "as the webhook names them");
    }

    #[test]
    fn a_list_that_is_not_given_is_asked_for_again_or_told() {
        let channel = channel(Some("+15550100000"), None);
        for (status, body, expected) in [
            (429, "", NotListed::Later { after_s: Some(9) }),
            (503, "", NotListed::Later { after_s: Some(9) }),
            (200, "cut off {", NotListed::Later { after_s: None }),
            (401, "", NotListed::Refused { status: 401 }),
            (200, "{}", NotListed::Refused { status: 200 }),
        ] {
            let response = http::Response::builder().status(status).header("retry-after", "9").body(Bytes::from(body)).unwrap();
            assert_eq!(channel.listed(Ok(&response)), Err(expected), "{status} {body}");
        }
    }
}
