//! `GET /events`: the events that the bus accepts, as server-sent events, from any point of the archive on and then
//! live.
//!
//! There is no queue between the bus and a listener: each reads the archive at its own pace and waits at its end.

use alims_domain::access::{AccessDecision, AccessQuestion, Action, Resource};
use alims_domain::call::Principal;
use alims_domain::identifiers::{PrincipalId, WorkflowId, WorkflowKey, WorkflowType};
use alims_domain::lifecycle::State;
use alims_domain::refusal::WORKFLOW_TRANSITION_REFUSED;
use alims_dynamodb::DynamoLog;
use alims_edge::reader::token::{TokenReader, rendered};
use alims_operations::ports::{AccessPolicy, Clock, WorkflowLog};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream::unfold;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::archive::{Archive, ArchiveReader};
use crate::edge::problem::EdgeProblem;

/// How much of the archive one listener holds in memory, in bytes; one event may be larger.
const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// How many may listen at once.
const LISTENERS_MAX: usize = 64;
/// How often a listener without events looks whether its token still holds.
const TOKEN_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The events that a listener receives: those of its tenant, as far as the policies let it read each one.
struct Selection {
    principal: Principal,
    /// The request that asked for the stream.
    request_id: String,
    workflow_id: Option<WorkflowId>,
    policy: Arc<dyn AccessPolicy>,
    /// What an event does not say of its workflow stands there.
    log: DynamoLog,
}

/// Where listeners come.
pub(crate) struct Events {
    pub(crate) tokens: Arc<TokenReader>,
    pub(crate) policy: Arc<dyn AccessPolicy>,
    pub(crate) log: DynamoLog,
    pub(crate) archive: Arc<Archive>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Ends every stream.
    pub(crate) stop: CancellationToken,
    pub(crate) places: Arc<Semaphore>,
}

impl Events {
    /// A place for each listener.
    pub(crate) fn places() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(LISTENERS_MAX))
    }

    /// Answers a listener with a valid token, and ends the stream with the token.
    pub(crate) fn listen(
        &self,
        request: &Parts,
        (token, claims): (&str, &Map<String, Value>),
        request_id: &str,
    ) -> Result<Response, EdgeProblem> {
        let text = claims.iter().map(|(name, claim)| (name.clone(), rendered(claim))).collect();
        let (principal, ignored) = self.tokens.principal(&text, Some(token)).map_err(EdgeProblem::NoPrincipal)?;
        ignored.log(request_id);
        let expires = expiry(claims)?;
        if !permits(self.policy.as_ref(), &principal, request_id) {
            return Err(EdgeProblem::Forbidden);
        }
        let (workflow_id, after) = asked_for(request)?;
        let permit = self.places.clone().try_acquire_owned().map_err(|_| EdgeProblem::Busy)?;
        let end = self.archive.watch();
        // A number beyond the end is of another data folder: what is new here must not wait until numbers get there.
        let newest = *end.borrow();
        let after = after.unwrap_or(newest).min(newest);
        let selection = Selection {
            principal,
            request_id: request_id.to_owned(),
            workflow_id,
            policy: self.policy.clone(),
            log: self.log.clone(),
        };
        let reader = self.archive.read_after(after).map_err(|error| unreadable(&error))?;
        let listener = Listener {
            reader: Some(reader),
            end,
            selection,
            waiting: VecDeque::new(),
            clock: self.clock.clone(),
            expires,
            stop: self.stop.clone(),
            _permit: permit,
        };
        Ok(Sse::new(listener.events()).keep_alive(KeepAlive::default()).into_response())
    }
}

fn unreadable(error: &rusqlite::Error) -> EdgeProblem {
    tracing::error!(%error, "the events' archive cannot be read");
    EdgeProblem::Broken
}

/// When a verified token ends, in milliseconds since 1970-01-01T00:00:00Z.
fn expiry(claims: &Map<String, Value>) -> Result<i64, EdgeProblem> {
    const NO_EXPIRY: EdgeProblem = EdgeProblem::NoPrincipal("The token's claim `exp` is not a whole number");
    Ok(claims.get("exp").and_then(Value::as_i64).ok_or(NO_EXPIRY)?.saturating_mul(1000))
}

/// Waits until the clock shows this instant. It looks again and again: a machine that slept wakes up to a new time.
async fn reached(clock: &dyn Clock, millis: i64) {
    loop {
        let left = millis.saturating_sub(clock.now().unix_millis());
        match u64::try_from(left).map(Duration::from_millis) {
            Ok(left) if !left.is_zero() => tokio::time::sleep(left.min(TOKEN_CHECK_INTERVAL)).await,
            Ok(_) | Err(_) => return,
        }
    }
}

