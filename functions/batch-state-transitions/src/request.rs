//! Reads the request for many transitions.

use std::collections::HashMap;

use alims_domain::call::Call;
use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::identifiers::{Reason, WorkflowId};
use alims_domain::limits::BATCH_ITEMS_MAX;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::fields::{self, Fields};
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, yes_or_no};
use alims_edge::reader::stated::Stated;
use alims_edge::reader::transition::TransitionMembers;
use alims_edge::reader::{body, headers};
use alims_operations::batch_state_transitions::BatchItem;
use jsonptr::Pointer;
use serde_json::Value;

/// The member with the items.
pub(crate) const TRANSITIONS: &str = "transitions";
/// An item's members stand in the list and in the item.
const FURTHER_LEVELS: usize = 2;

/// The requested transitions with their options.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchCall {
    /// The call.
    pub call: Call,
    /// The transitions, each of another workflow.
    pub items: Vec<BatchItem>,
    /// Whether to decide only, and write nothing.
    pub dry_run: bool,
}

/// Reads the call and the requested transitions.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`]. One faulty item is a fault of the whole request.
pub fn read(request: &Incoming) -> Result<BatchCall, Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let mut query = Query::read(request, &mut faults);
    let dry_run = query.take("dry_run", yes_or_no, &mut faults).unwrap_or(false);
    query.finish(&mut faults);
    if headers::if_match(request.headers(), &mut faults).is_some() {
        faults.outside("the header if-match names versions of one workflow; give each item its expected_version");
    }
    let body = body::required_of_items(request, Stated::by_token(&call), FURTHER_LEVELS, &mut faults);
    let items = body.and_then(|body| batch(body, &mut faults));
    faults.conclude(|| Some(BatchCall { call, items: items?, dry_run }))
}

fn batch(mut body: Fields, faults: &mut Faults) -> Option<Vec<BatchItem>> {
    const REASON: &str = "reason";
    // One that is there and wrong is a fault of its own, and not one of every item.
    let missing = (!body.has(REASON)).then_some("is required, here or as /reason for all");
    let reason = body.optional(REASON, fields::text, faults);
    let place = body.place_of(TRANSITIONS);
    let listed = body.required(TRANSITIONS, list, faults);
    body.finish(faults);
    let mut first_named = HashMap::new();
    let mut items = Vec::new();
    let listed = listed?;
    let count = listed.len();
    for (index, value) in listed.into_iter().enumerate() {
        let Some(members) = Fields::of(value, &place.with_trailing_token(index), faults) else { continue };
        items.extend(item(members, index, (reason.as_ref(), missing), &mut first_named, faults));
    }
    (items.len() == count).then_some(items)
}

fn item(
    mut members: Fields,
    index: usize,
    (reason_of_all, missing): (Option<&Reason>, Option<&'static str>),
    first_named: &mut HashMap<WorkflowId, usize>,
    faults: &mut Faults,
) -> Option<BatchItem> {
    const WORKFLOW_ID: &str = "workflow_id";
    let workflow_id: Option<WorkflowId> = members.required(WORKFLOW_ID, fields::text, faults);
    if let Some(id) = &workflow_id {
        let first = *first_named.entry(id.clone()).or_insert(index);
        if first != index {
            let place = members.place_of(WORKFLOW_ID);
            faults.at(&place, format!("is also in /{TRANSITIONS}/{first}; name each workflow once"));
        }
    }
    let mut transition = TransitionMembers::take(&mut members, missing, faults);
    members.finish(faults);
    transition.reason = transition.reason.or_else(|| reason_of_all.cloned());
    let expected_versions = transition.expected_version.map(ExpectedVersions::from);
    Some(BatchItem { workflow_id: workflow_id?, request: transition.request(expected_versions)? })
}

fn list(value: Value, place: &Pointer, faults: &mut Faults) -> Option<Vec<Value>> {
    let Value::Array(items) = value else {
        faults.at(place, "must be a list");
        return None;
    };
    if items.is_empty() || items.len() > BATCH_ITEMS_MAX {
        faults.at(place, format!("must have 1 to {BATCH_ITEMS_MAX} items"));
        return None;
    }
    Some(items)
}
