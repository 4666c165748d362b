//! The six variables of an expression, made from a question.
//!
//! Texts are borrowed from the question, not copied. Whole JSON numbers become CEL integers and others become doubles;
//! CEL compares the two by value.

use alims_domain::event::Failure;
use alims_domain::identifiers::{Reason, WorkflowId};
use alims_domain::lifecycle::State;
use alims_domain::ruling::RulesQuestion;
use alims_domain::signature::{KeptSignature, Signature};
use alims_domain::timestamp::Timestamp;
use alims_domain::workflow_data::WorkflowData;
use cel::Context;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelTimestamp};
use cel::common::value::Val;
use serde_json::{Map, Value};
use std::collections::HashMap;

type Cel<'v> = Box<dyn Val + 'v>;

/// Binds the variables of a question. The vocabulary names their members: the two are tested against each other.
pub(super) fn bind<'v>(context: &mut Context<'_, 'v>, question: &RulesQuestion<'v>) {
    context.add_variable_as_val("workflow", workflow(question));
    context.add_variable_as_val("transition", transition(question));
    context.add_variable_as_val(
        "actor",
        record([
            ("id", text(question.actor.id.as_str())),
            ("roles", list(question.actor.roles.iter().map(|role| text(role)))),
        ]),
    );
    context.add_variable_as_val("context", question.context.map_or_else(empty, |given| object(given.as_object())));
    context.add_variable_as_val("signatures", list(question.transition.signatures.iter().map(signature)));
    context.add_variable_as_val("now", instant(question.now));
}

/// A creation has no state, no version and no data yet.
fn workflow<'v>(question: &RulesQuestion<'v>) -> Cel<'v> {
    let workflow = question.workflow;
    let exists = question.transition.from.is_some();
    let version = i64::try_from(workflow.version.get()).unwrap_or(i64::MAX);
    let known = [
        ("workflow_id", text(workflow.key.workflow_id.as_str())),
        ("workflow_type", text(workflow.workflow_type.as_str())),
        ("tenant_id", text(workflow.key.tenant_id.as_str())),
        ("current_state", state(exists.then_some(workflow.current_state))),
        ("previous_state", state(workflow.previous_state.filter(|_| exists))),
        ("version", integer(if exists { version } else { 0 })),
        ("created_at", instant(workflow.created_at)),
        ("updated_at", instant(workflow.updated_at)),
        ("created_by", text(workflow.created_by.as_str())),
        ("updated_by", text(workflow.updated_by.as_str())),
    ];
    record(
        known.into_iter().chain(data(exists.then_some(&workflow.data), workflow.replaces.as_ref().filter(|_| exists))),
    )
}

fn transition<'v>(question: &RulesQuestion<'v>) -> Cel<'v> {
    let transition = question.transition;
    let failure = |failure: &'v Failure| {
        record([
            ("code", text(failure.code.as_str())),
            ("message", text(failure.message.as_str())),
            ("retryable", Box::new(CelBool::from(failure.retryable))),
        ])
    };
    let requested = |signature: &'v Signature| {
        record([
            ("meaning", text(signature.meaning.as_str())),
            ("comment", signature.comment.as_ref().map(Reason::as_str).map_or_else(null, text)),
        ])
    };
    let known = [
        ("kind", text(transition.kind().as_str())),
        ("from_state", state(transition.from)),
        ("to_state", state(Some(transition.to))),
        ("reason", transition.reason.as_ref().map(Reason::as_str).map_or_else(null, text)),
        ("failure", transition.failure.as_ref().map_or_else(null, failure)),
        ("signature", transition.signature.as_ref().map_or_else(null, requested)),
    ];
    // What a workflow replaces is said at its creation and never changes.
    record(known.into_iter().chain(data(Some(&transition.data), question.workflow.replaces.as_ref())))
}

/// A signature that the workflow will have after the transition.
fn signature(signature: &KeptSignature) -> Cel<'_> {
    record([
        ("meaning", text(signature.meaning.as_str())),
        ("by", text(signature.by.as_str())),
        ("name", text(signature.name.as_str())),
        ("roles", list(signature.roles.iter().map(|role| text(role.as_str())))),
        ("at", instant(signature.at)),
        ("version", integer(i64::try_from(signature.version.get()).unwrap_or(i64::MAX))),
        ("hash", text(signature.hash.as_str())),
        ("current", Box::new(CelBool::from(signature.current))),
    ])
}

/// What people keep on a workflow, before or after the transition; none where there is no workflow yet.
fn data<'v>(data: Option<&'v WorkflowData>, replaces: Option<&'v WorkflowId>) -> [(&'static str, Cel<'v>); 5] {
    let labels =
        |data: &'v WorkflowData| record(data.labels.iter().map(|(name, value)| (name.as_str(), text(value.as_str()))));
    [
        ("metadata", data.map_or_else(empty, |data| object(data.metadata.as_object()))),
        ("labels", data.map_or_else(empty, labels)),
        ("due_at", data.and_then(|data| data.due_at).map_or_else(null, instant)),
        ("assignee", data.and_then(|data| data.assignee.as_ref()).map_or_else(null, |id| text(id.as_str()))),
        ("replaces", replaces.map_or_else(null, |id| text(id.as_str()))),
    ]
}

fn state<'v>(state: Option<State>) -> Cel<'v> {
    state.map(State::as_str).map_or_else(null, text)
}

fn text(text: &str) -> Cel<'_> {
    Box::new(CelString::from(text))
}

fn integer<'v>(number: i64) -> Cel<'v> {
    Box::new(CelInt::from(number))
}

fn instant<'v>(at: Timestamp) -> Cel<'v> {
    Box::new(CelTimestamp::from(at.as_chrono().fixed_offset()))
}

fn null<'v>() -> Cel<'v> {
    Box::new(CelNull)
}

fn empty<'v>() -> Cel<'v> {
    record([])
}

fn list<'v>(items: impl Iterator<Item = Cel<'v>>) -> Cel<'v> {
    Box::new(CelList::from(items.collect::<Vec<_>>()))
}

fn record<'v>(members: impl IntoIterator<Item = (&'v str, Cel<'v>)>) -> Cel<'v> {
    let members: HashMap<CelMapKey<'v>, Cel<'v>> =
        members.into_iter().map(|(name, value)| (CelMapKey::from(name), value)).collect();
    Box::new(CelMap::from(members))
}

fn object(object: &Map<String, Value>) -> Cel<'_> {
    record(object.iter().map(|(name, value)| (name.as_str(), json(value))))
}

/// Recurses no deeper than the domain lets JSON be.
fn json(value: &Value) -> Cel<'_> {
    match value {
        Value::Null => null(),
        Value::Bool(truth) => Box::new(CelBool::from(*truth)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => integer(whole),
            (None, Some(real)) => Box::new(CelDouble::from(real)),
            (None, None) => null(),
        },
        Value::String(string) => text(string),
        Value::Array(items) => list(items.iter().map(json)),
        Value::Object(members) => object(members),
    }
}
