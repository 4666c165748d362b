//! Every call of every turn, failed before and after its effect, and every turn repeated: the outcome is the same.

use alims_domain::hashing::ChainHash;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::document::Next;
use alims_domain::recovery::outcome::OutcomeStatus;
use alims_operations::PublishPorts;
use alims_operations::ports::{QuarantineLog, RecoveryLog, TransitionRules};
use alims_operations::recovery_step::recovery_step;
use alims_testing::builders::{a_key, version};
use alims_testing::{CallFault, Faulty, RulesThatAllow, RulesThatDeny, Script};

use crate::support::site::{Site, carried_out, claimed, recovering, status};

/// What is the matter with the workflow, and how it must end.
#[derive(Clone, Copy, Debug)]
enum Matter {
    FailedAndTorn,
    Refused,
    Spoilt,
    Broken,
    Replaced,
}

/// The index entry of the head, with the hash of another version.
fn published_as_another(site: &Site) -> IndexEntry {
    IndexEntry { head_hash: ChainHash::of(b"what was published"), ..IndexEntry::from(&site.head()) }
}

impl Matter {
    const ALL: [Self; 5] = [Self::FailedAndTorn, Self::Refused, Self::Spoilt, Self::Broken, Self::Replaced];

    async fn site(self) -> Site {
        let site = Site::failed().await;
        match self {
            Self::FailedAndTorn | Self::Refused => {}
            Self::Spoilt => {
                let spoilt = IndexEntry { current_state: State::Cancelled, ..IndexEntry::from(&site.head()) };
                site.index.overwrite(spoilt);
            }
            Self::Broken => site.log.remove(&a_key("w"), version(2)),
            Self::Replaced => site.index.overwrite(published_as_another(&site)),
        }
        site
    }

    /// What must be so at the end, whatever failed on the way.
    async fn assert_ended(self, site: &Site, ended: OutcomeStatus) {
        let (versions, refusals) = site.log.entries(&a_key("w"));
        let record = site.log.quarantine(&a_key("w")).await.unwrap();
        let kept = site.log.recoveries(&a_key("w"), 5).await.unwrap().attempts.remove(0).ended.unwrap();
        assert_eq!(kept.outcome.status, ended);
        match self {
            Self::FailedAndTorn | Self::Spoilt => {
                assert_eq!(ended, OutcomeStatus::Recovered);
                assert_eq!((versions.len(), refusals.len(), record.entries.len()), (4, 0, 0), "brought back once");
                site.assert_in_order();
            }
            Self::Refused => {
                assert_eq!(ended, OutcomeStatus::Refused);
                assert_eq!((versions.len(), refusals.len(), record.entries.len()), (3, 1, 0), "refused once");
                site.assert_in_order();
            }
            Self::Broken => {
                assert_eq!(ended, OutcomeStatus::Quarantined);
                assert_eq!((versions.len(), refusals.len(), record.entries.len()), (2, 0, 1), "recorded once");
                assert!(site.bus.accepted().is_empty() && site.index.all().is_empty());
            }
            Self::Replaced => {
                assert_eq!(ended, OutcomeStatus::Quarantined);
                assert_eq!((versions.len(), refusals.len(), record.entries.len()), (3, 0, 1), "recorded once");
                assert_eq!(site.bus.accepted(), []);
                assert_eq!(site.index.all(), [published_as_another(site)], "the last evidence stays");
            }
        }
    }

    /// Carries a recovery out over ports that fail by the script.
    async fn carried_out(self, script: &Script, faults: usize) -> Vec<&'static str> {
        match self {
            Self::Refused => self.with(RulesThatDeny, script, faults).await,
            Self::FailedAndTorn | Self::Spoilt | Self::Broken | Self::Replaced => {
                self.with(RulesThatAllow, script, faults).await
            }
        }
    }

    async fn with<R: TransitionRules>(self, rules: R, script: &Script, faults: usize) -> Vec<&'static str> {
        let site = self.site().await;
        let publishing = PublishPorts {
            log: Faulty::new(site.log.clone(), script),
            index: Faulty::new(site.index.clone(), script),
            bus: Faulty::new(site.bus.clone(), script),
        };
        let ports = recovering(publishing, Faulty::new(rules, script));
        let document = claimed(&site, 3, 1).await;
        // As many failures as faults at most: no fault costs more than the turn it is in.
        let ended = carried_out(&ports, document, faults).await.unwrap();
        self.assert_ended(&site, status(&ended)).await;
        script.calls()
    }
}

#[tokio::test]
async fn recovery_is_idempotent_under_any_single_fault() {
    for matter in Matter::ALL {
        let calls = matter.carried_out(&Script::default(), 0).await;
        assert!(calls.len() > 5, "{matter:?}: {calls:?}");
        for call in 0..calls.len() {
            for fault in CallFault::ALL {
                matter.carried_out(&Script::failing(call, fault), 1).await;
            }
        }
    }
}

#[tokio::test]
async fn recovery_is_idempotent_under_any_two_faults_soon_after_one_another() {
    let matter = Matter::FailedAndTorn;
    let calls = matter.carried_out(&Script::default(), 0).await.len();
    for first in 0..calls {
        // The first fault has its turn made again: the second comes in that turn or the next.
        for second in first + 1..first + 8 {
            for (one, other) in CallFault::ALL.into_iter().flat_map(|one| CallFault::ALL.map(|other| (one, other))) {
                let script = Script::failing(first, one);
                script.fail(second, other);
                matter.carried_out(&script, 2).await;
            }
        }
    }
}

/// Lambda may run a turn twice, and the machine goes on with either answer.
#[tokio::test]
async fn recovery_is_idempotent_when_every_turn_is_made_twice() {
    for matter in Matter::ALL {
        for keep_first in [true, false] {
            let site = matter.site().await;
            let mut document = claimed(&site, 3, 1).await;
            while document.next != Next::End {
                let twice = match matter {
                    Matter::Refused => {
                        let ports = site.with(RulesThatDeny);
                        (recovery_step(&ports, document.clone()).await, recovery_step(&ports, document).await)
                    }
                    Matter::FailedAndTorn | Matter::Spoilt | Matter::Broken | Matter::Replaced => {
                        let ports = site.with(RulesThatAllow);
                        (recovery_step(&ports, document.clone()).await, recovery_step(&ports, document).await)
                    }
                };
                document = if keep_first { twice.0.unwrap() } else { twice.1.unwrap() };
            }
            // The second publication finds nothing left to do, so a spoilt index is all it can have put right.
            matter.assert_ended(&site, status(&document)).await;
        }
    }
}
