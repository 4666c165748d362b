//! Instants as the service writes them: UTC, RFC 3339, milliseconds, always 24 characters.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike, Utc};
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

    /// The instant this many seconds earlier; the same instant where the result would be before the year 0000.
    #[must_use]
    pub fn earlier_by_seconds(self, seconds: u32) -> Self {
        let millis = self.unix_millis().saturating_sub(i64::from(seconds).saturating_mul(1000));
        Self::from_unix_millis(millis).unwrap_or(self)
    }

    /// The instant this many seconds later; the same instant where the result would be after the year 9999.
    #[must_use]
    pub fn later_by_seconds(self, seconds: u32) -> Self {
        let millis = self.unix_millis().saturating_add(i64::from(seconds).saturating_mul(1000));
        Self::from_unix_millis(millis).unwrap_or(self)
    }

    /// Reads any RFC 3339 instant and gives the first millisecond that is not before it.
    ///
    /// Stored instants are whole milliseconds. So the comparisons `stored >= instant` and `stored < instant` have the
    /// same results with the rounded instant, however many digits the text has.
    ///
    /// # Errors
    /// When it is not such an instant, or no such millisecond has a year of four digits.
    pub fn first_not_before(text: &str) -> Result<Self, InvalidValue> {
        let millis = instant(text).ok_or_else(no_instant)?.timestamp_millis();
        Self::from_unix_millis(millis.saturating_add(finer_than_millis(text).into())).ok_or_else(no_instant)
    }

    /// The same instant for libraries that use `chrono`.
    #[must_use]
    pub fn as_chrono(self) -> DateTime<Utc> {
        self.0
    }
}

/// A day in UTC, of the years 0000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(NaiveDate);

impl Day {
    /// The day of an instant.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.date_naive())
    }

    /// The first instant of the day.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        Timestamp(self.0.and_time(NaiveTime::MIN).and_utc())
    }

    /// The day before; none before the year 0000.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        self.0.pred_opt().filter(|day| day.year() >= 0).map(Self)
    }
}

/// The form `2026-11-23`.
impl StoredName for Day {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.format("%Y-%m-%d").to_string())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(*self))
    }
}

/// Parses an RFC 3339 instant in any offset. It must be a whole millisecond: the result is that instant and no other.
/// [`Timestamp::first_not_before`] reads finer ones.
impl FromStr for Timestamp {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = instant(text).and_then(|at| Self::from_unix_millis(at.timestamp_millis())).ok_or_else(no_instant)?;
        // It would come back as the second after it.
        if at_leap_second(text) {
            return Err(InvalidValue::new("must not be a leap second; write the second after it"));
        }
        if finer_than_millis(text) {
            return Err(InvalidValue::new("must not be finer than a millisecond, such as 2026-11-23T08:15:00.000Z"));
        }
        Ok(at)
    }
}

fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

fn no_instant() -> InvalidValue {
    InvalidValue::new("must be an RFC 3339 instant of the years 0000 to 9999 in UTC, such as 2026-11-23T08:15:00.000Z")
}

/// Whether an RFC 3339 instant names the second 60. The parser takes it in every minute.
fn at_leap_second(text: &str) -> bool {
    instant(text).is_some_and(|at| at.nanosecond() >= 1_000_000_000)
}

/// Whether an RFC 3339 instant has digits beyond the milliseconds. Looks at the text, because the parser drops every
/// digit beyond the nanoseconds.
fn finer_than_millis(text: &str) -> bool {
    const MILLIS_DIGITS: usize = 3;
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().take_while(u8::is_ascii_digit).skip(MILLIS_DIGITS).any(|digit| digit != b'0')
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
    use proptest::prelude::*;

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
    fn a_day_begins_at_its_first_instant_and_follows_the_day_before() {
        for text in ["2026-11-28T00:00:00.000Z", "2026-11-28T23:59:59.999Z"] {
            let day = text.parse().map(Day::of).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(day.stored_name(), "2026-11-28");
            assert_eq!(day.begins().to_string(), "2026-11-28T00:00:00.000Z");
            assert_eq!(
                day.before().map(|before| before.begins().to_string()),
                Some("2026-11-27T00:00:00.000Z".to_owned())
            );
        }
        let first = Timestamp::from_unix_millis(-62_167_219_200_000).map(Day::of);
        assert_eq!(
            first.map(|day| (day.stored_name().into_owned(), day.before())),
            Some(("0000-01-01".to_owned(), None))
        );
    }

    #[test]
    fn a_query_may_use_any_offset_but_a_stored_instant_may_not() {
        let offset = "2026-11-23T09:15:00.5+01:00";
        assert_eq!(offset.parse::<Timestamp>().map(|at| at.to_string()), Ok("2026-11-23T08:15:00.500Z".to_owned()));
        assert!(Timestamp::try_from(offset.to_owned()).is_err());
    }

    #[test]
    fn a_leap_second_is_no_timestamp_and_the_second_after_it_as_a_bound() {
        for text in ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60.500Z", "2026-11-23T08:15:60Z"] {
            let refused = text.parse::<Timestamp>().map_err(|invalid| invalid.to_string());
            assert_eq!(refused, Err("must not be a leap second; write the second after it".to_owned()), "{text}");
            assert!(Timestamp::try_from(text.to_owned()).is_err());
        }
        let bound = Timestamp::first_not_before("2016-12-31T23:59:60Z").map(|at| at.to_string());
        assert_eq!(bound, Ok("2017-01-01T00:00:00.000Z".to_owned()));
    }

    #[test]
    fn an_instant_finer_than_a_millisecond_is_no_timestamp_and_rounds_up_as_a_bound() {
        let read = |fraction: &str| {
            let text = format!("2026-11-23T08:15:20{fraction}Z");
            let millis = |at: Timestamp| at.unix_millis() - 1_795_421_720_000;
            (text.parse().map(millis).ok(), Timestamp::first_not_before(&text).map(millis).ok())
        };
        for (fraction, millis) in [("", 0), (".4", 400), (".498", 498), (".498000", 498), (".4980000000000", 498)] {
            assert_eq!(read(fraction), (Some(millis), Some(millis)), "{fraction}");
        }
        for (fraction, bound) in [(".4985", 499), (".498000001", 499), (".4980000000001", 499), (".9999", 1000)] {
            assert_eq!(read(fraction), (None, Some(bound)), "{fraction}");
        }
        assert!(Timestamp::first_not_before("9999-12-31T23:59:59.999Z").is_ok());
        assert!(Timestamp::first_not_before("9999-12-31T23:59:59.9991Z").is_err());
    }

    proptest! {
        /// Compared in nanoseconds, which is as fine as the parser reads.
        #[test]
        fn a_bound_divides_the_stored_instants_as_the_written_instant_does(
            millis in 0_i64..4_102_444_800_000,
            nanos in 0_i64..3_000_000,
            distance in -3_i64..=3,
        ) {
            let written = DateTime::from_timestamp_nanos(millis * 1_000_000 + nanos);
            let bound = Timestamp::first_not_before(&written.to_rfc3339()).ok();
            let stored = Timestamp::from_unix_millis(millis + distance);
            let exactly = stored.map(|stored| stored.as_chrono() >= written);
            prop_assert_eq!(stored.zip(bound).map(|(stored, bound)| stored >= bound), exactly);
        }
    }
}
