//! Anchors: numbered, signed lists of what the log of a tenant held in a period, kept in a place that who can change the
//! log cannot change. A comparison of log and anchors finds what no hash in the log can find: a cut end, a removed
//! entry, a history that was forged as a whole.
//!
//! An anchor covers a period that has ended some time ago, so that no entry of it can still be on its way. Each begins
//! where the one before it ends, and names that one by its hash.

mod compare;
mod leaf;
mod manifest;
mod merkle;
mod sequence;

pub use compare::{Comparison, Seen};
pub use leaf::Leaf;
pub use manifest::{Anchored, AnchoredHead, Manifest, NotAnAnchor, SignedAnchor, key_id};
pub use merkle::root_of;
pub use sequence::{AnchorFault, Finding, LogFault, Sequence, TakeError};
