//! Where a run plays: the region, the account, and the folder for what it leaves behind.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::workspace::Workspace;

/// The region that is played; any would do.
pub(super) const REGION: &str = "eu-central-1";
/// The account of everybody on the emulator.
pub(super) const ACCOUNT: &str = "000000000000";

/// The file in which the scenarios write down what they see.
pub(super) const SEEN: &str = "seen.jsonl";

/// Everything that one run leaves behind, beneath cargo's own folder.
pub(super) struct Place {
    root: PathBuf,
}

impl Place {
    pub(super) fn new(workspace: &Workspace) -> anyhow::Result<Self> {
        let root = workspace.target.join("e2e");
        // What is built is built anew only where it changed.
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
