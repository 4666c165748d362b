//! The command on machines that the tests make up: each is a folder of programs.

#![cfg(unix)]

use super::*;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

const MANIFEST: &str = "[workspace.package]\nrust-version = \"1.94.1\"";

/// A machine with programs, each a name and what its shell does.
fn machine(programs: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, does) in programs {
        let file = folder.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{does}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// The programs of a machine that lacks nothing, with some of them replaced.
fn replaced(others: &[(&'static str, String)]) -> TempDir {
    let rustc = r#"case "$1" in --version) echo "rustc 1.95.0 (5 2026)" ;; *) echo "$(dirname "$0")" ;; esac"#;
    let lambda =
        r#"case "$2" in system) echo "zig:"; echo "  version: '0.17.1'" ;; *) echo "cargo-lambda 1.9.2 (6)" ;; esac"#;
    let aws = r#"case "$1" in
--version) echo "aws-cli/2.31.4 Python/3.13" ;;
configure) echo "access_key     ****************ABCD env"; echo "    region     eu-central-1     env    AWS_REGION" ;;
sts) echo '{"Arn": "arn:aws:iam::111122223333:user/dora"}' ;;
lambda) echo '{"AccountLimit": {"ConcurrentExecutions": 1000}}' ;;
esac"#;
    let sound = [
        ("rustc", rustc),
        ("cc", "echo cc 12"),
        ("jq", "echo jq-1.7"),
        ("sam", "echo SAM CLI, version 1.170.0"),
        ("cargo-lambda", lambda),
        ("aws", aws),
    ];
    let mut programs: Vec<(&str, &str)> = sound.to_vec();
    programs.retain(|(name, _)| others.iter().all(|(other, _)| other != name));
    programs.extend(others.iter().filter(|(_, does)| !does.is_empty()).map(|(name, does)| (*name, does.as_str())));
    machine(&programs)
}

fn asked(account: bool) -> Asked {
    Asked { architecture: Architecture::Arm64, account, profile: Some("lab".to_owned()), region: None }
}

fn found(machine: &TempDir, account: bool) -> Vec<Finding> {
    // `dirname` and the shell's other helpers are where they always are.
    let path = std::env::join_paths([machine.path(), "/usr/bin".as_ref()]).unwrap();
    let own_only = |name: &str| machine.path().join(name).exists();
    let findings = findings(path, MANIFEST, &asked(account)).unwrap();
    // A compiler of the machine that runs the test is none of the machine that is made up.
    findings.into_iter().filter(|finding| finding.what != "C compiler" || own_only("cc")).collect()
}

#[test]
fn a_machine_that_lacks_nothing_is_told_what_it_has() {
    let findings = found(&replaced(&[]), true);
    let (lines, missing) = told(&findings);
    assert_eq!((missing, lines.len()), (0, 12), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("ABCD")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("user/dora")));
    assert_eq!(found(&replaced(&[]), false).len(), 10, "AWS is asked only on request");
}

#[test]
fn what_is_missing_too_old_or_broken_is_named_with_its_remedy() {
    let says = |text: &str| format!("echo '{text}'");
    let nothing = String::new;
    let old_quota = r#"case "$1" in --version) echo aws-cli/2.31.4 ;; configure) echo "access_key : ***AB : env :"; \
echo "region : eu-west-1 : env :" ;; sts) echo '{"Arn": "a"}' ;; lambda) echo '{"AccountLimit": {"ConcurrentExecutions": 10}}' ;; esac"#;
    let unset = r#"case "$1" in --version) echo aws-cli/2.31.4 ;; *) echo "access_key <not set> None None"; echo "region <not set> None None" ;; esac"#;
    let expired = r#"case "$1" in --version) echo aws-cli/2.31.4 ;; configure) echo "access_key ***AB env"; \
echo "region r env" ;; *) echo "The security token included in the request is expired" >&2; exit 254 ;; esac"#;
    for (program, does, what, said, remedy) in [
        ("rustc", says("rustc 1.80.0 (x)"), "Rust", "1.80.0 is too old: 1.94.1", "rustup update"),
        ("sam", nothing(), "SAM CLI", "there is no sam on the PATH", "deployment.txt"),
        ("sam", says("SAM CLI, version 1.99.9"), "SAM CLI", "1.99.9 is too old: 1.170.0", "deployment.txt"),
        ("sam", says("no numbers"), "SAM CLI", "no version in \"no numbers\"", "deployment.txt"),
        ("sam", "echo no module samcli >&2; exit 1".to_owned(), "SAM CLI", "exit status: 1", "deployment.txt"),
        ("sam", "true".to_owned(), "SAM CLI", "prints nothing", "deployment.txt"),
        ("cargo-lambda", says("cargo-lambda 1.0.0"), "cargo-lambda", "1.0.0 is too old", "deployment.txt"),
        ("cargo-lambda", says("cargo-lambda 1.9.2"), "zig", "cargo-lambda finds no zig", "deployment.txt"),
        ("aws", says("aws-cli/2.9.0 Python"), "AWS CLI", "2.9.0 is too old: 2.10.0", "getting-started-install"),
        ("aws", says("aws-cli/1.46.3 Python"), "AWS CLI", "1.46.3 is too old: 2.10.0", "getting-started-install"),
        ("aws", old_quota.to_owned(), "Lambda quota", "10 functions may run at once", "L-B99A9384"),
        ("aws", unset.to_owned(), "credentials", "none is configured", "aws configure"),
        ("aws", unset.to_owned(), "region", "none is configured", "AWS_REGION"),
        ("aws", expired.to_owned(), "identity", "is expired", "aws sso login"),
        (
            "rustc",
            says("rustc 1.95.0"),
            "Rust target",
            "aarch64-unknown-linux-gnu is not installed",
            "rustup target add",
        ),
    ] {
        let findings = found(&replaced(&[(program, does)]), true);
        let finding = findings.iter().find(|finding| finding.what == what).unwrap();
        let wrong = finding.verdict.as_ref().unwrap_err();
        assert!(wrong.contains(said), "{what}: {wrong}");
        assert!(finding.remedy.contains(remedy), "{what}: {}", finding.remedy);
        assert!(told(&findings).1 > 0);
    }
}

#[test]
fn the_tools_of_the_tests_are_the_wanted_ones() {
    for package in ["aws-sam-cli", "awscli", "cargo-lambda", "ziglang"] {
        pinned(package).unwrap();
    }
    assert!(pinned("sam").is_err());
    assert_eq!(Version::in_text("aws-cli/1.46.3 Python/3.11"), Some(Version::of(1, 46, 3)));
    assert_eq!(Version::in_text("version 1.2"), None);
}
