//! What there is to work on: the workspace as cargo tells it.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context as _;
use cargo_metadata::MetadataCommand;

/// The workspace this program belongs to.
pub(crate) struct Workspace {
    /// Where the workspace's manifest lies.
    pub(crate) root: PathBuf,
    /// Its packages in the order of their names, each with its features but `default`.
    pub(crate) packages: Vec<(String, Vec<String>)>,
    /// Cargo's own folder.
    pub(crate) target: PathBuf,
}

/// How a binary is built.
pub(crate) enum Build {
    Development,
    /// With the profile `measure`.
    Measured,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo cannot read the workspace.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("cargo cannot read the workspace")?;
        let features_of = |package: &cargo_metadata::Package| {
            package.features.keys().filter(|name| *name != "default").cloned().collect::<Vec<_>>()
        };
        let mut packages: Vec<(String, Vec<String>)> =
            metadata.packages.iter().map(|package| (package.name.to_string(), features_of(package))).collect();
        packages.sort();
        Ok(Self {
            root: metadata.workspace_root.clone().into(),
            packages,
            target: metadata.target_directory.clone().into(),
        })
    }

    /// Where a binary lies once it is built.
    pub(crate) fn built(&self, build: Build, binary: &str) -> OsString {
        let folder = match build {
            Build::Development => "debug",
            Build::Measured => "measure",
        };
        let file = format!("{binary}{}", std::env::consts::EXE_SUFFIX);
        self.target.join(folder).join(file).into_os_string()
    }
}
