//! Every setting of a function is in what its version is described by, so that a changed one makes a new version, and no
//! description becomes too long.

use serde_json::Value;
use std::collections::BTreeSet;

use crate::template::{TEMPLATE, parameters, pascal, properties};
use crate::workspace::{assert_no_complaints, workspace};

/// AWS Lambda takes descriptions of at most so many characters.
const DESCRIPTION_MAX: usize = 256;
/// Versions of a layer, or the longest of them, in digits.
const NUMBER_MAX: usize = 6;
/// What is part of a version.
const SETTINGS: [&str; 6] = ["Environment", "LoggingConfig", "Timeout", "MemorySize", "Architectures", "Tracing"];

/// The names that a part of the template mentions: whole texts, the names before a dot, and those in `${…}`.
fn mentioned(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            names.extend(text.split('.').next().map(str::to_owned));
            let inner = text.split("${").skip(1).filter_map(|rest| rest.split(['}', '.']).next());
            names.extend(inner.map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| mentioned(item, names)),
        Value::Object(members) => members.values().for_each(|member| mentioned(member, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The same, with what the mentioned conditions ask and with the names of the mentioned resources: a resource that gets
/// another name is replaced, and what mentions it gets the other one.
fn reached(values: &[&Value]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    values.iter().for_each(|value| mentioned(value, &mut names));
    loop {
        let before = names.len();
        for name in names.clone() {
            mentioned(&TEMPLATE["Conditions"][&name], &mut names);
            let resource = &TEMPLATE["Resources"][&name]["Properties"];
            for (property, value) in resource.as_object().into_iter().flatten() {
                if property.ends_with("Name") {
                    mentioned(value, &mut names);
                }
            }
        }
        if names.len() == before {
            return names;
        }
    }
}

/// The template of a text with `${…}`, and what it names there.
fn substituted(value: &Value) -> (&str, BTreeSet<String>) {
    let text = value.as_str().or_else(|| value[0].as_str()).unwrap();
    (text, text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect())
}

/// The layers that a function's version is described by, each by the number at the end of its ARN.
fn numbered(described: &Value) -> Vec<(String, String)> {
    let numbers = described[1].as_object().into_iter().flatten();
    let layer = |(name, select): (&String, &Value)| {
        let layer = select[1][1].as_str().unwrap().to_owned();
        assert_eq!((&select[0], &select[1][0]), (&Value::from(7), &Value::from(":")), "{name}");
        (name.clone(), layer)
    };
    numbers.map(layer).collect()
}

#[test]
fn everything_calls_the_alias_and_every_parameter_of_a_function_makes_a_new_version() {
    let globals = &TEMPLATE["Globals"]["Function"];
    assert_eq!(globals["AutoPublishAlias"], "live");
    let mut complaints = Vec::new();
    for operation in workspace().operations() {
        let function = properties(&format!("{}Function", pascal(&operation)));
        assert_eq!(
            function["AutoPublishAliasAllProperties"], true,
            "{operation}: changed layers would not be published"
        );
        let values: Vec<&Value> = SETTINGS.iter().flat_map(|name| [&globals[name], &function[name]]).collect();
        let depends = reached(&values);
        let described = &function["VersionDescription"];
        let (_, own) = substituted(described);
        let layers = numbered(described);
        let of_layers: BTreeSet<String> =
            layers.iter().flat_map(|(_, layer)| substituted(&properties(layer)["Description"]).1).collect();
        for (name, parameter) in parameters().as_object().unwrap() {
            let depends = depends.contains(name) && parameter["NoEcho"] != true;
            let said = own.contains(name) || of_layers.contains(name);
            if depends && !said {
                complaints.push(format!("{operation}: a change of {name} makes no version"));
            }
            if own.contains(name) && !depends {
                complaints.push(format!("{operation}: {name} does not change it, and Lambda then makes no version"));
            }
        }
        for (name, layer) in layers {
            assert!(own.contains(&name), "{operation}: {name} is not used");
            let given = function["Layers"].as_array().unwrap();
            assert!(given.iter().any(|given| *given == layer), "{operation}: {layer} does not change it");
        }
    }
    assert_no_complaints(complaints);
    for layer in ["RulesLayer", "PoliciesLayer"] {
        assert_eq!(properties(layer)["PublishLambdaVersion"], true, "{layer}");
    }
}

/// The parameters that change what a restored log or the events are.
#[test]
fn the_restored_log_and_the_bus_are_among_what_is_reached() {
    let of = |operation: &str| reached(&[&properties(&format!("{}Function", pascal(operation)))["Environment"]]);
    assert!(of("create-workflow").contains("RestoredLogTable"));
    assert!(of("publish-events").is_superset(&["EventBusName", "RestoredLogTable"].map(str::to_owned).into()));
}

/// The length that a parameter can have at most.
fn longest(name: &str) -> usize {
    let parameter = &parameters()[name];
    let allowed = parameter["AllowedValues"].as_array().map(|values| {
        values.iter().map(|value| value.as_str().map_or_else(|| value.to_string().len(), str::len)).max().unwrap()
    });
    let number = parameter["MaxValue"].as_u64().map(|most| most.to_string().len());
    let text = parameter["MaxLength"].as_u64().map(|most| usize::try_from(most).unwrap());
    allowed.or(number).or(text).unwrap_or_else(|| panic!("{name} may be of any length: give it a MaxLength"))
}

fn assert_fits(what: &str, described: &Value) {
    let (text, names) = substituted(described);
    let numbered: Vec<String> = numbered(described).into_iter().map(|(name, _)| name).collect();
    let length = |name: &String| if numbered.contains(name) { NUMBER_MAX } else { longest(name) };
    let placeholders: usize = names.iter().map(|name| name.len() + "${}".len()).sum();
    let most = text.len() - placeholders + names.iter().map(length).sum::<usize>();
    assert!(most <= DESCRIPTION_MAX, "{what}: a description of {most} characters fails the deployment");
}

#[test]
fn no_description_of_a_version_or_of_a_layer_can_be_too_long() {
    for operation in workspace().operations() {
        assert_fits(&operation, &properties(&format!("{}Function", pascal(&operation)))["VersionDescription"]);
    }
    for layer in ["RulesLayer", "PoliciesLayer"] {
        assert_fits(layer, &properties(layer)["Description"]);
    }
}

/// Lambda looks whether the role may send traces when it switches them on, and waits for no policy beside the role.
#[test]
fn every_role_may_send_traces_before_they_are_switched_on() {
    let functions = workspace().operations().into_iter().map(|operation| pascal(&operation));
    for name in functions.chain(["RecoveryMachine".to_owned()]) {
        let policies = &properties(&format!("{name}Role"))["Policies"][0]["PolicyDocument"]["Statement"];
        let sends = policies.as_array().unwrap().iter().find(|statement| statement["Sid"] == "SendTraces");
        let actions = &sends.unwrap_or_else(|| panic!("{name} has no such statement"))["Action"];
        assert_eq!(*actions, serde_json::json!(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]), "{name}");
    }
}
