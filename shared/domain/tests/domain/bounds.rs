//! What the domain's texts and objects may be: at each bound the last that is taken and the first that is not.

use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::identifiers::{FailureMessage, IdempotencyKey, PrincipalId, Reason, Role, TenantId, WorkflowId};
use alims_domain::json::{JsonRefused, Metadata, ValidationContext};
use alims_domain::limits::{
    BUS_CALL_BYTES_MAX, JSON_DEPTH_MAX, METADATA_BYTES_MAX, PUBLISHED_AFTER_HOURS, VALIDATION_CONTEXT_BYTES_MAX,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::str::FromStr;

fn taken<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

/// Texts made of this character that are taken at length 1 and at most, and nowhere beside.
#[track_caller]
fn assert_bounds<T: FromStr>(character: &str, most: usize) {
    assert!(!taken::<T>(""));
    assert!(taken::<T>(character));
    assert!(taken::<T>(&character.repeat(most)));
    assert!(!taken::<T>(&character.repeat(most + 1)));
}

#[test]
fn names_have_a_bounded_length_and_only_characters_that_are_allowed() {
    assert_bounds::<TenantId>("a", 64);
    assert_bounds::<WorkflowId>("a", 128);
    assert_bounds::<IdempotencyKey>("!", 255);
    assert!(!taken::<TenantId>("a#b"), "it opens every key");
    assert!(!taken::<WorkflowId>("a/b"));
    assert!(!taken::<IdempotencyKey>("a b"));
}

#[test]
fn texts_of_people_are_counted_in_characters_and_hold_no_control_characters() {
    assert_bounds::<PrincipalId>("ü", 256);
    assert_bounds::<Reason>("ü", 1000);
    assert_bounds::<FailureMessage>("ü", 1000);
    assert!(!taken::<PrincipalId>("alice\n"));
    assert!(taken::<Reason>("two\nlines\tand\r\nmore"));
    assert!(!taken::<Reason>("a bell \u{7}"));
    assert!(!taken::<Reason>(" \n\t "), "nothing but white space");
}

#[test]
fn a_step_of_a_path_and_a_word_for_no_value_are_no_names() {
    for text in [".", ".."] {
        assert!(!taken::<WorkflowId>(text) && !taken::<TenantId>(text), "{text}");
    }
    for text in ["...", ".a", "a.", "..a", "-", ":"] {
        assert!(taken::<WorkflowId>(text), "{text}");
    }
    for text in ["null", "NULL", "nil", "None", "undefined", "NaN", "true", "False"] {
        assert!(!taken::<TenantId>(text) && !taken::<PrincipalId>(text) && !taken::<Role>(text), "{text}");
        assert!(taken::<WorkflowId>(text), "it comes from a request and not from a claim");
    }
    for text in ["nullable", "none-such", "7", "0"] {
        assert!(taken::<TenantId>(text) && taken::<PrincipalId>(text) && taken::<Role>(text), "{text}");
    }
    for text in [" alice", "alice ", "\u{a0}", "a\u{fffd}", "<nil>"] {
        assert!(!taken::<PrincipalId>(text), "{text:?}");
    }
    assert_bounds::<Role>("a", 64);
    for text in ["former supervisor", "a,b", "[a]", "\"a\"", "a'b", "ä"] {
        assert!(!taken::<Role>(text), "{text}");
    }
}

#[test]
fn a_name_is_reserved_only_if_it_is_the_service_s_own() {
    assert!(PrincipalId::automatic_recovery().is_reserved());
    for other in ["alice", "alims", "x-alims.workflow-manager/recovery"] {
        assert!(!other.parse::<PrincipalId>().unwrap().is_reserved(), "{other}");
    }
}

#[test]
fn a_hash_is_64_lower_case_hexadecimal_digits() {
    let hash = |text: &str| ChainHash::try_from(text.to_owned());
    assert_eq!(hash(&"0af9".repeat(16)).unwrap().as_str(), "0af9".repeat(16));
    for other in [String::new(), "a".repeat(63), "a".repeat(65), "A".repeat(64), "g".repeat(64)] {
        assert!(hash(&other).is_err(), "{other}");
    }
}

#[test]
fn each_fault_of_a_chain_has_words_of_its_own() {
    let faults =
        [BreakKind::Missing, BreakKind::Unreadable, BreakKind::Foreign, BreakKind::Altered, BreakKind::Unlinked];
    let said: BTreeSet<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), faults.len());
    assert!(said.iter().all(|words| words.contains("version") || words.contains("content")), "{said:?}");
}

#[test]
fn the_limits_are_those_that_are_promised() {
    assert_eq!((METADATA_BYTES_MAX, VALIDATION_CONTEXT_BYTES_MAX, JSON_DEPTH_MAX), (65_536, 16_384, 32));
    assert_eq!((BUS_CALL_BYTES_MAX, PUBLISHED_AFTER_HOURS), (262_144, 25));
}

/// An object whose JSON is of this size.
fn sized(bytes: usize) -> Map<String, Value> {
    let object = json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
    assert_eq!(object.to_string().len(), bytes);
    object.as_object().unwrap().clone()
}

#[test]
fn objects_are_taken_up_to_their_size_and_shown_as_they_are() {
    let largest = sized(METADATA_BYTES_MAX);
    assert_eq!(Metadata::new(largest.clone()).unwrap().as_object(), &largest);
    let (bytes, limit_bytes) = (METADATA_BYTES_MAX + 1, METADATA_BYTES_MAX);
    let refused = Err(JsonRefused::TooLarge { what: "metadata", bytes, limit_bytes });
    assert_eq!(Metadata::new(sized(bytes)), refused);
    let largest = sized(VALIDATION_CONTEXT_BYTES_MAX);
    assert_eq!(ValidationContext::new(largest.clone()).unwrap().as_object(), &largest);
    assert!(ValidationContext::new(sized(VALIDATION_CONTEXT_BYTES_MAX + 1)).is_err());
}

#[test]
fn objects_are_taken_up_to_their_depth_whether_lists_or_objects_make_it() {
    let deep = |levels: usize, around: fn(Value) -> Value| {
        let inner = (2..levels).fold(around(json!(1)), |inner, _| around(inner));
        Metadata::new(json!({"in": inner, "beside": 1}).as_object().unwrap().clone())
    };
    for around in [
        |inner| json!([inner]),
        |inner| json!({"in": inner}),
        |inner| json!([1, inner]),
        |inner| json!({"a": 1, "in": inner}),
    ] {
        assert!(deep(JSON_DEPTH_MAX, around).is_ok());
        assert_eq!(deep(JSON_DEPTH_MAX + 1, around), Err(JsonRefused::TooDeep { what: "metadata" }));
    }
}
