//! Judges transitions with a remote engine that follows the contract of `docs/predicate-logic-engine.md`.
//!
//! Only a clear verdict on this very question counts as a verdict.

pub mod contract;
#[cfg(feature = "openapi")]
pub mod openapi;

use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::ports::{RulesUnavailable, TransitionRules};
use bytes::Bytes;
use http::Method;

use crate::http::{ANSWER_BYTES_MAX, Call, EngineFault, Line, Reach, Wanted};
use contract::{PATH, TransitionAnswer, TransitionQuestion};

/// An engine that keeps the contract.
#[derive(Debug)]
pub struct RemoteRules {
    line: Line,
}

impl RemoteRules {
    /// An engine at this address. It sends nothing yet.
    ///
    /// # Errors
    /// When the connection needs TLS and this machine has no trusted certificate authority.
    pub fn new(reach: Reach) -> Result<Self, std::io::Error> {
        Line::to("remote", reach).map(|line| Self { line })
    }

    /// Makes the connection ahead of the first question; that it cannot be made is logged and nothing else.
    pub async fn warm(&self) {
        self.line.warm(&call(Method::HEAD, Bytes::new())).await;
    }

    async fn asked(&self, question: &RulesQuestion<'_>) -> Result<Verdict, EngineFault> {
        let body = serde_json::to_vec(&TransitionQuestion::from(question));
        let call = call(Method::POST, body.map_err(|error| EngineFault::Unasked(error.into()))?.into());
        let judged = || async {
            let answer: TransitionAnswer = self.line.call(&call).await?.json(200)?;
            answer.verdict(question).map_err(|what| EngineFault::NotTheContract(what.to_owned()))
        };
        self.line.authorised(|| self.line.judgement(judged())).await
    }
}

fn call(method: Method, body: Bytes) -> Call {
    Call { method, path: PATH.to_owned(), body, wanted: Wanted::Body(ANSWER_BYTES_MAX) }
}

impl TransitionRules for RemoteRules {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        self.asked(question).await.map_err(|fault| RulesUnavailable(fault.into()))
    }
}
