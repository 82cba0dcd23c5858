//! Sealing of columns: each value is bound to its column and its conversation, so that it opens nowhere else.

use serde::{Serialize, de::DeserializeOwned};

use super::RecordsError;
use crate::{
    base::{Private, clock::Clock},
    security::seal::Sealer,
};

/// Seals and opens values of the record.
pub(super) struct Vault {
    sealer: Sealer,
    clock: Clock,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

/// A column, `messages.text`: part of what a sealed value is bound to. Never renamed.
pub(super) type Column = &'static str;

impl Vault {
    pub(super) const fn new(sealer: Sealer, clock: Clock) -> Self {
        Self { sealer, clock }
    }

    pub(super) fn sealing_key_id(&self) -> u16 {
        self.sealer.sealing_key_id(self.clock.now())
    }

    pub(super) fn seal(&self, column: Column, of: &str, plain: &[u8]) -> Vec<u8> {
        self.sealer.seal(&self.clock, &bound_to(column, of), plain)
    }

    pub(super) fn seal_text(&self, column: Column, of: &str, text: &Private<String>) -> Vec<u8> {
        self.seal(column, of, text.reveal().as_bytes())
    }

    /// Seals a value as JSON: readable by later versions, which may add fields.
    pub(super) fn seal_json<T: Serialize>(&self, column: Column, of: &str, value: &T) -> Result<Vec<u8>, RecordsError> {
        let plain = serde_json::to_vec(value).map_err(|_| RecordsError::Corrupt(column))?;
        Ok(self.seal(column, of, &plain))
    }

    pub(super) fn open(&self, column: Column, of: &str, sealed: &[u8]) -> Result<Vec<u8>, RecordsError> {
        self.sealer.open(&bound_to(column, of), sealed).map_err(|_| {
            metrics::counter!("intake_not_opened_total", "what" => "record").increment(1);
            RecordsError::Corrupt(column)
        })
    }

    pub(super) fn open_text(&self, column: Column, of: &str, sealed: &[u8]) -> Result<Private<String>, RecordsError> {
        let plain = self.open(column, of, sealed)?;
        String::from_utf8(plain).map(Private::new).map_err(|_| RecordsError::Corrupt(column))
    }

    pub(super) fn open_json<T: DeserializeOwned>(&self, column: Column, of: &str, sealed: &[u8]) -> Result<T, RecordsError> {
        serde_json::from_slice(&self.open(column, of, sealed)?).map_err(|_| RecordsError::Corrupt(column))
    }

    /// What finds a value without telling it.
    pub(super) fn hash(&self, what: &str, value: &str) -> Vec<u8> {
        self.sealer.keyed_hash(what, value.as_bytes()).to_vec()
    }
}

fn bound_to(column: Column, of: &str) -> Vec<u8> {
    format!("record/1/{column}/{of}").into_bytes()
}
