//! Successful answers: a status, a JSON body and their headers.

use alims_domain::identifiers::{Version, WorkflowId};
use http::StatusCode;
use serde::Serialize;

use crate::problem::Problem;

/// An answer before it is sent; the exchange adds the common headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    pub(crate) version: Option<Version>,
    pub(crate) location: Option<String>,
    pub(crate) workflow_id: Option<WorkflowId>,
}

impl Answer {
    /// A plain 200.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the body has no JSON, which is a bug.
    pub fn ok<T: Serialize>(body: &T) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(Problem::internal)?;
        Ok(Self { status: StatusCode::OK, body, version: None, location: None, workflow_id: None })
    }

    /// The same answer as 201: a resource was created.
    #[must_use]
    pub fn created(self) -> Self {
        Self { status: StatusCode::CREATED, ..self }
    }

    /// The same answer as 202: the work continues after the answer.
    #[must_use]
    pub fn accepted(self) -> Self {
        Self { status: StatusCode::ACCEPTED, ..self }
    }

    /// Sets the `ETag` to the version that the body shows.
    #[must_use]
    pub fn at_version(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }

    /// Sets the `Location` header.
    #[must_use]
    pub fn located_at(self, path: String) -> Self {
        Self { location: Some(path), ..self }
    }

    /// Names the workflow for the log, when the request did not.
    #[must_use]
    pub fn about(self, workflow_id: WorkflowId) -> Self {
        Self { workflow_id: Some(workflow_id), ..self }
    }
}
