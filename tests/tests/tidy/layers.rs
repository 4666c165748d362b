//! Who may know what. The layers of the architecture are things that are absent; here is where their absence is checked.

use std::collections::BTreeSet;
use std::process::Command;

use cargo_metadata::DependencyKind;

use crate::workspace::{assert_no_complaints, workspace};

/// Which of the workspace's packages each may be built with. A package that is not here fails the test.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("alims-domain", &[]),
    ("alims-operations", &["alims-domain"]),
    (
        "alims-admin",
        &[
            "alims-domain",
            "alims-operations",
            "alims-anchors",
            "alims-eventbridge",
            "alims-runtime",
            "alims-signing",
            "alims-store",
        ],
    ),
    ("alims-anchors", &["alims-domain", "alims-operations", "alims-signing"]),
    ("alims-edge", &["alims-domain", "alims-operations"]),
    ("alims-dynamodb", &["alims-domain", "alims-operations"]),
    ("alims-eventbridge", &["alims-domain", "alims-operations"]),
    ("alims-policy", &["alims-domain", "alims-operations"]),
    ("alims-recovery", &["alims-domain"]),
    ("alims-rules", &["alims-domain", "alims-operations"]),
    ("alims-export", &["alims-domain", "alims-edge", "alims-operations", "alims-signing"]),
    ("alims-faults", &[]),
    ("alims-runtime", &["alims-domain", "alims-operations"]),
    ("alims-secretsmanager", &["alims-domain", "alims-operations", "alims-rules"]),
    ("alims-signing", &["alims-operations"]),
    ("alims-stepfunctions", &["alims-domain", "alims-operations"]),
    ("alims-store", &["alims-dynamodb", "alims-runtime"]),
    ("alims-subscriber", &[]),
    ("alims-testing", &["alims-domain", "alims-operations"]),
    (
        "alims-bench",
        &[
            "alims-domain",
            "alims-operations",
            "alims-dynamodb",
            "alims-eventbridge",
            "alims-faults",
            "alims-policy",
            "alims-rules",
            "alims-runtime",
            "alims-testing",
        ],
    ),
    (
        "alims-xtask",
        &["alims-interface", "alims-domain", "alims-operations", "alims-policy", "alims-recovery", "alims-rules"],
    ),
];
/// What a function may be built with: the layers it joins, and no other function.
const FUNCTION_MAY_DEPEND_ON: &[&str] = &[
    "alims-anchors",
    "alims-edge",
    "alims-domain",
    "alims-operations",
    "alims-eventbridge",
    "alims-export",
    "alims-policy",
    "alims-rules",
    "alims-runtime",
    "alims-secretsmanager",
    "alims-signing",
    "alims-stepfunctions",
    "alims-store",
];
/// Packages that put everything together.
const MAY_DEPEND_ON_ALL: &[&str] = &["alims-interface", "alims-local", "alims-proof", "alims-tests"];

/// What must not be anywhere beneath a package, in however many steps.
const NEVER_BENEATH: &[(&str, &[&str], &str)] = &[
    (
        "alims-operations",
        &[
            "aws-",
            "aws_",
            "axum",
            "dynoxide",
            "http",
            "hyper",
            "lambda_",
            "reqwest",
            "serde_dynamo",
            "tokio",
            "tracing",
        ],
        "the operations do no I/O and know no AWS",
    ),
    ("alims-domain", &["async", "futures", "tokio"], "the domain is pure and synchronous"),
    ("alims-edge", &["aws-sdk-", "alims-dynamodb", "dynoxide", "serde_dynamo"], "the edge knows no store"),
    ("alims-rules", &["aws-sdk-", "lambda_", "axum"], "rules are judged without AWS"),
    ("alims-policy", &["aws-sdk-", "lambda_", "axum", "tokio"], "policies are decided in process and without I/O"),
    ("alims-recovery", &["aws", "lambda_", "tokio"], "the machine runs without AWS and without a runtime"),
    ("alims-subscriber", &["alims-", "aws", "http", "lambda_", "tokio"], "a consumer is burdened with nothing of ours"),
    ("alims-testing", &["aws-", "lambda_", "axum", "dynoxide"], "the adapters for tests are in memory"),
];

/// Crates that only these may depend on. A name in brackets may only do so for its tests.
const ONLY_FOR: &[(&str, &[&str])] = &[
    ("dynoxide-rs", &["alims-bench", "alims-local", "alims-proof", "alims-tests", "(alims-dynamodb)"]),
    (
        "aws-sdk-dynamodb",
        &["(alims-admin)", "alims-dynamodb", "alims-local", "alims-proof", "alims-tests", "alims-runtime"],
    ),
    ("aws-sdk-dynamodbstreams", &["alims-local", "alims-tests"]),
    (
        "axum",
        &[
            "alims-bench",
            "alims-local",
            "alims-tests",
            "(alims-admin)",
            "(alims-anchors)",
            "(alims-dynamodb)",
            "(alims-eventbridge)",
            "(alims-export)",
            "(alims-rules)",
            "(alims-secretsmanager)",
            "(alims-signing)",
            "(alims-stepfunctions)",
        ],
    ),
    ("cedar-policy", &["alims-policy"]),
    ("cel", &["alims-rules"]),
    ("jsonwebtoken", &["alims-local", "(alims-tests)"]),
];

