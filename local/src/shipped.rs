//! The rules and the policies that this program brings along, for a machine without the repository.

use std::path::{Path, PathBuf};

use crate::folder::{FolderError, make_private_folder, replace};

/// The files by folder: their path in the repository, and their text.
const FILES: [(&str, &str); 6] = [
    ("policies/roles.cedar", include_str!("../../policies/roles.cedar")),
    ("policies/schema.cedarschema", include_str!("../../policies/schema.cedarschema")),
    ("policies/tenants.cedar", include_str!("../../policies/tenants.cedar")),
    ("rules/laboratory.yaml", include_str!("../../rules/laboratory.yaml")),
    ("rules/predicate-logic/applicable.yaml", include_str!("../../rules/predicate-logic/applicable.yaml")),
    ("rules/workflow-types.yaml", include_str!("../../rules/workflow-types.yaml")),
];

/// Where rules and policies are.
pub(crate) struct Defaults {
    /// The folder of the rules.
    pub(crate) rules: PathBuf,
    /// The folder of the policies.
    pub(crate) policies: PathBuf,
}

impl Defaults {
    /// Those of the repository when cargo started this process in it. Otherwise the shipped ones, in a folder to which
    /// [`unpack`] writes them.
    pub(crate) fn beside(shipped: &Path) -> Self {
        let root = repository().unwrap_or_else(|| shipped.to_owned());
        Self { rules: root.join("rules"), policies: root.join("policies") }
    }
}

/// The repository, when cargo built this program from it and started this process in it. A program that was copied
/// elsewhere does not look into the place where it was built.
pub(crate) fn repository() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let started_in = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    (started_in.starts_with(root) && root.join("policies").is_dir()).then(|| root.to_owned())
}

/// The command that starts this program.
pub(crate) fn command() -> &'static str {
    if repository().is_some() { "cargo local" } else { "alims-local" }
}

/// Writes the shipped files anew, and nothing beside them: what an older release or a person left in the folder goes.
pub(crate) fn unpack(folder: &Path) -> Result<(), FolderError> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(FolderError::at(folder))?;
    }
    for (file, text) in FILES {
        let path = folder.join(file);
        if let Some(parent) = path.parent() {
            make_private_folder(parent)?;
        }
        replace(&path, text.as_bytes()).map_err(FolderError::at(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn files(root: &Path, folder: &str, into: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(root.join(folder)).unwrap().map(Result::unwrap) {
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                files(root, &path, into);
            } else {
                into.insert(path, std::fs::read_to_string(entry.path()).unwrap());
            }
        }
    }

    fn all(root: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        ["rules", "policies"].iter().for_each(|folder| files(root, folder, &mut found));
        found
    }

    #[test]
    fn every_file_of_the_rules_and_policies_is_shipped_and_nothing_else_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let shipped = folder.path().join("shipped");
        std::fs::create_dir_all(shipped.join("rules")).unwrap();
        std::fs::write(shipped.join("rules/of-an-older-release.yaml"), "rules: []").unwrap();
        for _ in 0..2 {
            unpack(&shipped).unwrap();
            assert_eq!(all(&shipped), all(&repository().unwrap()), "name each file in `FILES`");
        }
    }
}
