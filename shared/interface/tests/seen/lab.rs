//! Every handler on ports in memory.

use alims_domain::authentication::FreshAuthentication;
use alims_domain::hash_chain::BreakKind;
use alims_domain::hashing::ChainHash;
use alims_domain::quarantine::BreakFound;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_domain::stored_version::StoredVersion;
use alims_edge::route::Route;
use alims_edge::testing::{GatewayEvent, Seen};
use alims_export::ZipFormat;
use alims_interface::{
    amend_workflow, batch_state_transitions, count_workflows, create_workflow, export_records, get_caller, get_export,
    get_sweep, get_workflow_history, get_workflow_recovery, get_workflow_state, list_activity, list_rulesets,
    list_workflows, recover_workflow, release_workflow, replay_events, request_state_transition, sign_workflow,
    verify_workflow_history,
};
use alims_operations::exporting::ExportPorts;
use alims_operations::ports::{AccessPolicy, RulesUnavailable, TransitionRules};
use alims_operations::publish_events::{Image, LogChange, StreamRecord};
use alims_operations::{DecisionPorts, PublishPorts, ReadPorts, StartPorts};
use alims_rules::{Rules, SecretStore};
use alims_testing::builders::{at, some_rulesets};
use alims_testing::{
    EverybodyMay, Faulty, FixedClock, MemoryAnchors, MemoryBus, MemoryDeadLetters, MemoryExports, MemoryIndex,
    MemoryLog, MemoryPositions, MemoryStarter, NamedKey, NoKey, RulesThatAllow, RulesThatAreDown, RulesThatDeny,
    Script, SequentialIds, no_anchors,
};
use std::path::Path;
use std::sync::Arc;

/// Who judges.
#[derive(Clone)]
pub(crate) enum Judge {
    Allows,
    Denies,
    IsDown,
    /// It panics, and says what it was asked.
    Panics,
    /// The engine of the service.
    Real(Arc<Rules>),
}

impl TransitionRules for Judge {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        match self {
            Self::Allows => RulesThatAllow.judge(question).await,
            Self::Denies => RulesThatDeny.judge(question).await,
            Self::IsDown => RulesThatAreDown.judge(question).await,
            Self::Panics => panic!("asked about {:?}", question.workflow.data.metadata),
            Self::Real(rules) => rules.judge(question).await,
        }
    }
}

/// The engine that these settings choose, with the rules of the repository.
pub(crate) fn engine(settings: &[(&str, &str)]) -> Judge {
    let settings: Vec<(String, String)> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let variable = |name: &str| settings.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let (clock, ids) = (Arc::new(FixedClock::new(at(0))), Arc::new(SequentialIds::default()));
    let no_secret = |_: &str| -> Arc<dyn SecretStore> { panic!("no setting names a secret") };
    Judge::Real(Arc::new(Rules::chosen_by(variable, &rules, clock, ids, no_secret).unwrap()))
}

/// The whole service.
pub(crate) struct Lab {
    pub(crate) script: Script,
    pub(crate) log: MemoryLog,
    pub(crate) index: MemoryIndex,
    pub(crate) exports: MemoryExports,
    pub(crate) bus: MemoryBus,
    pub(crate) starter: MemoryStarter,
    pub(crate) letters: MemoryDeadLetters,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) ids: Arc<SequentialIds>,
    pub(crate) policy: Arc<dyn AccessPolicy>,
    pub(crate) judge: Judge,
}

impl Lab {
    pub(crate) fn new(judge: Judge) -> Self {
        Self {
            script: Script::default(),
            log: MemoryLog::default(),
            index: MemoryIndex::default(),
            exports: MemoryExports::default(),
            bus: MemoryBus::default(),
            starter: MemoryStarter::default(),
            letters: MemoryDeadLetters::default(),
            clock: Arc::new(FixedClock::new(at(3_600_000))),
            ids: Arc::new(SequentialIds::default()),
            policy: Arc::new(EverybodyMay),
            judge,
        }
    }

    fn faulty(&self) -> Faulty<MemoryLog> {
        Faulty::new(self.log.clone(), &self.script)
    }

    fn reading(&self) -> ReadPorts<Faulty<MemoryLog>> {
        ReadPorts { store: self.faulty(), policy: self.policy.clone() }
    }

    fn deciding(&self) -> DecisionPorts<Faulty<MemoryLog>, Judge> {
        DecisionPorts {
            log: self.faulty(),
            rules: self.judge.clone(),
            policy: self.policy.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        }
    }

