//! What a code and a refresh token stand for.

use super::claims::SignedIn;

/// What a code stands for.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) signed_in: SignedIn,
    /// The address that the code was sent to.
    pub(super) redirect: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    /// What all refresh tokens of this sign-in have in common.
    pub(super) family: String,
    pub(super) used: bool,
}

/// What a refresh token stands for.
#[derive(Clone, Debug)]
pub(super) struct Renewable {
    pub(super) signed_in: SignedIn,
    pub(super) family: String,
    pub(super) used: bool,
    pub(super) until: i64,
}
