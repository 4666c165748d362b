//! The commands of documents, run as they stand: a document that no test checks is wrong within a month.
//!
//! Only three things are put in other places: the port is a free one, the data lie in a folder of their own, and
//! `cargo local` is what it would run. `curl` fails where it would otherwise print a refusal and be content.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What `cargo local` runs.
const BINARY: &str = env!("CARGO_BIN_EXE_alims-tests");
/// Where the README's commands find the server.
const ADDRESS: &str = "http://127.0.0.1:3000";
/// What a new user is asked to type at most, `git clone` included.
const COMMANDS_MAX: usize = 9;
/// How the commands find what the test puts in other places.
const SURROUNDINGS: &str = r#"
set -euo pipefail
cargo() { [ "$1" = local ] && shift && "$ALIMS_LOCAL" "$@" --data "$ALIMS_DATA"; }
curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }
"#;

/// Lists follow soon after a write: waits until one of them says something.
const UNTIL: &str = r#"
until_listed() {
  for _ in $(seq 300); do
    command curl --silent "$ALIMS/$1" -H "Authorization: Bearer $TOKEN" | grep --quiet "$2" && return
    sleep 0.1
  done
  echo "$1 never said $2" >&2
  return 1
}
"#;

#[test]
fn the_quick_start_works_as_it_stands() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert_eq!(block(&readme, "the server"), "cargo local\n");
    let commands = block(&readme, "the client");
    assert!(commands.contains(ADDRESS), "the commands call nobody");

    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let script = commands.replace(ADDRESS, &server.base);
    let answers = answers(&script, data.path());
    let [created, moved, listed, history, verification] = answers.as_slice() else { panic!("{answers:#?}") };
    assert_eq!(created["current_state"], "CREATED", "{created}");
    assert_eq!(moved["workflow"]["current_state"], "ACTIVE", "{moved}");
    // The list follows by itself, soon: here it is enough that it was given.
    assert!(listed["items"].is_array(), "{listed}");
    assert_eq!(history["items"].as_array().map(Vec::len), Some(2), "{history}");
    assert_eq!(verification["valid"], true, "{verification}");
}

#[test]
fn a_new_user_types_fewer_than_ten_commands() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = [block(&readme, "the server"), block(&readme, "the client")];
    let lines = blocks.iter().flat_map(|block| block.lines());
    // A line that is indented goes on with the command before it.
    let commands = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ' '])).count();
    assert!(commands > 5, "{commands} commands: this test sees nothing");
    assert!(commands < COMMANDS_MAX, "{commands} commands and the clone");
}

#[test]
fn the_page_for_teams_of_alims_works_as_it_stands() {
    let page = std::fs::read_to_string(root().join("docs/from-alims.md")).unwrap();
    let (understood, refused) = (marked(&page, "from-alims: understood"), marked(&page, "from-alims: refused"));
    let expected = page.split_once("```json\n").unwrap().1.split_once("```").unwrap().0;

    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let answers = answers(&format!("{understood}set +e\n{refused}true").replace(ADDRESS, &server.base), data.path());
    let [created, moved, failed, state, history, recovering, recovery, refused] = answers.as_slice() else {
        panic!("{answers:#?}")
    };
    assert_eq!((&created["workflow_id"], &created["current_state"]), (&json!("run-7"), &json!("CREATED")));
    assert_eq!((&moved["workflow"]["version"], &moved["event"]["requested_by"]), (&json!(2), &json!("alice")));
    assert_eq!(failed["event"]["failure"]["code"], "instrument-error");
    assert_eq!((&state["current_state"], &state["previous_state"]), (&json!("FAILED"), &json!("ACTIVE")));
    let events: Vec<&Value> = history["items"].as_array().unwrap().iter().map(|event| &event["event_type"]).collect();
    assert_eq!(events, ["WorkflowCreated", "WorkflowStateChanged", "WorkflowStateChanged"]);
    assert_eq!((&recovering["requested_by"], &recovering["recovery_id"]), (&json!("alice"), &recovery["recovery_id"]));
    assert_eq!((&refused["status"], &refused["code"]), (&json!(400), &json!("malformed-request")));
    assert_eq!(refused["errors"], serde_json::from_str::<Value>(expected).unwrap());
}

