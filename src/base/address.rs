//! Where someone is reached: a medium and a canonical id on it.

use serde::{Deserialize, Serialize};

use super::private::Private;

/// A way of talking. Several configured channels may serve one medium (two SMS providers, say).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Medium {
    /// Text messages to a telephone number.
    Sms,
    /// WhatsApp, whoever carries it.
    WhatsApp,
    /// Telephone calls.
    Voice,
    /// E-mail.
    Email,
    /// The web survey.
    Web,
}

impl Medium {
    /// The word for it in addresses, flow files and templates: `sms`, `whatsapp`, `voice`, `email`, `web`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::WhatsApp => "whatsapp",
            Self::Voice => "voice",
            Self::Email => "email",
            Self::Web => "web",
        }
    }

    /// The medium of a word, if it is one.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sms, Self::WhatsApp, Self::Voice, Self::Email, Self::Web].into_iter().find(|medium| medium.word() == word)
    }
}

/// Where someone is reached. Several people may share one address; one conversation belongs to each.
///
/// The id is canonical for the medium: E.164 with `+` for telephone numbers (WhatsApp too), a user id
/// such as `US.1349…` for a WhatsApp user without a visible number, a lower-case e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The way of talking.
    pub medium: Medium,
    /// The canonical id on it.
    pub id: Private<String>,
}

impl Address {
    /// An address from its parts; the id must be canonical already.
    pub fn new(medium: Medium, id: impl Into<String>) -> Self {
        Self { medium, id: Private::new(id.into()) }
    }

    /// Reads `sms:+15550100777`.
    ///
    /// # Errors
    /// A sentence that says what is missing, without the address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (medium, id) = text.split_once(':').ok_or("an address is a medium and an id, as in `sms:+15550100777`")?;
        let medium =
            Medium::from_word(medium).ok_or_else(|| format!("`{medium}` is no medium; write sms, whatsapp, voice, email or web"))?;
        let id = id.trim();
        if id.is_empty() {
            return Err("the id after the medium is empty".to_owned());
        }
        Ok(Self::new(medium, id))
    }

    /// `sms:+15550100777`: the form that is hashed into keys. Private: never logged.
    pub fn canonical(&self) -> Private<String> {
        Private::new(format!("{}:{}", self.medium.word(), self.id.reveal()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back_as_written() {
        let address = Address::parse("sms:+15550100777").unwrap();
        assert_eq!(address.canonical().reveal(), "sms:+15550100777");
        assert!(Address::parse("fax:1").unwrap_err().contains("`fax` is no medium"));
        assert!(Address::parse("sms: ").is_err());
    }
}
