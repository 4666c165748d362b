//! The error of a value that does not meet its rule.

/// An invalid value; the text completes the sentence "The value …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(String);

impl InvalidValue {
    /// Makes the error; `must` states the rule.
    pub fn new(must: impl Into<String>) -> Self {
        Self(must.into())
    }
}
