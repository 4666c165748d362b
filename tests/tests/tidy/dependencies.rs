//! Dependencies: chosen in one place, in order, and each of them used.

use std::collections::BTreeSet;

use cargo_metadata::Dependency;

use crate::workspace::{File, assert_no_complaints, workspace};

/// Dependencies that no source names, each with what it is for.
const UNNAMED: &[(&str, &str)] = &[];

/// Dependencies whose library is not called like the package.
const CALLED: &[(&str, &str)] = &[("dynoxide-rs", "dynoxide")];

#[test]
fn every_dependency_s_version_is_the_workspace_s() {
    let own = |file: &File, line: &str| {
        (!line.contains("workspace = true")).then(|| format!("{}: {line}: take it from the workspace", file.path))
    };
    assert_no_complaints(manifests().flat_map(|file| {
        dependency_sections(&file.text).into_iter().flatten().filter_map(move |line| own(file, line))
    }));
}

#[test]
fn every_dependency_of_the_workspace_is_one_of_a_package() {
    let wanted: BTreeSet<&str> =
        manifests().flat_map(|file| dependency_sections(&file.text).into_iter().flatten()).map(name_in).collect();
    let offered = section(workspace().text("Cargo.toml"), "[workspace.dependencies]");
    assert!(!offered.is_empty(), "no [workspace.dependencies]");
    let idle = offered.into_iter().map(name_in).filter(|name| !wanted.contains(name));
    assert_no_complaints(idle.map(|name| format!("Cargo.toml: nobody uses {name}")));
}

#[test]
fn every_dependency_of_a_package_is_named_in_its_sources() {
    let mut complaints = Vec::new();
    for package in workspace().packages() {
        let folder = format!("{}/", workspace().folder_of(package));
        let sources: Vec<&File> = workspace().files(".rs").filter(|file| file.path.starts_with(&folder)).collect();
        for dependency in &package.dependencies {
            let name = library_of(dependency);
            let named = sources.iter().any(|file| file.code().any(|(_, line)| has_word(line, &name)));
            if !named && !UNNAMED.iter().any(|(unnamed, _)| *unnamed == name) {
                complaints.push(format!("{}: {name} is not used", package.name));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn dependencies_stand_in_alphabetical_order() {
    let unordered = manifests().flat_map(|file| {
        let out_of_place = |section: Vec<&str>| {
            let names: Vec<String> = section.iter().map(|line| name_in(line).to_owned()).collect();
            names.windows(2).find(|pair| pair[0] > pair[1]).map(|pair| format!("{} comes before {}", pair[1], pair[0]))
        };
        let sections = dependency_sections(&file.text).into_iter();
        sections.filter_map(out_of_place).map(|found| format!("{}: {found}", file.path)).collect::<Vec<_>>()
    });
    assert_no_complaints(unordered);
}

/// An empty test program costs a link of everything that the program stands on; a test in one that is not built is never
/// run.
#[test]
fn a_test_program_is_built_for_the_binaries_that_have_tests_and_for_no_others() {
    let mut complaints = Vec::new();
    for package in workspace().packages() {
        let folder = workspace().folder_of(package);
        let library = package.targets.iter().any(|target| target.is_lib());
        for target in package.targets.iter().filter(|target| target.is_bin()) {
            // What stands beside a library is the library's; a binary alone is all of its package.
            let own = |file: &&File| match library {
                true => target.src_path.as_str().ends_with(&format!("/{}", file.path)),
                false => file.path.starts_with(&format!("{folder}/src/")),
            };
            let is_test = |line: &str| line.trim_start().starts_with("#[test") || line.contains("#[tokio::test");
            let tested = workspace().files(".rs").filter(own).any(|file| file.code().any(|(_, line)| is_test(line)));
            if tested != target.test {
                complaints.push(format!("{folder}/Cargo.toml: {} needs `test = {tested}`", target.name));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_package_says_what_it_is_and_keeps_the_house_rules() {
    let mut complaints = Vec::new();
    for file in manifests() {
        let says = section(&file.text, "[package]").iter().any(|line| {
            line.strip_prefix("description = ").is_some_and(|what| what.len() > 20 && what.ends_with(".\""))
        });
        if !says {
            complaints.push(format!("{}: no sentence as description", file.path));
        }
        if section(&file.text, "[lints]") != ["workspace = true"] {
            complaints.push(format!("{}: not held to the workspace's lints", file.path));
        }
    }
    assert_no_complaints(complaints);
}

/// The fuzzers are a workspace of their own, and fuzz what is built for the service.
#[test]
fn the_fuzzers_libraries_are_the_workspaces() {
    let offered = section(workspace().text("Cargo.toml"), "[workspace.dependencies]");
    let fuzzers = section(workspace().text("fuzz/Cargo.toml"), "[dependencies]");
    let others = fuzzers.into_iter().filter(|line| !line.contains("path = ") && !line.starts_with("libfuzzer-sys"));
    assert_no_complaints(
        others
            .filter(|line| !offered.contains(line))
            .map(|line| format!("fuzz/Cargo.toml: {line}: not as in Cargo.toml")),
    );
}

/// Whatever reads a body reads random ones too, and `cargo xtask fuzz` numbers the operations as the target does.
#[test]
fn every_operation_with_a_body_is_fuzzed() {
    let reads_a_body = |file: &&File| file.text.contains("body::");
    let readers = workspace().files("/src/request.rs").filter(|file| file.path.starts_with("functions/"));
    let mut with_a_body: Vec<&str> =
        readers.filter(reads_a_body).filter_map(|file| file.path.split('/').nth(1)).collect();
    with_a_body.sort_unstable();
    assert!(with_a_body.len() > 5, "{with_a_body:?}: this test sees nothing");
    let target = workspace().text("fuzz/targets/bodies.rs");
    let fuzzed: Vec<String> = target
        .lines()
        .filter_map(|line| line.split("::request::read(").next().filter(|before| before.len() < line.len()))
        .map(|before| before.rsplit([' ', '(']).next().unwrap().replace('_', "-"))
        .collect();
    assert_eq!(fuzzed, with_a_body, "fuzz/targets/bodies.rs");
    let listed = workspace().text("xtask/src/fuzz.rs").split("WITH_A_BODY").nth(1).unwrap().split("];").next().unwrap();
    let seeded: Vec<&str> =
        listed.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")).collect();
    assert_eq!(seeded, with_a_body, "xtask/src/fuzz.rs");
}

/// The manifests of the packages of this workspace.
fn manifests() -> impl Iterator<Item = &'static File> {
    workspace().files("/Cargo.toml").filter(|file| !file.text.lines().any(|line| line == "[workspace]"))
}

fn dependency_sections(manifest: &str) -> Vec<Vec<&str>> {
    let headers = manifest.lines().filter(|line| line.starts_with('[') && line.ends_with("dependencies]"));
    headers.map(|header| section(manifest, header)).collect()
}

/// The lines of a section that are neither comment nor empty.
fn section<'a>(manifest: &'a str, header: &str) -> Vec<&'a str> {
    let lines = manifest.lines().skip_while(|line| *line != header).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What sources call a dependency. Its own manifest would say so, but is there only for what was downloaded.
fn library_of(dependency: &Dependency) -> String {
    let called = CALLED.iter().find(|(package, _)| *package == dependency.name).map(|(_, library)| *library);
    dependency.rename.as_deref().or(called).unwrap_or(&dependency.name).replace('-', "_")
}

/// The name before the first dot, blank or sign of equality.
fn name_in(line: &str) -> &str {
    line.split(['.', ' ', '=']).next().unwrap()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}
