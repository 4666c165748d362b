//! What is said of a value that is not what it should be.

/// An invalid value; the text completes the sentence "The value …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(String);

impl InvalidValue {
    /// Says what the value must be.
    pub fn new(must: impl Into<String>) -> Self {
        Self(must.into())
    }
}
