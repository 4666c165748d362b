//! The test's workflow: what is asked of the API about it, and what must be answered.

use std::cell::RefCell;

use alims_domain::hashing::{ChainHash, canonical_json};
use alims_operations::ports::{Clock as _, Ids as _};
use alims_runtime::{FreshIds, SystemClock};
use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, expect, said};
use super::report::Outcome;
use super::stack::Stack;
use super::token::{TOKEN_WITHOUT_SCOPES, Token};

/// The tenant of the events that tell of no real workflow. No token of a person may name it.
pub(crate) const SYNTHETIC_TENANT: &str = "alims-smoke-test";
const REASON: &str = "smoke test";
/// What can be read without naming a workflow. Each has a function and a role of its own.
const READS: [&str; 6] = ["/workflows", "/counts", "/activity", "/rulesets", "/me", "/sweep"];

/// One workflow and the person who works on it.
pub(crate) struct Trial {
    api: Api,
    token: Token,
    without_scopes: Option<Token>,
    id: String,
    new: Value,
    failure_code: String,
    /// Where the workflow stands, as far as the test knows; nothing before it is made.
    state: RefCell<Option<&'static str>>,
    /// What stays although it should not.
    strays: RefCell<Vec<String>>,
}

impl Trial {
    pub(crate) fn new(
        api: Api,
        token: Token,
        without_scopes: Option<Token>,
        id: &str,
        new: Value,
        failure_code: &str,
    ) -> Self {
        let (state, strays) = (RefCell::default(), RefCell::default());
        Self {
            api,
            token,
            without_scopes,
            id: id.to_owned(),
            new,
            failure_code: failure_code.to_owned(),
            state,
            strays,
        }
    }

    async fn asks(&self, method: Method, path: &[&str], body: Option<&Value>, wanted: u16) -> anyhow::Result<Value> {
        expect(self.api.answer(Some(self.token.text()), method, path, body).await?, wanted)
    }

    /// A path of the workflow.
    async fn of_it(&self, method: Method, path: &[&str], body: Option<&Value>, wanted: u16) -> anyhow::Result<Value> {
        self.asks(method, &[&["workflows", &self.id], path].concat(), body, wanted).await
    }

    /// A request without a token and one with a forged token are refused.
    pub(crate) async fn strangers_are_refused(&self) -> anyhow::Result<Outcome> {
        for (who, token) in [("without a token", None), ("with a forged token", Some(self.token.forged()))] {
            let (status, body) = self.api.answer(token.as_deref(), Method::GET, &["workflows"], None).await?;
            anyhow::ensure!(status == 401, "a request {who} was answered with {status}: {}", said(&body));
        }
        Ok(Outcome::Right)
    }

    /// A list is given to the person with the token.
    pub(crate) async fn the_token_is_accepted(&self, stack: &Stack) -> anyhow::Result<Outcome> {
        let (status, body) = self.api.answer(Some(self.token.text()), Method::GET, &["workflows"], None).await?;
        if status != 401 {
            expect((status, body), 200)?;
            return Ok(Outcome::Right);
        }
        // API Gateway compares client_id where there is no aud.
        let audience = if self.token.claim("aud").is_some() { "aud" } else { "client_id" };
        let differs = [("iss", "JwtIssuer"), (audience, "JwtAudience")].into_iter().filter(|(claim, parameter)| {
            let (said, wanted) = (self.token.claim(claim), stack.parameter(parameter));
            said.is_some_and(|said| wanted.is_some_and(|wanted| !names(&said, wanted)))
        });
        let differs: Vec<_> = differs.map(|(claim, parameter)| format!("{claim} is not {parameter}")).collect();
        let why = if differs.is_empty() { said(&body) } else { differs.join(", ") };
        anyhow::bail!("the API answered 401: {why}; the token expires at {:?}", self.token.claim("exp"))
    }

    /// A token without the configured scopes is refused.
    pub(crate) async fn scopes_are_required(&self, stack: &Stack) -> anyhow::Result<Outcome> {
        let Some(token) = &self.without_scopes else {
            let why = match stack.parameter("JwtScope") {
                None => "the stack requires no scopes".to_owned(),
                Some(_) => format!("set {TOKEN_WITHOUT_SCOPES} to a token without the scopes"),
            };
            return Ok(Outcome::NotChecked(why));
        };
        let (status, body) = self.api.answer(Some(token.text()), Method::GET, &["workflows"], None).await?;
        anyhow::ensure!(status == 403, "a token without the scopes was answered with {status}: {}", said(&body));
        Ok(Outcome::Right)
    }

    /// The workflow is created.
    pub(crate) async fn created(&self) -> anyhow::Result<Outcome> {
        // From here on it may be there, whatever becomes of the answer.
        self.state.replace(Some("perhaps CREATED"));
        self.asks(Method::POST, &["workflows"], Some(&self.new), 201).await?;
        self.state.replace(Some("CREATED"));
        Ok(Outcome::Right)
    }

