//! Checked names and ids. The constructor checks each one once; later code trusts it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

use crate::invalid::InvalidValue;
use crate::stored_name::{Part, StoredName, half_digest, named_as_str};
use crate::visible_text::{clear, visible};

/// Defines a checked text. Its rule is a function from the text to an error message, if any.
///
/// A second rule may be given for what a caller sends. It holds for `FromStr` only and not for what is stored, so it may
/// change from release to release.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $rule:expr) => {
        checked_text!($(#[$doc])* $name, $rule, |_text| Ok(()));
    };
    ($(#[$doc:meta])* $name:ident, $rule:expr, $rule_sent:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let rule: fn(&str) -> Result<(), InvalidValue> = $rule;
                rule(&text).map(|()| Self(text))
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let rule_sent: fn(&str) -> Result<(), InvalidValue> = $rule_sent;
                let read = Self::try_from(text.to_owned())?;
                rule_sent(text).map(|()| read)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text!(
    /// The owner of the data: 1 to 64 of `A-Z a-z 0-9 . _ -`, but not `.`, `..` or a word for no value such as `null`.
    /// It opens every key, so it holds no `#`.
    TenantId,
    |text| {
        made_of(text, 64, "A-Z a-z 0-9 . _ -", |c| c.is_ascii_alphanumeric() || "._-".contains(c))?;
        no_step_of_a_path(text)?;
        some_value(text)
    }
);
checked_text!(
    /// A workflow, unique within its tenant: 1 to 128 of `A-Z a-z 0-9 . _ : -`, but not `.` or `..`.
    WorkflowId,
    |text| {
        made_of(text, 128, "A-Z a-z 0-9 . _ : -", |c| c.is_ascii_alphanumeric() || "._:-".contains(c))?;
        no_step_of_a_path(text)
    }
);
checked_text!(
    /// The kind of work, chosen by the laboratory: 1 to 64 of `a-z 0-9 -`.
    WorkflowType,
    |text| made_of(text, 64, "a-z 0-9 -", |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
    })
);
checked_text!(
    /// The acting principal: the subject of a verified token, 1 to 256 characters without control characters and
    /// without white space at its ends, of which one at least is visible and none hides or turns a part of the text. A
    /// word for no value such as `null`, or a text with the replacement character U+FFFD, is no principal.
    PrincipalId,
    |text| {
        plain_text(text, 256)?;
        some_value(text)
    },
    clear
);
checked_text!(
    /// A role in a laboratory's policies: 1 to 64 of `A-Z a-z 0-9 . _ : -`, but not a word for no value such as `null`.
    Role,
    |text| {
        made_of(text, 64, "A-Z a-z 0-9 . _ : -", |c| c.is_ascii_alphanumeric() || "._:-".contains(c))?;
        some_value(text)
    }
);
checked_text!(
    /// A person's name as a signature shows it: 1 to 128 characters without control characters and without white space
    /// at its ends, of which one at least is visible and none hides or turns a part of the text. A word for no value such
    /// as `null` is no name.
    PrintedName,
    |text| {
        plain_text(text, 128)?;
        some_value(text)
    },
    clear
);
checked_text!(
    /// A class or a method of authentication, the claims `acr` and `amr`: 1 to 128 visible ASCII characters.
    AuthenticationName,
    |text| {
        made_of(text, 128, "visible ASCII, no spaces", |c| c.is_ascii_graphic())?;
        some_value(text)
    }
);
checked_text!(
    /// A person's reason for a request: 1 to 1000 characters, of which one at least is visible.
    Reason,
    |text| prose(text, 1000),
    visible
);
checked_text!(
    /// The name of a label: 1 to 32 of `a-z 0-9 . _ -`.
    LabelName,
    |text| made_of(text, 32, "a-z 0-9 . _ -", |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c)
    })
);
checked_text!(
    /// The value of a label, compared character by character: 1 to 64 characters without control characters and without
    /// white space at its ends, of which one at least is visible and none hides or turns a part of the text.
    LabelValue,
    |text| plain_text(text, 64),
    clear
);
checked_text!(
    /// A failure, for machines: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
    FailureCode,
    |text| made_of(text, 64, "A-Z a-z 0-9 . _ : -", |c| c.is_ascii_alphanumeric() || "._:-".contains(c))
);
checked_text!(
    /// A failure, for people: 1 to 1000 characters, of which one at least is visible.
    FailureMessage,
    |text| prose(text, 1000),
    visible
);
checked_text!(
    /// The caller's own name for one request, which makes a repetition safe: 1 to 255 visible ASCII characters.
    IdempotencyKey,
    |text| made_of(text, 255, "visible ASCII, no spaces", |c| c.is_ascii_graphic())
);
checked_text!(
    /// Links the work of several services for one cause: 1 to 128 of `A-Z a-z 0-9 . _ : = ; -`.
    CorrelationId,
    |text| made_of(text, 128, "A-Z a-z 0-9 . _ : = ; -", |c| {
        c.is_ascii_alphanumeric() || "._:=;-".contains(c)
    })
);

