//! What a rebuild of the index finds and leaves unchanged.

use alims_domain::hash_chain::Break;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::Version;
use std::fmt;

use crate::ports::NewerFormat;

/// The kinds of anomalies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// The stored history is broken: the workflow is locked until a person has reviewed it.
    Broken(Break),
    /// The index shows more published versions than the log holds. Either versions were lost or the entry is forged; a
    /// person must find out which.
    AheadOfLog {
        /// The published version in the index.
        published: Version,
        /// The newest version in the log; none when there is none.
        head: Option<Version>,
    },
    /// The log has another version than the one that the index shows as published. The entry is the last evidence of the
    /// published one.
    Replaced {
        /// The version.
        version: Version,
        /// The hash of the published one, which the index keeps.
        published: ChainHash,
        /// The hash of the one in the log.
        stored: ChainHash,
    },
    /// A newer release wrote an item that must be read.
    WrittenByNewerRelease(NewerFormat),
    /// An entry of the log of a kind that no operation writes.
    Stray,
    /// The bus or the index did not accept it this time.
    NotDone(String),
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(broken) => {
                write!(f, "the stored history is broken at version {}: {}", broken.at, broken.fault)
            }
            Self::AheadOfLog { published, head: Some(head) } => {
                write!(f, "the index says that version {published} is published, and the log ends at {head}")
            }
            Self::AheadOfLog { published, head: None } => {
                write!(f, "the index says that version {published} is published, and the log has no version")
            }
            Self::Replaced { version, published, stored } => {
                write!(f, "version {version} was published with the hash {published}, and the log has {stored}")
            }
            Self::WrittenByNewerRelease(newer) => write!(f, "left for a newer release: {newer}"),
            Self::Stray => f.write_str("an entry of the log that is neither a version nor a refusal of a workflow"),
            Self::NotDone(why) => write!(f, "could not be put in order this time: {why}"),
        }
    }
}