/// Whether somebody may listen at all.
fn permits(policy: &dyn AccessPolicy, principal: &Principal, request_id: &str) -> bool {
    let resource = Resource {
        tenant_id: &principal.tenant_id,
        workflow_id: None,
        workflow_type: None,
        current_state: None,
        created_by: None,
    };
    let action = Action::GetWorkflowHistory;
    let question = AccessQuestion { request_id, principal, action, resource };
    matches!(policy.decide(&question), AccessDecision::Permitted { .. })
}

/// The requested workflow, and the number of the last event that the listener has.
fn asked_for(request: &Parts) -> Result<(Option<WorkflowId>, Option<u64>), EdgeProblem> {
    const NOT_A_NUMBER: EdgeProblem =
        EdgeProblem::Malformed("`Last-Event-ID` and `after` must be the number of an event");
    let (mut workflow_id, mut after) = (None, None);
    for (name, value) in form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "workflow_id" => {
                let id =
                    value.parse().map_err(|_| EdgeProblem::Malformed("`workflow_id` is not a valid workflow id"))?;
                workflow_id = Some(id);
            }
            "after" => after = Some(value.parse().map_err(|_| NOT_A_NUMBER)?),
            _ => return Err(EdgeProblem::Malformed("only the parameters `after` and `workflow_id` are known")),
        }
    }
    // A listener that reconnects says where it was, in the words of the standard.
    if let Some(last) = request.headers.get("last-event-id") {
        after = Some(last.to_str().ok().and_then(|last| last.parse().ok()).ok_or(NOT_A_NUMBER)?);
    }
    Ok((workflow_id, after))
}

/// The fields of an archived event that decide which listener gets it.
#[derive(Deserialize)]
struct Archived<'a> {
    #[serde(rename = "detail-type", borrow)]
    detail_type: Cow<'a, str>,
    #[serde(borrow)]
    detail: ArchivedDetail<'a>,
}

#[derive(Deserialize)]
struct ArchivedDetail<'a> {
    #[serde(borrow)]
    tenant_id: Cow<'a, str>,
    workflow_id: WorkflowId,
    workflow_type: Option<WorkflowType>,
    to_state: Option<State>,
    created_by: Option<PrincipalId>,
    requested_by: Option<PrincipalId>,
}

impl Selection {
    /// The event to send for a line; none when it is not for this listener, or is no event.
    async fn pick(&self, number: u64, line: &str) -> Option<Event> {
        let Archived { detail_type, detail } = serde_json::from_str(line).ok()?;
        let is_asked_for = |id: &WorkflowId| *id == detail.workflow_id;
        if detail.tenant_id != self.principal.tenant_id.as_str() || !self.workflow_id.as_ref().is_none_or(is_asked_for)
        {
            return None;
        }
        let is_own = detail.requested_by.as_ref() == Some(&self.principal.id);
        // As the history asks for these entries.
        let needs_more = match detail_type.as_ref() {
            WORKFLOW_TRANSITION_REFUSED if !is_own => Some(Action::GetWorkflowRefusals),
            "WorkflowQuarantined" | "WorkflowReleased" => Some(Action::GetWorkflowRecovery),
            _ => None,
        };
        let about = self.about(detail).await;
        let may = |action| self.permits(action, &about);
        let passes = may(Action::GetWorkflowHistory) && needs_more.is_none_or(may);
        passes.then(|| sent(number, &detail_type, line))
    }

    /// The workflow of an event, as policies ask for it. What makes no version does not say it all.
    async fn about(&self, mut detail: ArchivedDetail<'_>) -> About {
        if detail.workflow_type.is_none() || detail.to_state.is_none() {
            let (tenant_id, workflow_id) = (self.principal.tenant_id.clone(), detail.workflow_id.clone());
            if let Ok(Some(head)) = self.log.head(&WorkflowKey { tenant_id, workflow_id }).await {
                detail.workflow_type = Some(head.event.workflow_type);
                detail.to_state = Some(head.event.to_state);
                detail.created_by = Some(head.event.created_by);
            }
        }
        let ArchivedDetail { workflow_id, workflow_type, to_state, created_by, .. } = detail;
        About { workflow_id, workflow_type, to_state, created_by }
    }

    fn permits(&self, action: Action, about: &About) -> bool {
        let resource = Resource {
            tenant_id: &self.principal.tenant_id,
            workflow_id: Some(&about.workflow_id),
            workflow_type: about.workflow_type.as_ref(),
            current_state: about.to_state,
            created_by: about.created_by.as_ref(),
        };
        let question = AccessQuestion { request_id: &self.request_id, principal: &self.principal, action, resource };
        matches!(self.policy.decide_one_of_many(&question), AccessDecision::Permitted { .. })
    }
}

/// What is known of an event's workflow.
struct About {
    workflow_id: WorkflowId,
    workflow_type: Option<WorkflowType>,
    to_state: Option<State>,
    created_by: Option<PrincipalId>,
}