#[test]
fn the_page_for_the_bench_works_as_it_stands() {
    let page = std::fs::read_to_string(root().join("docs/bench.md")).unwrap();
    let run = |names: &[&str]| names.iter().map(|name| marked(&page, &format!("bench: {name}"))).collect::<String>();
    let reason: Value = serde_json::from_str(&fenced(&page, "bench: refused", "json")).unwrap();

    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    std::fs::write(data.path().join("import.py"), fenced(&page, "bench: import.py", "python")).unwrap();
    let here = format!("cd {}\nexport ALIMS={}\n{UNTIL}", data.path().display(), server.base);
    let commands = [
        run(&["list", "create", "begin", "sign", "complete", "save", "complete the two"]),
        "until_listed counts '\"COMPLETED\":10'\n".to_owned(),
        run(&["find", "overdue", "label"]),
        "until_listed 'workflows?label=rack:7' S-2026-0011\n".to_owned(),
        run(&["assigned"]),
    ];
    let commands = commands.concat().replace(ADDRESS, &server.base);
    let answers = answers(&format!("{here}{commands}"), data.path());
    let [imported, again, begun, completed, saved @ .., rest, one, ten, overdue, labelled, left, assigned] =
        answers.as_slice()
    else {
        panic!("{answers:#?}")
    };
    assert_eq!(*imported, json!({"created": 40, "there_already": 0, "failed": 0}));
    assert_eq!(*again, json!({"created": 0, "there_already": 40, "failed": 0}));
    assert_eq!((&begun["moved"], &begun["refused"]), (&json!(40), &json!(0)), "{begun}");
    assert_eq!((&completed["moved"], &completed["refused"]), (&json!(8), &json!(2)), "{completed}");
    for number in [2, 7] {
        assert_eq!(completed["results"][number]["problem"]["reasons"], json!([reason]), "{completed}");
    }
    let amended = ["S-2026-0003", "S-2026-0008"].map(|id| json!([id, "ACTIVE", 5, {"sodium_mmol_l": 139}]));
    let shown = |saved: &Value| {
        let workflow = &saved["workflow"];
        let member = |name: &str| workflow[name].clone();
        json!([member("workflow_id"), member("current_state"), member("version"), workflow["metadata"]["results"]])
    };
    assert_eq!(saved.iter().map(shown).collect::<Vec<_>>(), amended);
    assert_eq!((&rest["moved"], &rest["refused"]), (&json!(2), &json!(0)), "{rest}");
    let ids = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|it| it["workflow_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(one), ["S-2026-0007"], "{one}");
    assert_eq!((ids(ten).len(), &ten["next_cursor"]), (10, &Value::Null), "{ten}");
    assert!(ids(ten).iter().all(|id| ("S-2026-0011".."S-2026-0021").contains(&id.as_str())), "{ten}");
    assert_eq!(ids(overdue), ["S-2026-0011", "S-2026-0012"], "{overdue}");
    assert_eq!(labelled["workflow"]["labels"]["rack"], "7", "{labelled}");
    assert_eq!(ids(left), ["S-2026-0012"], "{left}");
    assert_eq!(ids(assigned), ["S-2026-0011"], "{assigned}");
    assert_eq!(assigned["items"][0]["metadata"]["matrix"], "serum", "{assigned}");
}

/// What commands print as JSON, one after another.
fn answers(commands: &str, data: &Path) -> Vec<Value> {
    let output = Command::new("bash")
        .args(["-c", &format!("{SURROUNDINGS}{commands}")])
        .env("ALIMS_LOCAL", BINARY)
        .env("ALIMS_DATA", data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);
    serde_json::Deserializer::from_str(&said).into_iter().map(Result::unwrap).collect()
}

/// A running server, ended when it is dropped.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(BINARY)
            .args(["--port", "0", "--until-stdin-closes", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let base = loop {
            let Some(line) = lines.next() else { panic!("the server ended: {said:?}") };
            let line = line.unwrap();
            if let Some(base) = line.strip_prefix("listening on ") {
                break base.to_owned();
            }
            said.push(line);
        };
        // What it goes on to print is read, or it would wait for somebody who reads it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A block of the quick start.
fn block(readme: &str, name: &str) -> String {
    marked(readme, &format!("quick-start: {name}"))
}

/// The commands behind a mark.
fn marked(document: &str, mark: &str) -> String {
    fenced(document, mark, "bash")
}

/// The fenced block of a language behind a mark.
fn fenced(document: &str, mark: &str, language: &str) -> String {
    let mark = format!("<!-- {mark} -->");
    let behind = document.split_once(&mark).unwrap_or_else(|| panic!("no {mark}")).1;
    let fence = format!("```{language}\n");
    let fenced = behind.trim_start().strip_prefix(&fence).unwrap_or_else(|| panic!("no block behind {mark}"));
    fenced.split_once("```").unwrap().0.to_owned()
}
