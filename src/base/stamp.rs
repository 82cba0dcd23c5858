//! How a moment is stored: as milliseconds since 1970 where bytes count, as text (RFC 3339) where people read.
//!
//! [`super::clock`] gives milliseconds, providers seconds; what is finer is cut off as it is stored.
//!
//! Used as `#[serde(with = "stamp")]`, and `stamp::option`, `stamp::list`.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Writes a moment.
///
/// # Errors
/// The serializer's own.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() { at.serialize(serializer) } else { at.as_millisecond().serialize(serializer) }
}

/// Reads a moment.
///
/// # Errors
/// Where it is none, or before or after all moments that there are.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    if deserializer.is_human_readable() {
        return Timestamp::deserialize(deserializer);
    }
    Timestamp::from_millisecond(i64::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A moment as it is stored.
#[derive(Serialize, Deserialize)]
struct Stamp(#[serde(with = "self")] Timestamp);

/// A moment that may not be there.
pub mod option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Stamp, Timestamp};

    /// Writes it.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Stamp).serialize(serializer)
    }

    /// Reads it.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Stamp>::deserialize(deserializer)?.map(|stamp| stamp.0))
    }
}

/// Moments in a row.
pub mod list {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Stamp, Timestamp};

    /// Writes them.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(all: &[Timestamp], serializer: S) -> Result<S::Ok, S::Error> {
        all.iter().copied().map(Stamp).collect::<Vec<_>>().serialize(serializer)
    }

    /// Reads them.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Timestamp>, D::Error> {
        Ok(Vec::<Stamp>::deserialize(deserializer)?.into_iter().map(|stamp| stamp.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Moments {
        #[serde(with = "super")]
        one: Timestamp,
        #[serde(with = "super::option")]
        perhaps: Option<Timestamp>,
        #[serde(with = "super::list")]
        more: Vec<Timestamp>,
    }

    #[test]
    fn moments_are_short_in_bytes_and_plain_in_text() {
        let at: Timestamp = "2026-03-02T15:00:00.25Z".parse().unwrap();
        let moments = Moments { one: at, perhaps: Some(at), more: vec![at, Timestamp::UNIX_EPOCH] };
        let bytes = postcard::to_stdvec(&moments).unwrap();
        assert!(bytes.len() < 25, "{} bytes", bytes.len());
        assert_eq!(postcard::from_bytes::<Moments>(&bytes).unwrap(), moments);
        let text = serde_json::to_string(&moments).unwrap();
        assert!(text.starts_with(r#"{"one":"2026-03-02T15:00:00.25Z","perhaps":"2026-"#), "{text}");
        assert_eq!(serde_json::from_str::<Moments>(&text).unwrap(), moments);
        assert!(postcard::from_bytes::<Moments>(&[0xFF; 24]).is_err());
    }
}
