//! What is stored for ever is made of stored names, and never of words for people.
//!
//! Types hold most of it: a key is a `KeyText` and what is digested are `Part`s, which are made of literals, of types with
//! a stored name and of canonical JSON only. Here is checked what would go round those types.

use crate::workspace::{assert_no_complaints, workspace};

/// Where values become keys, hashes and answers of the service.
const PRODUCTION: [&str; 5] =
    ["functions/", "shared/edge/src/", "shared/domain/src/", "shared/dynamodb/src/", "shared/operations/src/"];

/// What may stand in these files only.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    (
        "Sha256",
        &[
            "shared/edge/src/cursor.rs",
            "shared/domain/src/anchor/merkle.rs",
            "shared/domain/src/hashing.rs",
            "shared/domain/src/stored_name.rs",
            "shared/dynamodb/src/version_item.rs",
            // An archive, which has no parts.
            "shared/operations/src/exporting/export_step.rs",
        ],
        "digest a `Part` with `stored_name::digest`",
    ),
    (
        "ChainHash::of(",
        &[
            "shared/domain/src/anchor/manifest.rs",
            "shared/domain/src/anchor/merkle.rs",
            "shared/domain/src/hash_chain.rs",
            "shared/domain/src/sealed.rs",
            "shared/domain/src/witness.rs",
            "shared/dynamodb/src/item_hash.rs",
            "shared/operations/src/exporting/export_step.rs",
        ],
        "hash canonical JSON or a digest of parts",
    ),
    (
        "impl StoredName for",
        &[
            "shared/domain/src/export.rs",
            "shared/domain/src/idempotency.rs",
            "shared/domain/src/identifiers.rs",
            "shared/domain/src/quarantine.rs",
            "shared/domain/src/timestamp.rs",
        ],
        "a type with a stored name never changes it: say so beside it",
    ),
    ("for KeyText", &[], "a key is not made from any text"),
    ("for Part<", &[], "what is digested is not made from any text"),
];

#[test]
fn keys_and_hashes_are_made_in_few_places() {
    let mut complaints = Vec::new();
    for file in workspace().files(".rs").filter(|file| PRODUCTION.iter().any(|folder| file.path.starts_with(folder))) {
        for (number, line) in file.production_code() {
            for (what, files, instead) in ONLY_IN {
                if line.contains(what) && !files.contains(&file.path.as_str()) {
                    complaints.push(format!("{}:{number}: {what}: {instead}", file.path));
                }
            }
        }
    }
    // A file that has no need of it any more is not to stay in the list.
    for (what, files, _) in ONLY_IN {
        let idle = files.iter().filter(|path| !workspace().text(path).contains(what));
        complaints.extend(idle.map(|path| format!("{path}: has no {what}")));
    }
    assert_no_complaints(complaints);
}

#[test]
fn a_digest_is_made_of_a_list_of_parts() {
    let text = workspace().text("shared/domain/src/stored_name.rs");
    let signatures = ["fn half_digest(parts: &[Part<'_>]) -> String", "fn digest(parts: &[Part<'_>]) -> [u8; 32]"];
    let missing = signatures.iter().filter(|signature| !text.contains(*signature));
    assert_no_complaints(missing.map(|signature| format!("shared/domain/src/stored_name.rs: no {signature}")));
}

#[test]
fn the_domain_and_its_store_print_no_value_as_a_debugger_does() {
    let mut complaints = Vec::new();
    for file in workspace().files(".rs") {
        if !["shared/domain/src/", "shared/dynamodb/src/", "shared/operations/src/"]
            .iter()
            .any(|folder| file.path.starts_with(folder))
        {
            continue;
        }
        for (number, line) in file.production_code().filter(|(_, line)| line.contains(":?}") || line.contains(":#?}")) {
            complaints.push(format!(
                "{}:{number}: {}: another compiler may print it otherwise",
                file.path,
                line.trim()
            ));
        }
    }
    assert_no_complaints(complaints);
}
