//! The workspace as the checks see it: what cargo tells of it, and its files as text.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cargo_metadata::camino::Utf8Path;
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// Folders that are made, not written. Wherever else cargo builds, it marks the folder with [`CACHE_MARK`].
const NOT_OURS: [&str; 5] = [".aws-sam", ".git", ".local", "node_modules", "target"];
/// What marks a folder of made things, by the Cache Directory Tagging Specification.
const CACHE_MARK: &str = "CACHEDIR.TAG";

/// The workspace, read once.
pub(crate) fn workspace() -> &'static Workspace {
    static WORKSPACE: LazyLock<Workspace> = LazyLock::new(Workspace::read);
    &WORKSPACE
}

/// Fails with every complaint at once, so that one run tells all there is to put right.
#[track_caller]
pub(crate) fn assert_no_complaints(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "{} to put right:\n  {}\n", complaints.len(), complaints.join("\n  "));
}

/// What the checks read.
pub(crate) struct Workspace {
    root: PathBuf,
    /// The manifests as cargo reads them.
    metadata: Metadata,
    files: Vec<File>,
}

impl Workspace {
    fn read() -> Self {
        // Tests run in the folder of their package: the workspace is one above.
        let root = Path::new("..").canonicalize().unwrap();
        // The packages themselves and nothing beneath them: of every platform's dependencies, which cargo would resolve,
        // a machine has downloaded only its own.
        let metadata = MetadataCommand::new().current_dir(&root).no_deps().exec().unwrap();
        let mut files = Vec::new();
        collect(&root, &root, &mut files);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        assert!(files.len() > 50, "{} files in {}: this is not the workspace", files.len(), root.display());
        Self { root, metadata, files }
    }

    /// The text files whose name ends so, such as `.rs`.
    pub(crate) fn files(&self, ending: &str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.path.ends_with(ending))
    }

    /// Every text file.
    pub(crate) fn all_files(&self) -> &[File] {
        &self.files
    }

    /// The text of a file that must be there.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> &str {
        self.text_if_any(path).unwrap_or_else(|| panic!("{path} is missing"))
    }

    /// The text of a file, when there is such a file.
    pub(crate) fn text_if_any(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether there is such a file or folder.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// The names in a folder, made things left out.
    pub(crate) fn names_in(&self, folder: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(self.root.join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !NOT_OURS.contains(&name.as_str()))
            .collect()
    }

    /// The operations as the folders name them: `create-workflow` and the rest.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        let operations = self.names_in("functions");
        assert!(!operations.is_empty(), "no operation at all");
        operations
    }

    /// The packages of this workspace.
    pub(crate) fn packages(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// A package's folder, from the root on.
    pub(crate) fn folder_of(&self, package: &Package) -> String {
        self.path_of(package.manifest_path.parent().unwrap())
    }

    /// A path as cargo gives it, from the root on.
    pub(crate) fn path_of(&self, path: &Utf8Path) -> String {
        path.strip_prefix(&self.root).unwrap().as_str().to_owned()
    }
}

/// One text file.
pub(crate) struct File {
    /// From the workspace's root on, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The lines of Rust that are neither comment nor empty, each with its number.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        code_lines(&self.text)
    }

    /// The same without tests: those stand last in a file, or in files of their own.
    pub(crate) fn production_code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.path.contains("/tests/") || self.path.contains("/benches/");
        self.code().take_while(move |(_, line)| !is_test && !line.starts_with("#[cfg(test)]"))
    }
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        // In a worktree of its own `.git` is a file, and names a folder of the machine.
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            if !path.join(CACHE_MARK).exists() {
                collect(root, &path, files);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            files.push(File { path, text });
        }
    }
}
