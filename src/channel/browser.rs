//! The phone in the browser, of the demo and the simulator: a page that looks like a phone and texts as any number.

use super::Secret;
use crate::base::Medium;

/// A phone in the browser. One for each medium that it plays: with the capabilities of SMS or of WhatsApp.
#[derive(Clone, Debug)]
pub struct BrowserChannel {
    /// Its name in the configuration.
    pub name: String,
    /// What it plays: [`Medium::Sms`] or [`Medium::WhatsApp`].
    pub medium: Medium,
    /// The token that its page sends along: there is no signature.
    pub token: Secret,
}
