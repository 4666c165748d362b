//! Instants as the service writes them: UTC, RFC 3339, milliseconds, always 24 characters.

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::invalid::InvalidValue;
use crate::stored_name::StoredName;

/// An instant of the years 0000 to 9999 with a resolution of one millisecond. Its text sorts in time order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, format = DateTime))]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The instant `millis` milliseconds after 1970-01-01T00:00:00Z; none outside the years 0000 to 9999.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(millis).filter(|at| (0..=9999).contains(&at.year())).map(Self)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// The instant this many seconds later; the same instant where the result would be after the year 9999.
    #[must_use]
    pub fn later_by_seconds(self, seconds: u32) -> Self {
        let millis = self.unix_millis().saturating_add(i64::from(seconds).saturating_mul(1000));
        Self::from_unix_millis(millis).unwrap_or(self)
    }

    /// The same instant for libraries that use `chrono`.
    #[must_use]
    pub fn as_chrono(self) -> DateTime<Utc> {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(*self))
    }
}

/// Parses any RFC 3339 instant, in any offset, and truncates it to milliseconds.
impl FromStr for Timestamp {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .and_then(|at| Self::from_unix_millis(at.timestamp_millis()))
            .ok_or_else(|| InvalidValue::new("must be an RFC 3339 instant such as 2026-11-23T08:15:00.000Z"))
    }
}

/// Accepts only the form that this service writes: stored bytes need one spelling, or the chain could not protect them.
impl TryFrom<String> for Timestamp {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse::<Self>()
            .ok()
            .filter(|at| String::from(*at) == text)
            .ok_or_else(|| InvalidValue::new("must be of the form 2026-11-23T08:15:00.000Z"))
    }
}

/// The stored and sent form.
impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.0.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

/// The form in JSON.
impl StoredName for Timestamp {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(String::from(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_24_characters_and_reads_back() {
        for millis in [0, 1, 999, 1_795_421_701_234, -62_167_219_200_000, 253_402_300_799_999] {
            let at = Timestamp::from_unix_millis(millis).map(|at| at.to_string()).unwrap_or_default();
            assert_eq!(at.len(), 24, "{at}");
            assert_eq!(Timestamp::try_from(at).map(Timestamp::unix_millis), Ok(millis));
        }
        assert_eq!(Timestamp::from_unix_millis(253_402_300_800_000), None);
    }

    #[test]
    fn a_query_may_use_any_offset_but_a_stored_instant_may_not() {
        let offset = "2026-11-23T09:15:00.5+01:00";
        assert_eq!(offset.parse::<Timestamp>().map(|at| at.to_string()), Ok("2026-11-23T08:15:00.500Z".to_owned()));
        assert!(Timestamp::try_from(offset.to_owned()).is_err());
    }
}