    fn publishing(&self) -> PublishPorts<Faulty<MemoryLog>, Faulty<MemoryIndex>, Faulty<MemoryBus>> {
        let index = Faulty::new(self.index.clone(), &self.script);
        PublishPorts { log: self.faulty(), index, bus: Faulty::new(self.bus.clone(), &self.script) }
    }

    fn starting(&self) -> StartPorts<Faulty<MemoryLog>, Faulty<MemoryStarter>> {
        let starter = Faulty::new(self.starter.clone(), &self.script);
        StartPorts { log: self.faulty(), starter, clock: self.clock.clone() }
    }

    /// What concerns the service and no workflow.
    async fn of_the_service(&self, name: &str, event: &GatewayEvent) -> Seen {
        let (request, policy) = (event.request(), self.policy.clone());
        let answer = match name {
            "get-caller" => get_caller::get_caller(&alims_operations::get_caller::Ports { policy }, request).await,
            "get-sweep" => {
                let store = Faulty::new(MemoryPositions::default(), &self.script);
                get_sweep::get_sweep(&ReadPorts { store, policy }, request).await
            }
            _ => {
                let rulesets = Arc::new(some_rulesets(2));
                let ports = alims_operations::list_rulesets::Ports { rulesets, policy };
                list_rulesets::list_rulesets(&ports, request).await
            }
        };
        answer.into()
    }

    /// Has the handler of a route answer.
    pub(crate) async fn ask(&self, route: &Route, event: &GatewayEvent) -> Seen {
        let request = event.request();
        let (policy, clock, ids) = (self.policy.clone(), self.clock.clone(), self.ids.clone());
        let deciding = self.deciding();
        let index = ReadPorts { store: Faulty::new(self.index.clone(), &self.script), policy: policy.clone() };
        let answer = match route.name {
            "create-workflow" => create_workflow::create_workflow(&deciding, request).await,
            "request-state-transition" => request_state_transition::request_state_transition(&deciding, request).await,
            "amend-workflow" => amend_workflow::amend_workflow(&deciding, request).await,
            "sign-workflow" => {
                let needed = FreshAuthentication::default();
                let ports = alims_operations::sign_workflow::Ports { decision: deciding, needed };
                sign_workflow::sign_workflow(&ports, request).await
            }
            "batch-state-transitions" => batch_state_transitions::batch_state_transitions(&deciding, request).await,
            "get-workflow-state" => {
                let (reading, rules) = (self.reading(), self.judge.clone());
                let ports = alims_operations::get_workflow_state::Ports { reading, rules, clock };
                get_workflow_state::get_workflow_state(&ports, request).await
            }
            "list-activity" => {
                let ports = alims_operations::list_activity::Ports { reading: self.reading(), clock };
                list_activity::list_activity(&ports, request).await
            }
            "list-workflows" => {
                let (log, index) = (self.faulty(), index.store);
                let ports = alims_operations::list_workflows::Ports { log, index, policy, clock };
                list_workflows::list_workflows(&ports, request).await
            }
            "count-workflows" => count_workflows::count_workflows(&index, request).await,
            "get-workflow-history" => get_workflow_history::get_workflow_history(&self.reading(), request).await,
            "verify-workflow-history" => {
                let (reading, index) = (self.reading(), index.store);
                let ports = alims_operations::verify_workflow_history::Ports { reading, index, anchors: no_anchors() };
                verify_workflow_history::verify_workflow_history(&ports, request).await
            }
            "recover-workflow" => {
                let ports = alims_operations::recover_workflow::Ports { starting: self.starting(), policy, ids };
                recover_workflow::recover_workflow(&ports, request).await
            }
            "get-workflow-recovery" => {
                let StartPorts { log, starter, .. } = self.starting();
                let ports = alims_operations::get_workflow_recovery::Ports { log, starter, policy };
                get_workflow_recovery::get_workflow_recovery(&ports, request).await
            }
            "review-audit-trail" => {
                let ports = alims_operations::review_audit_trail::Ports { log: self.faulty(), policy, clock, ids };
                review_audit_trail::review_audit_trail(&ports, request).await
            }
            "release-workflow" => {
                let (log, index) = (self.faulty(), index.store);
                let ports = alims_operations::release_workflow::Ports { log, index, policy, clock, ids };
                release_workflow::release_workflow(&ports, request).await
            }
            "replay-events" => {
                let publishing = self.publishing();
                let ports = alims_operations::replay_events::Ports { publishing, policy, clock, ids };
                replay_events::replay_events(&ports, request).await
            }
            "get-caller" | "get-sweep" | "list-rulesets" => return self.of_the_service(route.name, event).await,
            "export-records" | "get-export" => return self.exporting(route.name, event).await,
            other => panic!("{other} has no handler here"),
        };
        answer.into()
    }