    /// The workflow is moved.
    pub(crate) async fn moved(&self, target: &'static str) -> anyhow::Result<Outcome> {
        let mut body = json!({"target_state": target, "reason": REASON});
        if let Some(body) = body.as_object_mut().filter(|_| target == "FAILED") {
            let failure = json!({"code": self.failure_code, "message": REASON, "retryable": true});
            body.insert("failure".to_owned(), failure);
        }
        self.of_it(Method::POST, &["transitions"], Some(&body), 200).await?;
        self.state.replace(Some(target));
        Ok(Outcome::Right)
    }

    /// A transition that the lifecycle lacks is refused with its reason.
    pub(crate) async fn refused(&self) -> anyhow::Result<Outcome> {
        let body = json!({"target_state": "CREATED", "reason": REASON});
        let refused = self.of_it(Method::POST, &["transitions"], Some(&body), 409).await?;
        let (code, allowed) = (refused.get("code"), refused.get("allowed_transitions"));
        anyhow::ensure!(code == Some(&json!("invalid-transition")), "the code is {}", said(&refused));
        anyhow::ensure!(allowed.is_some_and(Value::is_array), "the refusal does not say what is allowed");
        Ok(Outcome::Right)
    }

    /// The history has the refusal.
    pub(crate) async fn refusal_is_recorded(&self) -> anyhow::Result<Outcome> {
        let history = self.history("include=refusals").await?;
        let refusal = |item: &&Value| {
            item.get("event_type") == Some(&json!("WorkflowTransitionRefused"))
                && item.get("code") == Some(&json!("invalid-transition"))
        };
        let items = history.get("items").and_then(Value::as_array);
        let kept = items.and_then(|items| items.iter().find(refusal)).context("the history has no refusal")?;
        let who = kept.get("requested_by").and_then(Value::as_str).unwrap_or_default();
        anyhow::ensure!(!who.is_empty(), "the refusal does not say who asked");
        Ok(Outcome::Right)
    }

    async fn history(&self, query: &str) -> anyhow::Result<Value> {
        let path = ["workflows", &self.id, "history"];
        expect(self.api.queried(self.token.text(), &path, query).await?, 200)
    }

    /// An automatic recovery brings the failed workflow back.
    pub(crate) async fn recovers(&self, stack: &Stack) -> anyhow::Result<Outcome> {
        let report = self.recovery_ended(stack).await?;
        let status = report.get("status").and_then(Value::as_str).unwrap_or_default();
        anyhow::ensure!(status == "recovered", "the recovery ended as {status}: {report}");
        self.state.replace(Some("ACTIVE"));
        let state = self.of_it(Method::GET, &[], None, 200).await?;
        let state = state.get("current_state").cloned().unwrap_or_default();
        anyhow::ensure!(state == "ACTIVE", "after the recovery the workflow is {state}");
        Ok(Outcome::Right)
    }

    /// A recovery that was asked for starts and ends; there is nothing left for it to do.
    pub(crate) async fn requested_recovery_ends(&self, stack: &Stack) -> anyhow::Result<Outcome> {
        let started = self.of_it(Method::POST, &["recovery"], Some(&json!({"reason": REASON})), 202).await?;
        let asked = started.get("recovery_id").cloned().context("the answer names no recovery")?;
        let found = stack.wait(async || {
            let report = self.of_it(Method::GET, &["recovery"], None, 200).await?;
            let running = report.get("status") == Some(&json!("running"));
            Ok((!running && report.get("recovery_id") == Some(&asked)).then_some(report))
        });
        let report = found.await?.with_context(|| format!("the recovery {asked} did not end"))?;
        let status = report.get("status").cloned().unwrap_or_default();
        anyhow::ensure!(status == "already-consistent" || status == "recovered", "the recovery ended as {status}");
        Ok(Outcome::Right)
    }

    async fn recovery_ended(&self, stack: &Stack) -> anyhow::Result<Value> {
        let mut last = String::new();
        let found = stack.wait(async || {
            let report = self.of_it(Method::GET, &["recovery"], None, 200).await?;
            let status = report.get("status").and_then(Value::as_str).unwrap_or_default();
            status.clone_into(&mut last);
            Ok((!matches!(status, "none" | "running")).then_some(report))
        });
        let found = found.await?;
        found.with_context(|| format!("no recovery ended within {} s; the status is {last}", stack.patience.as_secs()))
    }

    /// The hash chain is intact.
    pub(crate) async fn verified(&self) -> anyhow::Result<Outcome> {
        let told = self.of_it(Method::GET, &["history", "verification"], None, 200).await?;
        anyhow::ensure!(told.get("valid") == Some(&Value::Bool(true)), "the verification says {told}");
        Ok(Outcome::Right)
    }