checked_text!(
    /// The id of one recovery and the name of its execution: 1 to 80 of `A-Z a-z 0-9 _ -`, as Step Functions requires.
    RecoveryId,
    |text| made_of(text, 80, "A-Z a-z 0-9 _ -", |c| c.is_ascii_alphanumeric() || "_-".contains(c))
);

impl PrincipalId {
    /// The prefix of the service's own principals. The edge rejects a token with such a subject.
    pub const RESERVED_PREFIX: &'static str = "alims.workflow-manager/";

    /// The principal of automatic recoveries.
    #[must_use]
    pub fn automatic_recovery() -> Self {
        Self(format!("{}recovery", Self::RESERVED_PREFIX))
    }

    /// Whether this name is reserved for the service itself.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with(Self::RESERVED_PREFIX)
    }
}

/// A hyphenated UUID contains only characters that an id allows.
impl From<Uuid> for WorkflowId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }
}

fn made_of(text: &str, most: usize, of: &str, allowed: fn(char) -> bool) -> Result<(), InvalidValue> {
    if !text.is_empty() && text.len() <= most && text.chars().all(allowed) {
        Ok(())
    } else {
        Err(InvalidValue::new(format!("must be 1 to {most} characters; allowed: {of}")))
    }
}

/// Clients remove the segments `.` and `..` from a path, also written `%2e` (WHATWG URL, RFC 3986 section 5.2.4): no
/// request could name what is stored under them.
fn no_step_of_a_path(text: &str) -> Result<(), InvalidValue> {
    if matches!(text, "." | "..") {
        return Err(InvalidValue::new("must not be . or .., which clients remove from a path"));
    }
    Ok(())
}

/// Programs and gateways write these words where a value is missing or is no text: strangers would share the name.
fn some_value(text: &str) -> Result<(), InvalidValue> {
    const NO_VALUE: [&str; 8] = ["null", "<nil>", "nil", "none", "undefined", "nan", "true", "false"];
    if NO_VALUE.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Err(InvalidValue::new("must be a name, not a word for no value such as null"));
    }
    Ok(())
}

/// Text that keeps its characters everywhere: what trims it or replaces what it cannot read would make it another text.
fn plain_text(text: &str, most: usize) -> Result<(), InvalidValue> {
    let lost = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
    let whole = text.trim() == text && !text.chars().any(lost);
    if !text.is_empty() && text.chars().count() <= most && whole {
        Ok(())
    } else {
        Err(InvalidValue::new(format!(
            "must be 1 to {most} characters without control characters and U+FFFD, and without white space at its ends"
        )))
    }
}

fn prose(text: &str, most: usize) -> Result<(), InvalidValue> {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(forbidden) {
        Ok(())
    } else {
        Err(InvalidValue::new(format!(
            "must be 1 to {most} characters, not only white space and without control characters"
        )))
    }
}

/// The ids that this module makes contain only allowed characters.
impl RecoveryId {
    /// The recovery of a workflow at a version: the same attempt always has the same name.
    #[must_use]
    pub fn of_attempt(key: &WorkflowKey, version: Version, attempt: u32) -> Self {
        let digest = half_digest(&[Part::of(&key.tenant_id), Part::of(&key.workflow_id)]);
        Self(format!("{digest}-v{}-a{attempt}", version.stored_name()))
    }
}

/// The identity of one event, the same in the log, on the bus and in a refusal: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
#[serde(try_from = "String", into = "String")]
pub struct EventId(pub Uuid);

