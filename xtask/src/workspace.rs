//! The workspace, as cargo describes it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context as _;
use cargo_metadata::MetadataCommand;

/// The integration tests that start programs or take minutes.
const SLOW_TESTS: [&str; 8] = ["deployed", "interrupted", "killed", "lambda", "laptop", "local", "proof", "readme"];

/// The workspace this program belongs to.
pub(crate) struct Workspace {
    /// The folder of the workspace's manifest.
    pub(crate) root: PathBuf,
    /// Its packages in the order of their names.
    pub(crate) packages: Vec<Package>,
    /// Cargo's own folder.
    pub(crate) target: PathBuf,
}

/// A package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its features but `default`.
    pub(crate) features: Vec<String>,
    /// Whether it is deployed as a function.
    pub(crate) is_function: bool,
    /// What chooses each of its test programs that is always there, its library's apart: `--test tidy`.
    tests: Vec<[String; 2]>,
}

/// How a binary is built.
pub(crate) enum Build {
    Development,
    /// With the profile `release`, as functions are deployed.
    Release,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo cannot read the workspace.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("cargo cannot read the workspace")?;
        let functions = metadata.workspace_root.join("functions");
        let mut packages: Vec<Package> = metadata
            .packages
            .iter()
            .map(|package| Package {
                name: package.name.to_string(),
                features: package.features.keys().filter(|name| *name != "default").cloned().collect(),
                is_function: package.manifest_path.starts_with(&functions),
                tests: package.targets.iter().filter_map(how_to_choose).collect(),
            })
            .collect();
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self {
            root: metadata.workspace_root.clone().into(),
            packages,
            target: metadata.target_directory.clone().into(),
        })
    }

    /// The path of a built binary.
    pub(crate) fn built(&self, build: Build, binary: &str) -> OsString {
        let folder = match build {
            Build::Development => "debug",
            Build::Release => "release",
        };
        let file = format!("{binary}{}", std::env::consts::EXE_SUFFIX);
        self.target.join(folder).join(file).into_os_string()
    }

    /// The arguments that select the quick test programs, without those of the libraries.
    pub(crate) fn quick_tests(&self) -> Vec<String> {
        let all = self.packages.iter().flat_map(|package| &package.tests);
        let quick = all.filter(|[_, name]| !SLOW_TESTS.contains(&name.as_str()));
        // Two packages may have tests of one name, which chooses both.
        quick.collect::<BTreeSet<_>>().into_iter().flatten().cloned().collect()
    }
}

fn how_to_choose(target: &cargo_metadata::Target) -> Option<[String; 2]> {
    let chosen_by = if target.is_test() {
        "--test"
    } else if target.is_bin() && target.test {
        "--bin"
    } else {
        return None;
    };
    target.required_features.is_empty().then(|| [chosen_by.to_owned(), target.name.clone()])
}
