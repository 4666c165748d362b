//! A fake of AWS Step Functions: as much as the adapter uses, with the rules of the service for names that come twice.

use alims_domain::identifiers::RecoveryId;
use alims_operations::ports::RecoveryStarter;
use alims_stepfunctions::StepFunctionsStarter;
use alims_testing::CallFault;
use alims_testing::contract::starter::{FailingStarterStage, StarterStage};
use aws_config::{BehaviorVersion, Region};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:recovery";
const EXECUTION: &str = "arn:aws:states:eu-central-1:123456789012:execution:recovery:";

/// How the service fails a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    BreakingDown,
    Throttling,
    HangingUp,
}

/// The service, and the adapter that calls it.
pub(crate) struct FakeStepFunctions {
    starter: StepFunctionsStarter,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    failing: Failing,
    /// What the next call meets.
    next: Option<CallFault>,
    /// What the call of this id meets, however often the SDK tries it.
    failed: Option<(String, CallFault)>,
    /// By name: the input, and whether it has ended.
    executions: BTreeMap<String, (Value, bool)>,
    /// Every name that ran, as often as it did.
    runs: Vec<String>,
}

impl FakeStepFunctions {
    /// A service that fails so when it is to fail.
    pub(crate) async fn failing_by(failing: Failing) -> Self {
        let inside = Inside { failing, next: None, failed: None, executions: BTreeMap::new(), runs: Vec::new() };
        let inside = Arc::new(Mutex::new(inside));
        let here = inside.clone();
        let app = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let header = |name: &str| headers[name].to_str().unwrap().to_owned();
            let action = header("x-amz-target").rsplit('.').next().unwrap().to_owned();
            let mut inside = here.lock().unwrap();
            let fault = inside.fault(header("amz-sdk-invocation-id"));
            let response = inside.meet(fault, &action, &serde_json::from_slice(&body).unwrap());
            async move { response }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(format!("http://{address}"))
            .credentials_provider(aws_sdk_sfn::config::Credentials::new("test", "test", None, None, "test"))
            .load()
            .await;
        Self { starter: StepFunctionsStarter::new(&config, MACHINE).unwrap(), inside }
    }
}

impl StarterStage for FakeStepFunctions {
    fn starter(&self) -> &impl RecoveryStarter {
        &self.starter
    }

    fn runs(&self) -> usize {
        self.inside.lock().unwrap().runs.len()
    }

    async fn end(&self, recovery_id: &RecoveryId) {
        self.inside.lock().unwrap().executions.get_mut(recovery_id.as_str()).unwrap().1 = true;
    }

    fn forget(&self, recovery_id: &RecoveryId) {
        self.inside.lock().unwrap().executions.remove(recovery_id.as_str());
    }
}

impl FailingStarterStage for FakeStepFunctions {
    fn fail_next_call(&self, fault: CallFault) {
        self.inside.lock().unwrap().next = Some(fault);
    }
}

impl Inside {
    /// What this try of a call meets: every try of a call has the call's id.
    fn fault(&mut self, call: String) -> Option<CallFault> {
        if let Some(fault) = self.next.take() {
            self.failed = Some((call.clone(), fault));
        }
        self.failed.as_ref().filter(|(failed, _)| *failed == call).map(|(_, fault)| *fault)
    }

    fn meet(&mut self, fault: Option<CallFault>, action: &str, request: &Value) -> Response<Body> {
        match fault {
            None => self.answered(action, request),
            Some(CallFault::BeforeEffect) => self.failure(),
            Some(CallFault::AfterEffect) => {
                drop(self.answered(action, request));
                self.failure()
            }
        }
    }

    fn answered(&mut self, action: &str, request: &Value) -> Response<Body> {
        match action {
            "StartExecution" => self.start(request["name"].as_str().unwrap(), &request["input"]),
            "DescribeExecution" => self.describe(request["executionArn"].as_str().unwrap()),
            _ => error("UnknownOperationException"),
        }
    }

    /// While a name is under way, the same input is answered as the first time, and another is refused; so is any once
    /// the name has ended (AWS Step Functions API reference, `StartExecution`).
    fn start(&mut self, name: &str, input: &Value) -> Response<Body> {
        match self.executions.get(name) {
            Some((running, ended)) if *ended || running != input => return error("ExecutionAlreadyExists"),
            Some(_) => {}
            None => {
                self.executions.insert(name.to_owned(), (input.clone(), false));
                self.runs.push(name.to_owned());
            }
        }
        let arn = format!("{EXECUTION}{name}");
        answer(StatusCode::OK, &json!({"executionArn": arn, "startDate": 1_795_421_701.234}))
    }

    fn describe(&self, arn: &str) -> Response<Body> {
        let Some((_, ended)) = self.executions.get(arn.strip_prefix(EXECUTION).unwrap()) else {
            return error("ExecutionDoesNotExist");
        };
        let status = if *ended { "SUCCEEDED" } else { "RUNNING" };
        let started = 1_795_421_701.234;
        let said = json!({"executionArn": arn, "stateMachineArn": MACHINE, "status": status, "startDate": started});
        answer(StatusCode::OK, &said)
    }

    fn failure(&self) -> Response<Body> {
        match self.failing {
            Failing::BreakingDown => {
                let said = json!({"__type": "InternalFailure", "message": "on purpose"});
                answer(StatusCode::INTERNAL_SERVER_ERROR, &said)
            }
            Failing::Throttling => error("ThrottlingException"),
            Failing::HangingUp => {
                let cut = futures_util::stream::iter([Ok(Bytes::from_static(b"{")), Err("hung up on purpose")]);
                Response::new(Body::from_stream(cut))
            }
        }
    }
}

fn error(code: &str) -> Response<Body> {
    let said = json!({"__type": format!("com.amazonaws.states#{code}"), "message": "on purpose"});
    answer(StatusCode::BAD_REQUEST, &said)
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    (status, [("content-type", "application/x-amz-json-1.0")], body.to_string()).into_response()
}
