//! Sealing anew what is kept, after a new data key: page by page, each value put back only where it is still what was read, so that it
//! may run beside everything else.
//!
//! Lines of the journal are never changed: they wait for the recorder, which archives and trims them. Until it has, they count as left.

use super::{
    Store,
    codec::{self, HEADER_BYTES, Kind},
    contract::StoreError,
};
use crate::security::Sealer;

/// Values of one page: a bound on memory.
const PAGE: usize = 200;
const KINDS: [Kind; 5] = [Kind::Conversation, Kind::OutboxItem, Kind::Revision, Kind::Small, Kind::JournalEntry];

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values sealed anew.
    pub n_resealed: u64,
    /// Values that an older key still seals: changed under the sweep, in the journal, or not to be opened. Sweep again.
    pub n_left: u64,
}

impl std::ops::Add for Resealed {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { n_resealed: self.n_resealed + other.n_resealed, n_left: self.n_left + other.n_left }
    }
}

/// One page of sealed values of one kind: their scopes and stored forms, and where the next page begins.
#[derive(Debug, Default)]
pub struct Page {
    pub values: Vec<(String, Vec<u8>)>,
    pub next: Option<String>,
}

impl Store {
    /// What opens and seals here; shared with everything that was opened with it.
    pub fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    /// Seals with the key that seals now whatever another one has sealed.
    ///
    /// # Errors
    /// Where the store fails: what was done stands, and the sweep may be run again.
    pub async fn reseal(&self) -> Result<Resealed, StoreError> {
        let mut all = Resealed::default();
        for kind in KINDS {
            let mut after = Some(String::new());
            while let Some(from) = after {
                let page = self.0.back.sealed(kind, &from, PAGE).await?;
                for (scope, stored) in &page.values {
                    all = all + self.reseal_one(kind, scope, stored).await?;
                }
                after = page.next;
            }
        }
        Ok(all)
    }

    async fn reseal_one(&self, kind: Kind, scope: &str, stored: &[u8]) -> Result<Resealed, StoreError> {
        let now = self.0.clock.now();
        let by = stored.get(HEADER_BYTES..).and_then(Sealer::key_id_of);
        if by == Some(self.0.sealer.sealing_key_id(now)) {
            return Ok(Resealed::default());
        }
        if kind == Kind::JournalEntry {
            return Ok(Resealed { n_resealed: 0, n_left: 1 });
        }
        let anew = match codec::reseal(&self.0.sealer, &self.0.clock, kind, scope, stored) {
            Ok(anew) => anew,
            Err(error) => {
                tracing::error!(%error, "a stored value cannot be opened, and so not sealed anew");
                return Ok(Resealed { n_resealed: 0, n_left: 1 });
            }
        };
        // A value that was changed meanwhile is sealed by whoever changed it; the next sweep looks again.
        let replaced = self.0.back.replace(kind, scope, stored, anew).await?;
        Ok(Resealed { n_resealed: u64::from(replaced), n_left: u64::from(!replaced) })
    }
}
