//! Reads the request to create a workflow.

use alims_domain::call::Call;
use alims_domain::workflow_data::WorkflowData;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_edge::reader::stated::Stated;
use alims_edge::reader::{body, fields};
use alims_operations::create_workflow::NewWorkflow;

/// Reads the call and the workflow to create.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<(Call, NewWorkflow), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    Query::read(request, &mut faults).finish(&mut faults);
    let stated = Stated::by_token(&call);
    let new = body::required(request, stated, &mut faults).and_then(|mut body| {
        let workflow_type = body.required("workflow_type", fields::text, &mut faults);
        let workflow_id = body.optional("workflow_id", fields::text, &mut faults);
        let metadata = body.optional("metadata", fields::metadata, &mut faults).unwrap_or_default();
        let labels = body.optional("labels", fields::labels, &mut faults).unwrap_or_default();
        let due_at = body.optional("due_at", fields::instant, &mut faults);
        let assignee = body.optional("assignee", fields::principal, &mut faults);
        let replaces = body.optional("replaces", fields::text, &mut faults);
        if replaces.is_some() && replaces == workflow_id {
            faults.at(&body.place_of("replaces"), "must name another workflow than workflow_id");
        }
        body.finish(&mut faults);
        let data = WorkflowData { metadata, labels, due_at, assignee };
        Some(NewWorkflow { workflow_type: workflow_type?, workflow_id, data, replaces })
    });
    faults.conclude(|| Some((call, new?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ROUTE;
    use alims_domain::limits::LABELS_MAX;
    use alims_edge::testing::GatewayEvent;
    use serde_json::{Map, Value, json};

    /// The data and the replaced workflow that a body's text gives, or the faults with their places.
    fn read_text(text: &str) -> Result<NewWorkflow, Vec<(String, String)>> {
        let event = GatewayEvent::of(&ROUTE).header("content-type", "application/json").body(text);
        match read(&event.incoming()) {
            Ok((_, new)) => Ok(new),
            Err(Problem::MalformedRequest(faults)) => {
                Err(faults.into_iter().map(|fault| (fault.pointer.unwrap_or_default(), fault.message)).collect())
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn with(member: &str, value: &Value) -> Result<NewWorkflow, Vec<(String, String)>> {
        let mut body = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
        body[member] = value.clone();
        read_text(&body.to_string())
    }

    #[track_caller]
    fn refused(member: &str, value: &Value, expected: &[&str]) {
        let faults = with(member, value).expect_err("a refusal");
        let places: Vec<&str> = faults.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, expected, "{value}: {faults:?}");
        assert!(faults.iter().all(|(_, message)| message.split_whitespace().count() <= 25), "{faults:?}");
    }

    #[test]
    fn labels_due_date_assignee_and_replaced_workflow_are_read() {
        let new = read_text(
            r#"{"workflow_type": "free-form", "labels": {"sample": "S-2026-0042", "rack.7_a-b": "a:b#c = \"\u00e4\ud83e\uddea\""},
                "due_at": "2026-11-25T17:00:00.5+01:00", "assignee": "auth0|bob smith", "replaces": "wf-0"}"#,
        )
        .expect("a sound request");
        let labels: Vec<(&str, &str)> =
            new.data.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(labels, [("rack.7_a-b", "a:b#c = \"ä🧪\""), ("sample", "S-2026-0042")]);
        assert_eq!(new.data.due_at.map(|at| at.to_string()).as_deref(), Some("2026-11-25T16:00:00.500Z"));
        assert_eq!(new.data.assignee.map(String::from).as_deref(), Some("auth0|bob smith"));
        assert_eq!(new.replaces.map(String::from).as_deref(), Some("wf-0"));
    }

    #[test]
    fn what_is_left_out_or_empty_is_absent() {
        let bare = read_text(r#"{"workflow_type": "free-form"}"#).expect("a sound request");
        assert_eq!((&bare.data, &bare.replaces), (&WorkflowData::default(), &None));
        let empty = read_text(r#"{"workflow_type": "free-form", "labels": {}}"#).expect("a sound request");
        assert_eq!(empty, bare);
    }

    #[test]
    fn labels_that_are_not_names_with_texts_are_refused_each_at_its_place() {
        for value in [json!(null), json!([]), json!("sample:S-1"), json!(7), json!([{"sample": "S-1"}])] {
            refused("labels", &value, &["/labels"]);
        }
        for name in ["", "Sample", "sample:x", "sample#x", "a b", "ä", "sample\u{200b}", "$ref", &"n".repeat(33)] {
            let labels = Map::from_iter([(name.to_owned(), json!("x")), ("sound".to_owned(), json!("x"))]);
            refused("labels", &labels.into(), &[&format!("/labels/{name}")]);
        }
        let long = "v".repeat(65);
        for value in ["", " x", "x ", "\u{200b}", "\u{2800}", "a\nb", "a\u{0}", "\u{fffd}", &long].map(Value::from) {
            refused("labels", &json!({"sample": value, "sound": "x"}), &["/labels/sample"]);
        }
        for value in [json!(null), json!(7), json!(true), json!(["S-1"]), json!({"value": "S-1"})] {
            refused("labels", &json!({"sample": value}), &["/labels/sample"]);
        }
        refused("labels", &json!({"a/b": 7, "sound": "x"}), &["/labels/a~1b"]);
        for value in [&"v".repeat(64), &"ä".repeat(64)] {
            assert!(with("labels", &json!({"sample": value})).is_ok());
        }
    }

    #[test]
    fn a_workflow_has_at_most_ten_labels_and_one_value_for_each_name() {
        let labels = |count: usize| -> Value {
            (0..count).map(|number| (format!("l{number}"), json!("x"))).collect::<Map<_, _>>().into()
        };
        assert_eq!(with("labels", &labels(LABELS_MAX)).map(|new| new.data.labels.iter().count()), Ok(LABELS_MAX));
        refused("labels", &labels(LABELS_MAX + 1), &["/labels"]);
        refused("labels", &labels(5000), &["/labels"]);
        let places = |text: &str| {
            let faults = read_text(text).expect_err("a refusal").into_iter();
            faults.map(|(place, _)| place).collect::<Vec<_>>()
        };
        let twice = r#"{"workflow_type": "a", "labels": {"sample": "S-1", "sample": "S-1"}}"#;
        assert_eq!(places(twice), ["/labels/sample"]);
        let twice =
            r#"{"workflow_type": "a", "labels": {"sample": "S-1"}, "labels": {}, "due_at": "x", "due_at": "x"}"#;
        assert_eq!(places(twice), ["/labels", "/due_at"]);
        let reserved = r#"{"workflow_type": "a", "labels": {"$serde_json::private::Number": "1"}}"#;
        assert_eq!(places(reserved), ["/labels/$serde_json::private::Number"]);
        let half = r#"{"workflow_type": "a", "labels": {"sample": "\ud800"}}"#;
        assert_eq!(places(half), ["/labels/sample"]);
    }

    #[test]
    fn a_due_date_is_an_instant_with_an_offset_that_comes_back_the_same() {
        let long = "2026-11-25T16:00:00.".to_owned() + &"0".repeat(10_000) + "1Z";
        for value in [
            "",
            "today",
            "2026-11-25",
            "2026-11-25T16:00:00",
            "2026-11-25T16:00Z",
            "2026-11-25T16:00:00+01",
            "2026-02-29T16:00:00Z",
            "2026-11-25T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "10000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
            "-001-01-01T00:00:00Z",
            "20261125T160000Z",
            "2026-11-25T16:00:00.0001Z",
            " 2026-11-25T16:00:00Z",
            "2026-11-25T16:00:00Z ",
            "null",
            &long,
        ] {
            refused("due_at", &json!(value), &["/due_at"]);
        }
        for value in [json!(null), json!(1_795_421_700), json!({}), json!([]), json!(true)] {
            refused("due_at", &value, &["/due_at"]);
        }
        // In the past, and at both ends.
        for text in ["1999-01-01T00:00:00.000Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"] {
            let read = with("due_at", &json!(text)).expect("a sound request");
            assert_eq!(read.data.due_at.map(|at| at.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn an_assignee_is_a_principal_of_the_laboratory() {
        let long = "x".repeat(257);
        for value in [
            "",
            "null",
            "None",
            "undefined",
            " bob",
            "bob\n",
            "\u{200b}",
            "b\u{0}b",
            "\u{fffd}",
            "alims.workflow-manager/recovery",
            &long,
        ] {
            refused("assignee", &json!(value), &["/assignee"]);
        }
        for value in [json!(null), json!(7), json!(["bob"]), json!({"id": "bob"})] {
            refused("assignee", &value, &["/assignee"]);
        }
    }

    #[test]
    fn a_replaced_workflow_is_another_one_with_a_sound_id() {
        for value in
            [json!(null), json!(7), json!(["wf-0"]), json!(""), json!("a/b"), json!(".."), json!("x".repeat(129))]
        {
            refused("replaces", &value, &["/replaces"]);
        }
        refused("replaces", &json!("wf-1"), &["/replaces"]);
    }

    #[test]
    fn everything_wrong_is_told_at_once_and_a_misspelt_member_too() {
        let text = r#"{"workflow_type": "free-form", "labels": {"A": 1}, "due_at": 1, "assignee": "", "replaces": "/",
            "due": "2026-11-25T16:00:00Z", "label": {}, "assigned_to": "bob"}"#;
        let faults = read_text(text).expect_err("a refusal");
        let mut places: Vec<&str> = faults.iter().map(|(place, _)| place.as_str()).collect();
        places.sort_unstable();
        let expected = ["/assigned_to", "/assignee", "/due", "/due_at", "/label", "/labels/A", "/replaces"];
        assert_eq!(places, expected);
    }
}
