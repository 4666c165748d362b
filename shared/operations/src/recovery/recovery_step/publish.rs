//! The turn that publishes missing events and repairs the index entry.

use alims_domain::event::WorkflowEvent;
use alims_domain::projection::IndexEntry;
use alims_domain::recovery::document::{Next, RecoveryDocument};
use alims_domain::recovery::outcome::StepKind;
use alims_domain::recovery::{PublishAfter, RecoveryPlan};

use crate::ports::{EventBus, QuarantineLog, RecoveryLog, TransitionRules, WorkflowIndex, WorkflowLog};
use crate::publishing::cursor::{Cursor, Stop, catch_up};
use crate::recovery::turn::{Found, RecoveryStepError, Turn};

impl<L, I, B, R> Turn<'_, L, I, B, R>
where
    L: WorkflowLog + RecoveryLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    R: TransitionRules,
{
    /// Does the work that a new assessment shows: the publisher may have been faster.
    pub(crate) async fn publish(&self, mut document: RecoveryDocument) -> Result<RecoveryDocument, RecoveryStepError> {
        let (head, findings, plan) = match self.look(&mut document).await? {
            Found::Unfinished(document) => return Ok(*document),
            Found::Broken(found, newest) => return self.quarantine(document, (found, newest)).await,
            Found::Sound { head, findings, plan } => (head, findings, plan),
        };
        document.next = Next::Confirm;
        let repairs = match plan {
            RecoveryPlan::Quarantine(found) => return self.quarantine(document, (found, Some(findings.met()))).await,
            RecoveryPlan::AlreadyConsistent => return Ok(document),
            RecoveryPlan::Repair(repairs) => repairs,
        };
        if let Some(after) = repairs.publish {
            match self.publish_after(after, &head).await {
                Ok(0) => {}
                Ok(events) => document.did(StepKind::EventsPublished, self.now, Some(head.version), Some(events)),
                Err(Stop::Retryable(why)) => return Err(RecoveryStepError::BusUnavailable(why)),
                // Each further try would be refused too.
                Err(stop @ Stop::Refused(..)) => {
                    document.give_up("EventRefused", &stop.to_string());
                    return Ok(document);
                }
                // The log has changed since the assessment. If this happens again, a change is not the cause.
                Err(Stop::Permanent(why)) if document.has(StepKind::ChangedMeanwhile) => {
                    document.give_up("CannotPublish", &why);
                    return Ok(document);
                }
                Err(Stop::Permanent(_)) => {
                    document.look_again(self.now);
                    return Ok(document);
                }
            }
        }
        if repairs.rebuild_index {
            // The writer that changed it, the publisher or another recovery, also put it in order.
            let entry = IndexEntry::from(&*head);
            self.ports.publishing.index.repair(&entry, findings.indexed.as_ref()).await?;
            document.did(StepKind::IndexRebuilt, self.now, Some(head.version), None);
        }
        Ok(document)
    }

    async fn publish_after(&self, after: PublishAfter, head: &WorkflowEvent) -> Result<u64, Stop> {
        let Some(cursor) = Cursor::new(self.key.clone(), after.0, head.version, [head.clone()]) else { return Ok(0) };
        let (cursors, accepted) = catch_up(&self.ports.publishing, vec![cursor]).await;
        cursors.into_iter().find_map(|cursor| cursor.stop).map_or(Ok(accepted), Err)
    }
}