    /// A quarantine's event reaches its queue. It is valid as every other one, and marked in three ways: its tenant is
    /// no one's, its workflow is the test's, and it says that it is synthetic.
    pub(crate) async fn quarantine_arrives(&self, stack: &Stack) -> anyhow::Result<Outcome> {
        let mut detail = json!({
            "event_id": FreshIds.fresh().to_string(),
            "event_type": "WorkflowQuarantined",
            "tenant_id": SYNTHETIC_TENANT,
            "workflow_id": self.id,
            "broken_at_version": 1,
            "fault": "missing",
            "content": "0".repeat(64),
            "timestamp": SystemClock.now().to_string(),
            "found_by": REASON.replace(' ', "-"),
            "requested_by": SYNTHETIC_TENANT,
            "synthetic": true,
        });
        let hash = ChainHash::of(canonical_json(&detail)?.as_bytes());
        if let Some(members) = detail.as_object_mut() {
            members.insert("hash".to_owned(), json!(hash));
        }
        let stray = format!("a synthetic WorkflowQuarantined of {} in the queue QuarantinedWorkflowsQueueUrl", self.id);
        self.until_taken(stray, async {
            stack.put_event("alims.workflow-manager", "WorkflowQuarantined", &detail).await?;
            let mine = |message: &Value| message.pointer("/detail/workflow_id") == Some(&json!(self.id));
            stack.take_from("QuarantinedWorkflowsQueueUrl", mine).await
        })
        .await
    }

    /// The end of a failed execution reaches its queue. EventBridge takes no event in the name of Step Functions, so a
    /// real execution fails: its input asks for a turn that there is not, and no function is called.
    pub(crate) async fn failed_recovery_arrives(&self, stack: &Stack) -> anyhow::Result<Outcome> {
        let input = json!({"delay_seconds": 0, "next": "smoke-test", "synthetic": true}).to_string();
        let stray = format!("a synthetic execution {} in the queue FailedRecoveriesQueueUrl", self.id);
        self.until_taken(stray, async {
            let machine = stack.output("RecoveryMachineArn")?;
            let asked = ["--state-machine-arn", machine, "--name", &self.id, "--input", &input, "--output", "json"];
            let _started: Value = stack.aws.call("stepfunctions start-execution", &asked).await?;
            let mine = |message: &Value| message.pointer("/detail/name") == Some(&json!(self.id));
            stack.take_from("FailedRecoveriesQueueUrl", mine).await
        })
        .await
    }

    /// Remembers what may still arrive while it has not been taken out of its queue.
    async fn until_taken(
        &self,
        stray: String,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Outcome> {
        self.strays.borrow_mut().push(stray);
        work.await?;
        self.strays.borrow_mut().pop();
        Ok(Outcome::Right)
    }

    /// Everything that can be read without naming a workflow is answered.
    pub(crate) async fn everything_is_read(&self) -> anyhow::Result<Outcome> {
        for path in READS {
            let segments = [path.trim_start_matches('/')];
            self.asks(Method::GET, &segments, None, 200).await.with_context(|| format!("GET {path}"))?;
        }
        Ok(Outcome::Right)
    }

    /// The workflow ends as cancelled, wherever the test stopped.
    pub(crate) async fn cancelled(&self) -> anyhow::Result<Outcome> {
        let nothing = || Ok(Outcome::NotChecked("no workflow was made".to_owned()));
        match *self.state.borrow() {
            None => return nothing(),
            Some("CANCELLED") => return Ok(Outcome::Right),
            Some(_) => {}
        }
        let path = ["workflows", &self.id];
        let answer = self.api.answer(Some(self.token.text()), Method::GET, &path, None).await?;
        if answer.0 == 404 {
            self.state.take();
            return nothing();
        }
        // CREATED becomes ACTIVE first: the lifecycle has no other way.
        if expect(answer, 200)?.get("current_state") == Some(&json!("CREATED")) {
            self.moved("ACTIVE").await?;
        }
        self.moved("CANCELLED").await
    }

    /// What stays in the account, each with its name.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let state = *self.state.borrow();
        let tenant = self.token.claim("tenant_id").and_then(|tenant| tenant.as_str().map(str::to_owned));
        let tenant = tenant.map_or_else(|| "the token's tenant".to_owned(), |tenant| format!("the tenant {tenant}"));
        let workflow = state.map(|state| format!("the workflow {} of {tenant}, {state}", self.id));
        workflow.into_iter().chain(self.strays.borrow().iter().cloned()).collect()
    }
}

/// Whether a claim is a text or has it in its list.
fn names(claim: &Value, text: &str) -> bool {
    claim == text || claim.as_array().is_some_and(|items| items.contains(&json!(text)))
}
