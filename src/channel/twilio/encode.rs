//! One message as Twilio's create-Message form. Source: Twilio's OpenAPI document, `CreateMessage`.

use super::TwilioChannel;
use crate::{
    base::{Address, Medium, limit},
    channel::{Encoded, SendContext, Unsendable, console, post},
    render::{Outgoing, Shape},
};

impl TwilioChannel {
    /// The one request that sends a message.
    ///
    /// # Errors
    /// Where WhatsApp's window is shut and no template serves, the text is longer than 1,600 characters, or the address is no number.
    pub fn encode(&self, message: &Outgoing, to: &Address, context: &SendContext<'_>) -> Result<Encoded, Unsendable> {
        let prefix = match to.medium {
            Medium::Sms => "",
            Medium::WhatsApp => "whatsapp:",
            Medium::Voice | Medium::Email | Medium::Web => return Err(Unsendable::OtherMedium),
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", &format!("{prefix}{}", to.id.reveal()));
        if let Some(from) = &self.from {
            let number = from.strip_prefix("whatsapp:").unwrap_or(from);
            form.append_pair("From", &format!("{prefix}{number}"));
        }
        if let Some(service) = &self.messaging_service_sid {
            form.append_pair("MessagingServiceSid", service);
        }
        if to.medium == Medium::WhatsApp && context.window_shut {
            let template = message.template.as_ref().and_then(|key| self.templates.name(key, &message.language));
            form.append_pair("ContentSid", template.ok_or(Unsendable::WindowShut)?);
        } else {
            form.append_pair("Body", &body(message)?);
        }
        if to.medium == Medium::Sms {
            form.append_pair("SmartEncoded", "true");
        }
        let token: String = form_urlencoded::byte_serialize(context.outbox.as_str().as_bytes()).collect();
        form.append_pair("StatusCallback", &format!("{}/receipt/{}?m={token}", context.public_url.trim_end_matches('/'), self.name));
        let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", self.base_url.trim_end_matches('/'), self.account_sid);
        Ok(Encoded::Requests(vec![post(&url, "application/x-www-form-urlencoded", &self.credential()?, form.finish())?]))
    }
}

/// The text; buttons and rows, which need a registered template here, are written out under it.
fn body(message: &Outgoing) -> Result<String, Unsendable> {
    let text = match message.shape {
        Shape::Text | Shape::AskContact => message.text.reveal().clone(),
        Shape::Buttons(_) | Shape::List { .. } => console::written_out(message),
    };
    match text.chars().count() {
        0 => Err(Unsendable::Empty),
        n if n > limit::SMS_CHARS => Err(Unsendable::TooLong),
        _ => Ok(text),
    }
}
