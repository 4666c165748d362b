//! The page on `sam local` and the sample events: what they name exists.

use serde_json::Value;
use std::collections::BTreeSet;

use crate::workspace::workspace;

/// The commands of the page on `sam local` that begin so.
fn commands_of_the_page(beginning: &str) -> Vec<&'static str> {
    let blocks = workspace().text("docs/sam-local.md").split("```text").skip(1);
    let lines = blocks.filter_map(|block| block.split("```").next()).flat_map(str::lines);
    lines.filter(|line| line.starts_with(beginning)).collect()
}

/// Without the first the functions do not reach the ports; without the second SAM CLI takes the image of the template's
/// default architecture. It passes the credentials that it finds on to the container, and invents some where it finds
/// none.
#[test]
fn every_sam_local_command_of_the_page_has_the_environment_file_and_the_architecture_and_the_page_has_the_key() {
    let commands = commands_of_the_page("sam local ");
    assert!(commands.len() >= 2, "{commands:?}: this test sees nothing");
    for command in commands {
        assert!(command.contains(" --env-vars .local/sam-local.env.json"), "{command}");
        assert!(command.contains(" --parameter-overrides Architecture="), "{command}");
    }
    assert_eq!(commands_of_the_page("export AWS_"), ["export AWS_SHARED_CREDENTIALS_FILE=.local/credentials"]);
    let folder = workspace().text("local/src/folder.rs");
    for file in ["credentials", "sam-local.env.json"] {
        assert!(folder.contains(&format!(r#"join("{file}")"#)), "{file} has another name");
    }
}

#[test]
fn the_page_on_sam_local_starts_the_server_with_options_that_it_has() {
    let options = workspace().text("local/src/cli.rs");
    let mut seen = 0;
    for part in workspace().text("docs/sam-local.md").split("cargo local --").skip(1) {
        let command = format!("--{}", part.split(['`', '\n']).next().unwrap());
        for option in command.split(' ').filter_map(|word| word.strip_prefix("--")) {
            seen += 1;
            assert!(options.contains(&format!("    {}: ", option.replace('-', "_"))), "there is no --{option}");
        }
    }
    assert!(seen >= 5, "{seen} options: this test sees nothing");
}

#[test]
fn every_function_has_a_sample_event_and_no_other_thing_has_one() {
    let mut events: BTreeSet<String> = BTreeSet::new();
    for file in workspace().files(".json") {
        let Some(name) = file.path.strip_prefix("events/") else { continue };
        serde_json::from_str::<Value>(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        events.insert(name.trim_end_matches(".json").to_owned());
    }
    // What the functions answer to the others.
    assert!(events.remove("answers"));
    assert_eq!(events, workspace().operations().into_iter().collect());
}