/// The event as it is sent. An archive may hold a name that ends a line, which a field cannot carry: such an event has
/// its name only in its data, where JSON escapes it.
fn sent(number: u64, name: &str, line: &str) -> Event {
    let event = Event::default().id(number.to_string());
    let event = if name.contains(['\n', '\r', '\0']) { event } else { event.event(name) };
    event.data(line)
}

/// One listener's place.
struct Listener {
    /// None only while another task reads with it.
    reader: Option<ArchiveReader>,
    end: watch::Receiver<u64>,
    selection: Selection,
    waiting: VecDeque<Event>,
    clock: Arc<dyn Clock>,
    /// When its token ends, in milliseconds since 1970-01-01T00:00:00Z.
    expires: i64,
    stop: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        unfold(self, |mut listener| async move {
            let event = listener.next().await?;
            Some((Ok(event), listener))
        })
    }

    /// The next event for this listener; none when its token ends, the server stops or the archive cannot be read.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.clock.now().unix_millis() >= self.expires {
                return None;
            }
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let end = *self.end.borrow_and_update();
            let mut reader = self.reader.take()?;
            let read = tokio::task::spawn_blocking(move || (reader.next_lines(end, CHUNK_BYTES_MAX), reader)).await;
            let (lines, reader) = read.ok()?;
            self.reader = Some(reader);
            let lines = lines.map_err(|error| unreadable(&error)).ok()?;
            if lines.is_empty() {
                tokio::select! {
                    moved = self.end.changed() => moved.ok()?,
                    () = self.stop.cancelled() => return None,
                    () = reached(self.clock.as_ref(), self.expires) => return None,
                }
            }
            for (number, line) in &lines {
                self.waiting.extend(self.selection.pick(*number, line).await);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_testing::builders::{a_principal, at};
    use alims_testing::{EverybodyMay, FixedClock};
    use aws_types::SdkConfig;

    fn listener(archive: &Arc<Archive>, clock: &FixedClock, expires: i64) -> Listener {
        let permit = Events::places().try_acquire_owned().unwrap();
        Listener {
            reader: Some(archive.read_after(0).unwrap()),
            end: archive.watch(),
            selection: Selection {
                request_id: "r-1".to_owned(),
                principal: a_principal("alice", &[]),
                workflow_id: None,
                policy: Arc::new(EverybodyMay),
                // Not asked: the events say all of their workflow.
                log: DynamoLog::new(alims_dynamodb::client(&SdkConfig::builder().build()), "log"),
            },
            waiting: VecDeque::new(),
            clock: Arc::new(clock.clone()),
            expires,
            stop: CancellationToken::new(),
            _permit: permit,
        }
    }

    /// An archive with events of the listener's tenant.
    fn archive(folder: &tempfile::TempDir, events: usize) -> Arc<Archive> {
        let archive = Archive::open(&folder.path().join("events")).unwrap();
        let line = r#"{"detail-type": "WorkflowCreated", "detail": {"tenant_id": "default", "workflow_id": "w-1",
            "workflow_type": "free-form"}}"#;
        archive.append(&vec![line.to_owned(); events]).unwrap();
        Arc::new(archive)
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_listener_s_stream_ends_when_its_token_does() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, clock) = (archive(&folder, 1), FixedClock::default());
        let mut listener = listener(&archive, &clock, at(60_000).unix_millis());
        assert!(listener.next().await.is_some(), "the token holds");
        let mut waiting = std::pin::pin!(listener.next());
        for just_before in [at(0), at(59_999)] {
            clock.set(just_before);
            let waited = tokio::time::timeout(TOKEN_CHECK_INTERVAL * 10, &mut waiting).await;
            assert!(waited.is_err(), "it ended while its token held");
        }
        clock.set(at(60_000));
        let ended = tokio::time::timeout(TOKEN_CHECK_INTERVAL * 10, waiting).await;
        assert!(ended.expect("it goes on without a token").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn events_that_wait_for_a_slow_listener_are_not_sent_after_its_token_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, clock) = (archive(&folder, 3), FixedClock::default());
        let mut listener = listener(&archive, &clock, at(1).unix_millis());
        assert!(listener.next().await.is_some());
        assert!(!listener.waiting.is_empty(), "more are ready");
        clock.set(at(1));
        assert!(listener.next().await.is_none());
    }

    #[test]
    fn a_token_s_end_is_a_whole_number_of_seconds() {
        let claims = |exp: Value| Map::from_iter([("exp".to_owned(), exp)]);
        assert_eq!(expiry(&claims(7.into())).unwrap(), 7000);
        assert_eq!(expiry(&claims(i64::MAX.into())).unwrap(), i64::MAX);
        for exp in [Value::Null, "7".into(), 7.5.into(), u64::MAX.into()] {
            assert!(expiry(&claims(exp)).is_err());
        }
        assert!(expiry(&Map::new()).is_err());
    }
}