/// Words that production code may hold only under these paths.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    (
        "aws_sdk_dynamodb",
        &["shared/dynamodb/", "shared/runtime/", "local/", "proof/"],
        "only the store knows items and keys",
    ),
    (
        "alims_dynamodb",
        &["shared/dynamodb/", "shared/store/", "local/", "bench/", "proof/", "fuzz/targets/records.rs"],
        "which engine the store has is chosen in shared/store",
    ),
    ("StatusCode", &["shared/edge/", "shared/faults/", "local/", "bench/"], "only the edge knows status codes"),
    (
        "std::env",
        &["shared/runtime/", "shared/testing/src/built.rs", "local/", "bench/", "proof/", "xtask/"],
        "only the runtime reads the environment",
    ),
    (
        "env::var",
        &["shared/runtime/", "local/", "bench/", "proof/", "xtask/"],
        "only the runtime reads the environment",
    ),
];

/// Adapters: a function's handler names none, its `main.rs` chooses.
const ADAPTERS: &[&str] = &[
    "alims_anchors",
    "alims_dynamodb",
    "alims_eventbridge",
    "alims_policy",
    "alims_rules",
    "alims_secretsmanager",
    "alims_signing",
    "alims_stepfunctions",
    "alims_store",
];

#[test]
fn packages_are_built_only_with_the_layers_beneath_them() {
    let operations = workspace().operations();
    let names: BTreeSet<&str> = workspace().packages().into_iter().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in workspace().packages() {
        let name = package.name.as_str();
        let listed = MAY_DEPEND_ON.iter().find(|(package, _)| *package == name).map(|(_, allowed)| *allowed);
        let allowed = match listed {
            Some(allowed) => allowed,
            None if MAY_DEPEND_ON_ALL.contains(&name) => continue,
            None if operations.contains(name) => FUNCTION_MAY_DEPEND_ON,
            None => {
                complaints.push(format!("{name}: say in this test what it may depend on"));
                continue;
            }
        };
        let built_with = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        for dependency in built_with.map(|dependency| dependency.name.as_str()) {
            if names.contains(dependency) && !allowed.contains(&dependency) {
                complaints.push(format!("{name} must not depend on {dependency}"));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn a_layer_is_built_on_nothing_that_it_must_not_know() {
    let mut complaints = Vec::new();
    for (package, absent, why) in NEVER_BENEATH {
        for found in beneath(package) {
            if absent.iter().any(|start| found.starts_with(start)) {
                complaints.push(format!("{package} is built with {found}: {why}"));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn some_crates_are_for_some_packages_only() {
    let mut complaints = Vec::new();
    for (krate, allowed) in ONLY_FOR {
        for package in workspace().packages() {
            let for_tests_only = allowed.contains(&format!("({})", package.name).as_str());
            for dependency in package.dependencies.iter().filter(|dependency| dependency.name == *krate) {
                let permitted = allowed.contains(&package.name.as_str())
                    || (for_tests_only && dependency.kind == DependencyKind::Development);
                if !permitted {
                    complaints.push(format!("{} must not depend on {krate}", package.name));
                }
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn a_name_that_one_layer_knows_is_in_no_other() {
    let mut complaints = Vec::new();
    for file in workspace().files(".rs").filter(|file| !file.path.starts_with("tests/")) {
        for (number, line) in file.production_code() {
            for (word, paths, why) in ONLY_IN.iter().filter(|(word, ..)| line.contains(word)) {
                if !paths.iter().any(|path| file.path.starts_with(path)) {
                    complaints.push(format!("{}:{number}: {word}: {why}", file.path));
                }
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn a_handler_names_no_adapter() {
    let mut complaints = Vec::new();
    let handlers = workspace().files(".rs").filter(|file| file.path.starts_with("functions/"));
    for file in handlers.filter(|file| !file.path.ends_with("/src/main.rs")) {
        for (number, line) in file.production_code() {
            for adapter in ADAPTERS.iter().filter(|adapter| line.contains(*adapter)) {
                complaints.push(format!("{}:{number}: {adapter}: only main.rs chooses adapters", file.path));
            }
        }
    }
    assert_no_complaints(complaints);
}

/// Every crate that a package is built with, however far down, when it is built alone. Tests' own are left out.
///
/// Cargo's metadata would not do: there the features of all packages are unified, and every crate is built with what
/// any of them asks for. Cargo's tree is that of the machine it runs on, which the build of this test has downloaded; a
/// tree of every platform would want crates that no build here needs.
fn beneath(package: &str) -> BTreeSet<String> {
    let arguments = ["tree", "--offline", "--package", package, "--edges", "normal", "--prefix", "none"];
    let output = Command::new("cargo").args(arguments).current_dir("..").output().unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let mut found: BTreeSet<String> =
        tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(found.remove(package) && !found.is_empty(), "cargo tells nothing of what lies beneath {package}");
    found
}
