//! The house rules that no compiler holds, as ordinary tests that read the workspace.
//!
//! They take their lists from the workspace itself wherever one can be found there, so that what is added is checked
//! without anybody thinking of this place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

mod alarms;
mod circles;
mod compliance;
mod console;
mod contract;
mod dependencies;
mod deployer;
mod documents;
mod encryption;
mod fresh_machine;
mod layers;
mod limits;
mod machine;
mod modules;
mod names;
mod operation_places;
mod protection;
mod sam_local;
mod settings;
mod smoke;
mod sources;
mod specification;
mod stored_names;
mod template;
mod timeouts;
mod versions;
mod walks;
mod workspace;
