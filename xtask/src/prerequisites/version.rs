//! Versions: read from what programs print, and compared with those that the tests use.

use std::fmt;

use anyhow::Context as _;

/// Every tool of the deployment with its version, as the tests install them.
const PINNED: &str = include_str!("../e2e/deployment.txt");

/// Three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32, u32, u32);

impl Version {
    pub(super) const fn of(major: u32, minor: u32, patch: u32) -> Self {
        Self(major, minor, patch)
    }

    /// The first three numbers with dots between that stand in a text.
    pub(super) fn in_text(text: &str) -> Option<Self> {
        text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
            let numbers: Option<Vec<u32>> = word.split('.').map(|part| part.parse().ok()).collect();
            match numbers?.as_slice() {
                [major, minor, patch, ..] => Some(Self(*major, *minor, *patch)),
                _ => None,
            }
        })
    }

    /// This version, if it is not older.
    pub(super) fn at_least(self, wanted: Self) -> Result<String, String> {
        if self < wanted { Err(format!("{self} is too old: {wanted} or later")) } else { Ok(self.to_string()) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The version of a package that the tests use.
///
/// # Errors
/// When they use no such package.
pub(super) fn pinned(package: &str) -> anyhow::Result<Version> {
    let line = PINNED.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    line.and_then(Version::in_text).with_context(|| format!("xtask/src/e2e/deployment.txt has no {package}"))
}
