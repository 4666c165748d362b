//! The environment of a run: the region, the account, and the folder for its files.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::workspace::Workspace;

/// The emulated region; any would do.
pub(super) const REGION: &str = "eu-central-1";
/// The only account of the emulator.
pub(super) const ACCOUNT: &str = "000000000000";

/// The file in which the scenarios record their observations.
pub(super) const SEEN: &str = "seen.jsonl";

/// All files of one run, in cargo's own folder.
pub(super) struct Place {
    root: PathBuf,
}

impl Place {
    pub(super) fn new(workspace: &Workspace) -> anyhow::Result<Self> {
        let root = workspace.target.join("e2e");
        // Existing builds are kept: only changed parts are built again.
        let recording = root.join(SEEN);
        if recording.exists() {
            fs::remove_file(&recording).with_context(|| format!("{} cannot be removed", recording.display()))?;
        }
        for stale in ["logs", "run", "world.json"] {
            let path = root.join(stale);
            if path.is_dir() {
                fs::remove_dir_all(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
            }
        }
        for folder in ["logs", "run"] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.root.join("logs").join(format!("{name}.log"))
    }
}