    /// The operations about exports.
    async fn exporting(&self, name: &str, event: &GatewayEvent) -> Seen {
        let request = event.request();
        let (store, policy, clock) = (self.exports.clone(), self.policy.clone(), self.clock.clone());
        if name == "get-export" {
            let ports = alims_operations::get_export::Ports { store, policy, clock };
            return get_export::get_export(&ports, request).await.into();
        }
        let (log, starter, ids) = (self.faulty(), store.clone(), self.ids.clone());
        let exporting = ExportPorts { log, store, signer: NoKey, format: Arc::new(ZipFormat), clock, ids };
        let ports = alims_operations::export_records::Ports { exporting, starter, policy };
        export_records::export_records(&ports, request).await.into()
    }

    /// Hands the publisher these versions.
    pub(crate) async fn publish(&self, versions: &[StoredVersion]) {
        let record = |(version, number): (&StoredVersion, usize)| StreamRecord::Version {
            sequence_number: number.to_string(),
            version: Box::new(version.clone()),
        };
        let mut batch: Vec<StreamRecord> = versions.iter().zip(0..).map(record).collect();
        let unreadable = |number: &str| StreamRecord::Unreadable {
            sequence_number: number.to_owned(),
            key: "lab#odd v#0000000001".to_owned(),
            why: "altered on purpose".to_owned(),
        };
        batch.push(unreadable("a"));
        self.hand_over(batch).await;
    }

    /// Tells the publisher that this version was removed.
    pub(crate) async fn change(&self, removed: &StoredVersion) {
        let event = &removed.event;
        let evidence = ChainHash::of(b"evidence");
        let change = LogChange {
            key: Some(event.key()),
            item: format!("{} v{}", event.key(), event.version),
            found: BreakFound::new(event.version, BreakKind::Changed, evidence.clone()),
            version: Some(event.version),
            before: Some(Image { content: evidence, event_id: Some(event.event_id), hash: Some(event.hash.clone()) }),
            after: None,
            by: None,
        };
        self.hand_over(vec![StreamRecord::Changed { sequence_number: "0".to_owned(), change: Box::new(change) }]).await;
    }

    async fn hand_over(&self, batch: Vec<StreamRecord>) {
        let (publishing, clock, ids) = (self.publishing(), self.clock.clone(), self.ids.clone());
        let ports = alims_operations::publish_events::Ports { publishing, clock, ids };
        publish_events::publish_events(&ports, &self.letters, batch).await;
    }

    /// Anchors what there is: the tenant of this lab.
    pub(crate) async fn anchor(&self) {
        let (log, index) = (self.log.clone(), self.index.clone());
        let (anchors, signer, clock) = (MemoryAnchors::default(), NamedKey("the key"), self.clock.clone());
        let ports = alims_operations::anchor_heads::Ports { log, index, anchors, signer, clock, entries_max: 100 };
        anchor_heads::anchor_heads(&ports, anchor_heads::AnchorEvent::default()).await.unwrap();
    }

    /// Sweeps once: the due dates, and then the workflows.
    pub(crate) async fn sweep(&self) {
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        let log = Faulty::new(self.log.clone(), &self.script);
        let index = Faulty::new(self.index.clone(), &self.script);
        let ports = alims_operations::sweep_deadlines::Ports { log, index, clock, ids };
        let _report = sweep_deadlines::sweep_deadlines(&ports, serde_json::from_str("{}").unwrap()).await;
        let (starting, ids, positions) = (self.starting(), self.ids.clone(), MemoryPositions::default());
        let index = Faulty::new(self.index.clone(), &self.script);
        let ports = alims_operations::sweep_workflows::Ports { starting, index, positions, ids };
        let event = serde_json::from_str("{}").unwrap();
        let _report = sweep_workflows::sweep_workflows(&ports, event).await;
    }

    /// Tells the starter of recoveries of a failure.
    pub(crate) async fn fail(&self, failed: &StoredVersion) {
        let detail = serde_json::to_value(&failed.event).unwrap();
        let event = serde_json::from_value(serde_json::json!({ "detail": detail })).unwrap();
        let _started = recover_failed_workflow::recover_failed_workflow(&self.starting(), event).await;
    }

    /// Carries a recovery to its end.
    pub(crate) async fn recover(&self, mut document: RecoveryDocument) {
        let (publishing, rules, clock) = (self.publishing(), self.judge.clone(), self.clock.clone());
        let ports = alims_operations::recovery_step::Ports { publishing, rules, clock };
        while document.next != Next::End {
            let Ok(next) = recovery_step::recovery_step(&ports, document).await else { return };
            document = next;
        }
    }
}