impl EventId {
    /// Milliseconds since 1970-01-01T00:00:00Z at which it was made: the first 48 bits (RFC 9562, section 5.7).
    #[must_use]
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0.as_u128() >> 80).unwrap_or(u64::MAX)
    }
}

/// Accepts only the form that this service writes, lower case with hyphens: stored bytes have one spelling.
impl TryFrom<String> for EventId {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Uuid::parse_str(&text)
            .ok()
            .map(Self)
            .filter(|id| String::from(*id) == text)
            .ok_or_else(|| InvalidValue::new("must be a UUID in lower case with hyphens"))
    }
}

/// The stored and sent form.
impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.0.hyphenated().to_string()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(*self))
    }
}

/// The number of a version: 1 for the creation, then one more for each accepted transition, without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = u64, minimum = 1))]
#[serde(try_from = "u64", into = "u64")]
pub struct Version(u64);

impl Version {
    /// The version a creation writes.
    pub const FIRST: Self = Self(1);
    /// The last version that ten digits can represent.
    pub const LAST: Self = Self(9_999_999_999);

    /// The version after this one; none after [`Version::LAST`].
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self < Self::LAST).then_some(Self(self.0 + 1))
    }

    /// The version before this one; none before [`Version::FIRST`].
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        (self > Self::FIRST).then_some(Self(self.0 - 1))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Version {
    type Error = InvalidValue;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        let version = Self(number);
        if (Self::FIRST..=Self::LAST).contains(&version) {
            Ok(version)
        } else {
            Err(InvalidValue::new("must be a whole number from 1 to 9999999999"))
        }
    }
}

impl From<Version> for u64 {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One workflow of one tenant: the address that every port uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkflowKey {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The workflow.
    pub workflow_id: WorkflowId,
}

impl fmt::Display for WorkflowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant_id, self.workflow_id)
    }
}

named_as_str!(IdempotencyKey, LabelName, LabelValue, PrincipalId, RecoveryId, TenantId, WorkflowId);

/// In decimal digits without padding.
impl StoredName for Version {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(self.get().to_string())
    }
}

/// Lower case with hyphens.
impl StoredName for EventId {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Owned(String::from(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_refuses_what_would_break_a_key_or_a_path() {
        for text in ["", "a/b", "a#b", "a b", "ä", "a\u{0}", &"x".repeat(129)] {
            assert!(text.parse::<WorkflowId>().is_err(), "{text:?}");
        }
        assert!("A.b_c:9-".parse::<WorkflowId>().is_ok());
        assert!("x".repeat(128).parse::<WorkflowId>().is_ok());
    }

    #[test]
    fn a_reason_is_counted_in_characters_and_says_something() {
        assert!("ä".repeat(1000).parse::<Reason>().is_ok());
        assert!("ä".repeat(1001).parse::<Reason>().is_err());
        assert!(" \n".parse::<Reason>().is_err());
        assert!("a\u{7}".parse::<Reason>().is_err());
    }

    #[test]
    fn a_text_of_invisible_characters_is_refused_when_it_is_sent_and_read_when_it_is_stored() {
        for text in ["\u{200b}", "\u{3164}\u{3164}", "\u{2800}", " \u{301}", "\u{feff}\u{fe0f}"] {
            assert!(text.parse::<Reason>().is_err(), "{text:?}");
            assert!(text.parse::<FailureMessage>().is_err(), "{text:?}");
            assert!(text.parse::<PrincipalId>().is_err(), "{text:?}");
            let stored = || text.to_owned();
            assert!(Reason::try_from(stored()).is_ok() && FailureMessage::try_from(stored()).is_ok(), "{text:?}");
            // White space at an end was never a part of a subject.
            assert_eq!(PrincipalId::try_from(stored()).is_ok(), text.trim() == text, "{text:?}");
        }
        assert!("\u{200b}a".parse::<Reason>().is_ok());
    }

    #[test]
    fn versions_have_two_ends() {
        assert!(Version::try_from(0).is_err());
        assert!(Version::try_from(10_000_000_000).is_err());
        assert_eq!(Version::LAST.next(), None);
        assert_eq!(Version::FIRST.previous(), None);
        assert_eq!(Version::FIRST.next().and_then(Version::previous), Some(Version::FIRST));
    }
}
