//! All changes for a new operation, made in memory: either every place is found or nothing is written.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::new_operation::operation::Operation;
use crate::new_operation::places::{Made, Place};
use crate::new_operation::{lines, templates};

/// One file as it is to be.
#[derive(Debug)]
pub(crate) struct Change {
    /// From the workspace's root on.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether the file is new.
    pub(crate) is_new: bool,
}

/// Every change.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
}

/// Goes through the places and works out each change.
///
/// # Errors
/// When the operation or its route is there already, or a place is not found: the error names the file.
pub(crate) fn plan(root: &Path, operation: &Operation, places: &[Place]) -> anyhow::Result<Plan> {
    refuse_what_is_there(root, operation)?;
    let mut changes = Vec::new();
    for place in places.iter().filter(|place| place.is_for(operation.kind)) {
        let path = operation.named(&place.file);
        match place.made {
            Made::Renewed => {}
            Made::New => {
                ensure!(!root.join(&path).exists(), "{path} is there already");
                changes.push(Change { text: templates::file(&place.file, operation)?, path, is_new: true });
            }
            Made::Line => {
                let text = std::fs::read_to_string(root.join(&path)).with_context(|| format!("{path} is missing"))?;
                let text = lines::added(&path, &text, operation).with_context(|| {
                    format!("{path}: nothing is written; put the line back, or teach the generator")
                })?;
                changes.push(Change { path, text, is_new: false });
            }
        }
    }
    Ok(Plan { changes })
}

fn refuse_what_is_there(root: &Path, operation: &Operation) -> anyhow::Result<()> {
    let functions = root.join("functions");
    ensure!(!functions.join(&operation.name).exists(), "{} is there already: choose another name", operation.name);
    let (method, path) = (format!("Method::{}", operation.method), format!("path: \"{}\"", operation.path));
    for function in std::fs::read_dir(&functions).context("functions is missing")? {
        let route = function?.path().join("src").join("route.rs");
        let taken = std::fs::read_to_string(&route).is_ok_and(|text| text.contains(&method) && text.contains(&path));
        ensure!(!taken, "{} {} is the route of {}", operation.method, operation.path, route.display());
    }
    Ok(())
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{} {}", if change.is_new { "new    " } else { "changed" }, change.path)?;
        }
        let new = self.changes.iter().filter(|change| change.is_new).count();
        write!(f, "{} files, {new} of them new", self.changes.len())
    }
}
