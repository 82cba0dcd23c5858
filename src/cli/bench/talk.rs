//! What the patients say: each goes through the interview again and again, and every message is signed as Twilio signs.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The flow of the bench.
pub const INTERVIEW: &str = include_str!("interview.yaml");
/// Its name.
pub const FLOW: &str = "interview";
/// What begins it, and the answers to its eight questions.
const SAYS: [&str; 9] = ["HELLO", "yes", "fever and cough", "yesterday", "38.2 C", "71 kg", "in a clinic", "Maria", "yes"];
/// The path of the webhook.
pub const PATH: &str = "/in/sms";
/// The token that signs: it protects nothing but this run.
pub const TOKEN: &str = "a-token-of-the-bench";
/// The account.
pub const ACCOUNT: &str = "AC00000000000000000000000000000000";

/// All conversations: how many messages each has sent.
pub struct Talks {
    n_sent: Vec<u32>,
    mac: Hmac<Sha1>,
}

impl Talks {
    /// Nobody has written yet.
    pub fn new(n: usize, public_url: &str) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mac = <Hmac<Sha1> as KeyInit>::new_from_slice(TOKEN.as_bytes()).expect("any key serves");
        Self { n_sent: vec![0; n], mac: mac.chain_update(format!("{public_url}{PATH}")) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.n_sent.len()
    }

    /// How many have written.
    pub fn n_begun(&self) -> usize {
        self.n_sent.iter().filter(|n| **n > 0).count()
    }

    /// Whether a conversation has written.
    pub fn has_begun(&self, nth: usize) -> bool {
        self.n_sent.get(nth).is_some_and(|n| *n > 0)
    }

    /// More of them, who have not written yet.
    pub fn grow_to(&mut self, n: usize) {
        self.n_sent.resize(n.max(self.n_sent.len()), 0);
    }

    /// The next message of a conversation was acknowledged.
    pub fn acknowledged(&mut self, nth: usize) {
        if let Some(n) = self.n_sent.get_mut(nth) {
            *n = n.wrapping_add(1);
        }
    }

    /// The next message of a conversation as an HTTP request.
    pub fn request(&self, nth: usize, request: &mut String) {
        let n_sent = self.n_sent.get(nth).copied().unwrap_or(0);
        let says = SAYS.iter().cycle().nth(usize::try_from(n_sent).unwrap_or(0) % SAYS.len()).copied().unwrap_or_default();
        let sid = format!("SM{nth:016x}{n_sent:016x}");
        let from = format!("+1555{nth:07}");
        // In the order of their names, as they are signed.
        let fields: [(&str, &str); 20] = [
            ("AccountSid", ACCOUNT),
            ("ApiVersion", "2010-04-01"),
            ("Body", says),
            ("From", &from),
            ("FromCity", "SPRINGFIELD"),
            ("FromCountry", "US"),
            ("FromState", "IL"),
            ("FromZip", "62701"),
            ("MessageSid", &sid),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsMessageSid", &sid),
            ("SmsSid", &sid),
            ("SmsStatus", "received"),
            ("To", "+15550100000"),
            ("ToCity", "CHICAGO"),
            ("ToCountry", "US"),
            ("ToState", "IL"),
            ("ToZip", "60601"),
            ("smsType", "P2P"),
        ];
        let mut mac = self.mac.clone();
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(512));
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
            form.append_pair(name, value);
        }
        let (form, signature) = (form.finish(), STANDARD.encode(mac.finalize().into_bytes()));
        request.clear();
        // Writing to a string cannot fail.
        let _ = write!(
            request,
            "POST {PATH} HTTP/1.1\r\nhost: bench\r\nuser-agent: TwilioProxy/1.1\r\ncontent-type: application/x-www-form-urlencoded; \
             charset=UTF-8\r\nx-twilio-signature: {signature}\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
    }
}
