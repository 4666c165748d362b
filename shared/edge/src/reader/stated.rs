//! What path and token say already. A body may say it again, as clients of other workflow services do, but not
//! otherwise.

use alims_domain::call::Call;
use alims_domain::identifiers::{PrincipalId, WorkflowId};
use serde_json::Value;

use crate::reader::faults::Faults;
use crate::reader::fields::Fields;

const WORKFLOW_ID: &str = "workflow_id";
const REQUESTED_BY: &str = "requested_by";

/// The caller and the workflow of a request, from its token and its path.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a> {
    caller: &'a PrincipalId,
    path: Path<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Path<'a> {
    /// The route has no workflow id.
    NamesNone,
    /// The route has one; none when it is invalid.
    Names(Option<&'a WorkflowId>),
}

impl<'a> Stated<'a> {
    /// What is stated where the path has no workflow id. The body's `workflow_id` is then the operation's own.
    #[must_use]
    pub fn by_token(call: &'a Call) -> Self {
        Self { caller: &call.principal.id, path: Path::NamesNone }
    }

    /// What is stated where the path has a workflow id; none when that is invalid.
    #[must_use]
    pub fn by_path_and_token(call: &'a Call, workflow_id: Option<&'a WorkflowId>) -> Self {
        Self { caller: &call.principal.id, path: Path::Names(workflow_id) }
    }

    /// Takes the members of a body that say it again, and reports those that say something else.
    pub(super) fn compare(self, body: &mut Fields, faults: &mut Faults) {
        if let Path::Names(workflow_id) = self.path {
            let named = workflow_id.map(WorkflowId::as_str);
            let differs = |id: &str| format!("differs from the path, which names {id}; correct it or leave it out");
            same(WORKFLOW_ID, named, differs, body, faults);
        }
        let differs = |id: &str| format!("differs from the token, whose subject is {id}; correct it or leave it out");
        same(REQUESTED_BY, Some(self.caller.as_str()), differs, body, faults);
    }
}

fn same(name: &str, stated: Option<&str>, differs: impl Fn(&str) -> String, body: &mut Fields, faults: &mut Faults) {
    match (body.optional(name, |value, _, _| Some(value), faults), stated) {
        (Some(Value::String(again)), Some(stated)) if again != stated => {
            faults.at(&body.place_of(name), differs(stated));
        }
        // Whether it differs from an invalid path is nothing to tell: the path is the fault.
        (Some(Value::String(_)) | None, _) => {}
        (Some(_), _) => faults.at(&body.place_of(name), "must be a string"),
    }
}
