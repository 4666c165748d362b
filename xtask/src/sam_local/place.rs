//! The files of a run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::workspace::Workspace;

/// All files of a run, in cargo's own folder. Only logs stay.
pub(super) struct Place {
    root: PathBuf,
}

impl Place {
    pub(super) fn of(workspace: &Workspace) -> Self {
        Self { root: workspace.target.join("sam-local") }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }

    /// Removes all but the logs.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        for folder in ["functions", "run"] {
            let path = self.path(folder);
            if path.exists() {
                fs::remove_dir_all(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
            }
        }
        Ok(())
    }
}

/// The names in a folder, in order.
///
/// # Errors
/// When it cannot be read.
pub(super) fn names_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<anyhow::Result<_>>()?;
    names.sort();
    Ok(names)
}
