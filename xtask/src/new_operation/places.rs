//! The list of places that an operation has, `xtask/operation-places.toml`. A test of the house rules reads it too.

use anyhow::Context as _;
use serde::Deserialize;

use crate::new_operation::operation::Kind;

/// One place.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Place {
    /// The file, with the name in one of its spellings.
    pub(crate) file: String,
    /// What stands in it.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by tests"))]
    pub(crate) holds: Vec<String>,
    /// How the generator makes it.
    pub(crate) made: Made,
    /// Which operations have it.
    of: Of,
    /// The kinds of operations that need it; none when all do.
    only: Option<Vec<Kind>>,
}

/// How the generator makes a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Made {
    /// A file from a template.
    New,
    /// A line or a block in a file that is there.
    Line,
    /// A command renews it.
    Renewed,
}

/// Which operations have a place. A new operation has a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Of {
    /// Every operation.
    Every,
    /// Those that have a route.
    Route,
    /// Those whose route is no GET.
    Writing,
}

impl Place {
    /// Whether an operation of this kind needs it.
    pub(crate) fn is_for(&self, kind: Kind) -> bool {
        (self.of != Of::Writing || kind == Kind::Writing)
            && self.only.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// The list.
///
/// # Errors
/// When it is not what this program can read.
pub(crate) fn places() -> anyhow::Result<Vec<Place>> {
    #[derive(Deserialize)]
    struct List {
        place: Vec<Place>,
    }
    let list: List = toml::from_str(include_str!("../../operation-places.toml")).context("operation-places.toml")?;
    Ok(list.place)
}
