//! What the document says of each operation.

mod examples;

use utoipa::openapi::path::Parameter;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::Response;
use utoipa::openapi::{Content, Required};

use crate::openapi::requests::{
    RecoveryRequest, ReleaseRequest, ReplayRequest, StateTransitionRequest, WorkflowCreate,
};
use crate::openapi::{parameters, responses};
use crate::operations::Operation;
use crate::problem::ProblemCode;
use crate::wire::{
    DryRunResult, HistoryPage, RecoveryReport, ReleaseReport, ReplayReport, TransitionResult, Verification,
    WorkflowList, WorkflowState,
};

/// One operation in the document.
pub(super) struct Route {
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    pub(super) successes: Vec<(&'static str, Response)>,
    /// What can be wrong beside what can be wrong with every request.
    pub(super) problems: &'static [ProblemCode],
}

/// What the document says of an operation; one that is not described here stands out as empty.
pub(super) fn route(operation: &Operation) -> Route {
    match operation.name {
        "create-workflow" => create_workflow(),
        "get-workflow-state" => get_workflow_state(),
        "request-state-transition" => request_state_transition(),
        "list-workflows" => list_workflows(),
        "get-workflow-history" => get_workflow_history(),
        "verify-workflow-history" => verify_workflow_history(),
        "recover-workflow" => recover_workflow(),
        "get-workflow-recovery" => get_workflow_recovery(),
        "replay-events" => replay_events(),
        "release-workflow" => release_workflow(),
        _ => Route {
            summary: "",
            description: "",
            parameters: Vec::new(),
            body: None,
            successes: Vec::new(),
            problems: &[],
        },
    }
}

fn create_workflow() -> Route {
    let created = || responses::json_of::<WorkflowState>(examples::created());
    let with_headers = |description| {
        let response = responses::success(description, created()).header("ETag", responses::etag());
        response.header("Location", responses::location("/workflows/sample-2026-0042")).build()
    };
    Route {
        summary: "Create a workflow",
        description: "Creates version 1 in the state CREATED. Policies and rules check it like every transition.",
        parameters: vec![parameters::idempotency_key(), parameters::correlation_id()],
        body: Some(body(responses::json_of::<WorkflowCreate>(examples::workflow_create()), Required::True)),
        successes: vec![
            ("201", with_headers("The workflow was created.")),
            ("200", with_headers("An earlier request with this key created it; this is the first answer again.")),
        ],
        problems: &[
            ProblemCode::PayloadTooLarge,
            ProblemCode::WorkflowAlreadyExists,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::RuleViolation,
            ProblemCode::IdempotencyKeyReused,
            ProblemCode::TooManyRefusals,
            ProblemCode::RulesEngineUnavailable,
        ],
    }
}

fn get_workflow_state() -> Route {
    let state = responses::json_of::<WorkflowState>(examples::evaluated_workflow());
    Route {
        summary: "Read the state of a workflow",
        description: "Returns the newest version, strongly consistent. With `evaluate=true` the answer also says, for each \
                      transition that the lifecycle allows, whether you may request it and whether the rules allow it \
                      now. The rules see only the target state; the data of a real request may change the verdict. \
                      Nothing is written.",
        parameters: vec![parameters::workflow_id(), parameters::evaluate(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The workflow.", state).header("ETag", responses::etag()).build())],
        problems: OF_A_READ,
    }
}

fn request_state_transition() -> Route {
    let moved = responses::json_of_either::<TransitionResult, DryRunResult>(examples::transition_result());
    let told = "The transition was made, now or by an earlier request with this key. For a dry run: it would be made.";
    Route {
        summary: "Move a workflow to another state",
        description: "Checks the policies, the lifecycle and the rules, in this order, and appends the next version.",
        parameters: vec![
            parameters::workflow_id(),
            parameters::dry_run(),
            parameters::if_match(),
            parameters::idempotency_key(),
            parameters::correlation_id(),
        ],
        body: Some(body(responses::json_of::<StateTransitionRequest>(examples::transition_request()), Required::True)),
        successes: vec![("200", responses::success(told, moved).header("ETag", responses::etag()).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::InvalidTransition,
            ProblemCode::VersionConflict,
            ProblemCode::PayloadTooLarge,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::RuleViolation,
            ProblemCode::IdempotencyKeyReused,
            ProblemCode::TooManyRefusals,
            ProblemCode::RulesEngineUnavailable,
        ],
    }
}

fn list_workflows() -> Route {
    let list = responses::json_of::<WorkflowList>(examples::workflow_list());
    let mut parameters = parameters::of_a_list();
    parameters.push(parameters::correlation_id());
    Route {
        summary: "List workflows",
        description: "Newest first, eventually consistent: the list shows the last published version of each workflow.",
        parameters,
        body: None,
        successes: vec![("200", responses::success("A page of workflows.", list).build())],
        problems: &[],
    }
}

fn get_workflow_history() -> Route {
    let page = responses::json_of::<HistoryPage>(examples::history_page());
    Route {
        summary: "Read a workflow's history",
        description: "Returns every version, oldest first, and on request the refused attempts between them. A page \
                      holds fewer items when the items are large.",
        parameters: vec![
            parameters::workflow_id(),
            parameters::include(),
            parameters::limit(),
            parameters::cursor(),
            parameters::correlation_id(),
        ],
        body: None,
        successes: vec![("200", responses::success("A page of the history.", page).build())],
        problems: OF_A_READ,
    }
}

fn verify_workflow_history() -> Route {
    let found = responses::json_of::<Verification>(examples::verification());
    Route {
        summary: "Check a workflow's history",
        description: "Recomputes the hash chain over the stored history. A broken chain is a result, not an error.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The result of the check.", found).build())],
        problems: &[ProblemCode::WorkflowNotFound],
    }
}

fn recover_workflow() -> Route {
    let report = responses::json_of::<RecoveryReport>(examples::recovery_running());
    let accepted = responses::success("The recovery is running.", report);
    let location = responses::location("/workflows/sample-2026-0042/recovery");
    Route {
        summary: "Recover a workflow",
        description: "Starts a recovery: it publishes missing events, repairs the index, and returns a failed workflow to \
                      ACTIVE if the rules allow it. It runs in the background and ends within 30 s; poll the address \
                      in `Location`. While a recovery is running, a further request by any caller returns that \
                      recovery. The service ignores an `Idempotency-Key` here.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: Some(body(responses::json_of::<RecoveryRequest>(examples::recovery_request()), Required::False)),
        successes: vec![("202", accepted.header("Location", location).build())],
        problems: &[ProblemCode::WorkflowNotFound, ProblemCode::PayloadTooLarge, ProblemCode::TooManyRefusals],
    }
}

fn get_workflow_recovery() -> Route {
    let status = responses::json_of::<RecoveryReport>(examples::recovery_report());
    Route {
        summary: "Read a workflow's newest recovery",
        description: "Returns whether the newest recovery is running, or how it ended, and its steps.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: None,
        successes: vec![("200", responses::success("The newest recovery.", status).build())],
        problems: &[ProblemCode::WorkflowNotFound],
    }
}

fn replay_events() -> Route {
    let report = responses::json_of::<ReplayReport>(examples::replay_report());
    Route {
        summary: "Publish a workflow's events again",
        description: "Sends the published events of a workflow to the bus again, in order, each marked `replay: true`. \
                      It skips events that were never published. A long history takes several requests: continue from \
                      `next_version`, which an interrupted replay returns as well.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: Some(body(responses::json_of::<ReplayRequest>(examples::replay_request()), Required::True)),
        successes: vec![("202", responses::success("The events that were sent to the bus.", report).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::PayloadTooLarge,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::TooManyRefusals,
        ],
    }
}

fn release_workflow() -> Route {
    let report = responses::json_of::<ReleaseReport>(examples::release_report());
    Route {
        summary: "Release a workflow from quarantine",
        description: "Records that a person releases the named breaks, and only these. The state and the recovery of the \
                      workflow show each `break_id`. The stored history stays unchanged. When no break is in force, \
                      transitions are possible again. If the newest version is unreadable, the next transition \
                      continues from the newest readable version, and its event says so in `resumes`. A repeated \
                      request by the same person for the same reason gets the first answer; the service ignores an \
                      `Idempotency-Key` here.",
        parameters: vec![parameters::workflow_id(), parameters::correlation_id()],
        body: Some(body(responses::json_of::<ReleaseRequest>(examples::release_request()), Required::True)),
        successes: vec![("200", responses::success("The released breaks.", report).build())],
        problems: &[
            ProblemCode::WorkflowNotFound,
            ProblemCode::WorkflowNotQuarantined,
            ProblemCode::PayloadTooLarge,
            ProblemCode::WorkflowQuarantined,
            ProblemCode::TooManyRefusals,
        ],
    }
}

/// What can be wrong when the newest version of one workflow is read.
const OF_A_READ: &[ProblemCode] = &[ProblemCode::WorkflowNotFound, ProblemCode::WorkflowQuarantined];

/// What can be wrong with every request.
pub(super) const OF_ANY_REQUEST: [ProblemCode; 6] = [
    ProblemCode::MalformedRequest,
    ProblemCode::Unauthenticated,
    ProblemCode::Forbidden,
    ProblemCode::StorageUnavailable,
    ProblemCode::WrittenByNewerRelease,
    ProblemCode::Internal,
];

fn body(content: Content, required: Required) -> RequestBody {
    RequestBodyBuilder::new().content("application/json", content).required(Some(required)).build()
}
