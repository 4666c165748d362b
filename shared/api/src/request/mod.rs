//! Requests in: each operation's request is read as a whole, and everything wrong with it is told at once.

mod body;
mod caller;
mod create_workflow;
mod exact_json;
mod exact_number;
mod faults;
mod fields;
mod get_workflow_history;
mod get_workflow_state;
mod headers;
mod list_workflows;
mod path;
mod query;
mod recover_workflow;
mod release_workflow;
mod replay_events;
mod request_state_transition;

use alims_domain::call::Call;
use alims_domain::identifiers::WorkflowId;
use lambda_http::Request;

use crate::problem::Problem;
use faults::Faults;
use query::Query;

pub use body::{BODY_BYTES_MAX, BODY_LEVELS_MAX};
pub use caller::{request_id, tenant_named};
pub use create_workflow::create_workflow;
pub use faults::FAULTS_MAX;
pub use get_workflow_history::{HistoryRequest, get_workflow_history};
pub use get_workflow_state::{StateCall, get_workflow_state};
pub use list_workflows::{ListRequest, list_workflows};
pub use path::workflow_named;
pub use recover_workflow::recover_workflow;
pub use release_workflow::release_workflow;
pub(crate) use replay_events::FROM_VERSION;
pub use replay_events::replay_events;
pub use request_state_transition::{TransitionCall, request_state_transition};

/// Reads a request that names a workflow and nothing else.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn named_workflow(request: &Request) -> Result<(Call, WorkflowId), Problem> {
    let mut faults = Faults::default();
    let call = caller::call(request, &mut faults)?;
    let workflow_id = path::workflow_id(request, &mut faults);
    Query::read(request, &mut faults).finish(&mut faults);
    faults.conclude(|| Some((call, workflow_id?)))
}
