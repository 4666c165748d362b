//! A request as the gateway sends it, with its caller and its workflow, each parsed once: what the log line names is what
//! the operation is asked for.

use std::ops::Deref;

use alims_domain::call::{Call, Principal};
use alims_domain::export::ExportId;
use alims_domain::identifiers::{CorrelationId, WorkflowId};
use alims_domain::invalid::InvalidValue;
use alims_operations::TimeLeft;
use lambda_http::Request;

use crate::problem::Problem;
use crate::reader::caller::Unread;
use crate::reader::faults::Faults;
use crate::reader::token::IgnoredNames;
use crate::reader::{caller, headers, path};

/// A request whose caller and workflow are parsed. Everything else in it is still to be read.
#[derive(Debug)]
pub struct Incoming {
    request: Request,
    request_id: String,
    /// The caller, and the names among the roles that grant nothing.
    principal: Result<(Principal, IgnoredNames), Unread>,
    workflow_id: Result<WorkflowId, InvalidValue>,
}

impl From<Request> for Incoming {
    fn from(request: Request) -> Self {
        Self {
            request_id: caller::request_id(&request),
            principal: caller::principal(&request),
            workflow_id: path::workflow_id(&request),
            request,
        }
    }
}

impl Deref for Incoming {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.request
    }
}

impl Incoming {
    /// The gateway's id of the request.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// How long the work on the request may take.
    #[must_use]
    pub fn time_left(&self) -> TimeLeft {
        self.extensions().get().copied().unwrap_or_default()
    }

    /// The caller, when the gateway verified one.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref().ok().map(|(principal, _)| principal)
    }

    /// The workflow that the path names, when it names a valid one.
    #[must_use]
    pub fn workflow(&self) -> Option<&WorkflowId> {
        self.workflow_id.as_ref().ok()
    }

    /// Reads the caller, and the headers of the call.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`], when the gateway verified no token or its claims name no principal.
    pub fn call(&self, faults: &mut Faults) -> Result<Call, Problem> {
        let (principal, ignored) = self.principal.as_ref().map_err(|unread| Problem::from(*unread))?;
        ignored.log(&self.request_id);
        let (principal, request_id) = (principal.clone(), self.request_id.clone());
        let correlation_id = self.correlation_id(faults);
        let idempotency_key = headers::idempotency_key(self.headers(), faults);
        let authentication = caller::authentication(self);
        Ok(Call { principal, authentication, request_id, correlation_id, idempotency_key })
    }

    /// Reads the id that links the request to its cause. A request without one starts a correlation of its own.
    pub fn correlation_id(&self, faults: &mut Faults) -> Option<CorrelationId> {
        headers::correlation_id(self.headers(), faults).or_else(|| self.request_id.parse().ok())
    }

    /// Reads the id of an export from the path. No id with another spelling was ever given out, so there is no such
    /// export.
    ///
    /// # Errors
    /// [`Problem::ExportNotFound`].
    pub fn export_id(&self) -> Result<ExportId, Problem> {
        path::export_id(&self.request).map_err(|_| Problem::ExportNotFound)
    }

    /// Reads the workflow id from the path.
    pub fn workflow_id(&self, faults: &mut Faults) -> Option<WorkflowId> {
        let id = self.workflow_id.as_ref();
        id.map_err(|invalid| faults.outside(format!("the {} in the path {invalid}", path::WORKFLOW_ID))).ok().cloned()
    }
}
