//! One operation, one name: folder, package, binary, module, function, handler, test file and `operationId` agree.

use std::collections::BTreeSet;

use alims_edge::route::Route;
use alims_interface::ROUTES;
use cargo_metadata::TargetKind;

use crate::workspace::{assert_no_complaints, workspace};

/// The operations that nobody calls over HTTP: the log's stream does, the bus, the state machine, a schedule.
pub(crate) const WITHOUT_ROUTE: [&str; 7] = [
    "anchor-heads",
    "export-step",
    "publish-events",
    "recover-failed-workflow",
    "recovery-step",
    "sweep-deadlines",
    "sweep-workflows",
];

#[test]
fn the_folders_of_functions_are_the_operations_of_the_interface() {
    let offered = ROUTES.iter().map(|operation| operation.name.to_owned());
    let expected: BTreeSet<String> = offered.chain(WITHOUT_ROUTE.map(str::to_owned)).collect();
    assert_eq!(workspace().operations(), expected);
}

#[test]
fn a_function_s_package_library_and_binary_bear_its_name() {
    let mut complaints = Vec::new();
    for operation in workspace().operations() {
        let packages = workspace().packages();
        let of_folder =
            |package: &&cargo_metadata::Package| workspace().folder_of(package) == format!("functions/{operation}");
        let Some(package) = packages.into_iter().find(of_folder) else {
            complaints.push(format!("functions/{operation} is no package"));
            continue;
        };
        if package.name != operation {
            complaints.push(format!("functions/{operation} holds the package {}", package.name));
        }
        for (kind, name) in [(TargetKind::Lib, snake(&operation)), (TargetKind::Bin, operation.clone())] {
            let of_kind = package.targets.iter().filter(|target| target.kind.contains(&kind));
            let found: Vec<&str> = of_kind.map(|target| target.name.as_str()).collect();
            if found != [name.as_str()] {
                complaints.push(format!("{operation}: {kind} should be {name}, not {found:?}"));
            }
        }
    }
    assert_no_complaints(complaints);
}

/// Where the modules of operations stand: recoveries and publishing have rooms of their own.
const ROOMS: [&str; 4] = [
    "shared/operations/src",
    "shared/operations/src/exporting",
    "shared/operations/src/publishing",
    "shared/operations/src/recovery",
];

#[test]
fn every_operation_is_one_module_of_its_name_with_a_function_of_its_name() {
    let mut complaints = Vec::new();
    for operation in workspace().operations() {
        let name = snake(&operation);
        let paths = ROOMS.map(|room| format!("{room}/{name}.rs"));
        let [path] = &paths.iter().filter(|path| workspace().has(path)).collect::<Vec<_>>()[..] else {
            complaints.push(format!("{operation}: not exactly one of {paths:?}"));
            continue;
        };
        let text = workspace().text(path);
        if !text.contains(&format!("pub async fn {name}")) {
            complaints.push(format!("{path}: no function {name}"));
        }
        let named = text.lines().find_map(|line| line.strip_prefix("const OPERATION: &str = "));
        complaints.extend(
            named
                .filter(|named| *named != format!("\"{operation}\";"))
                .map(|wrong| format!("{path}: calls itself {wrong}")),
        );
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_operation_has_a_handler_of_its_name() {
    assert_no_complaints(workspace().operations().into_iter().filter_map(|operation| {
        let path = format!("functions/{operation}/src/lib.rs");
        let name = format!("fn {}", snake(&operation));
        let handles = workspace().text(&path).lines().any(|line| line.starts_with("pub ") && line.contains(&name));
        (!handles).then(|| format!("{path}: no public {name}"))
    }));
}

#[test]
fn every_operation_that_does_more_than_read_has_a_file_of_integration_tests_that_is_run() {
    let suite = "tests/tests/integration";
    let main = workspace().text(&format!("{suite}/main.rs"));
    let mut complaints = Vec::new();
    let only_reads = |name: &str| ROUTES.iter().any(|route| route.name == name && !writes(route));
    let changing = workspace().operations().into_iter().filter(|name| !only_reads(name));
    for operation in changing.map(|name| snake(&name)) {
        if !workspace().has(&format!("{suite}/{operation}.rs")) {
            complaints.push(format!("{suite}/{operation}.rs is missing"));
        } else if !main.lines().any(|line| line == format!("mod {operation};")) {
            complaints.push(format!("{suite}/main.rs does not name {operation}"));
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_operation_has_a_file_of_tests_over_ports_in_memory_that_is_run() {
    let suite = "shared/operations/tests/operations";
    let main = workspace().text(&format!("{suite}/main.rs"));
    let mut complaints = Vec::new();
    for operation in workspace().operations().iter().map(|name| snake(name)) {
        let paths = [format!("{suite}/{operation}.rs"), format!("{suite}/{operation}/mod.rs")];
        let Some(path) = paths.iter().find(|path| workspace().has(path)) else {
            complaints.push(format!("neither of {paths:?} is there"));
            continue;
        };
        if !main.lines().any(|line| line == format!("mod {operation};")) {
            complaints.push(format!("{suite}/main.rs does not name {operation}"));
        }
        let text = workspace().text(path);
        if !text.lines().any(|line| ["#[test]", "#[tokio::test]"].contains(&line)) {
            complaints.push(format!("{path} holds no test"));
        }
        if !text.contains(&format!("use alims_operations::{operation}::")) {
            complaints.push(format!("{path} does not use {operation}"));
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn the_openapi_document_s_operations_are_the_operations() {
    let described =
        workspace().text("openapi.yaml").lines().filter_map(|line| line.trim().strip_prefix("operationId: "));
    let described: BTreeSet<String> = described.map(str::to_owned).collect();
    let with_route = workspace().operations().into_iter().filter(|name| !WITHOUT_ROUTE.contains(&name.as_str()));
    assert_eq!(described, with_route.map(|name| camel(&name)).collect());
}

/// Whether an operation may change something. What only reads is a GET, and each binary of these is called by a test.
pub(crate) fn writes(route: &Route) -> bool {
    route.method.as_str() != "GET"
}

pub(crate) fn snake(operation: &str) -> String {
    operation.replace('-', "_")
}

pub(crate) fn camel(operation: &str) -> String {
    let mut words = operation.split('-');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + &initial.to_uppercase() + rest
    })
}
