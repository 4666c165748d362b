//! The order of the steps. Those of the workflow stand on one another; the others are taken in any case.

use super::listener::Listener;
use super::report::{Outcome, Report, Step};
use super::stack::Stack;
use super::trial::Trial;

/// Everything but the removal.
pub(crate) async fn all(report: &mut Report, stack: &Stack, listener: &Listener<'_>, trial: &Trial) {
    report.take(&STRANGERS, trial.strangers_are_refused()).await;
    let accepted = report.take(&TOKEN, trial.the_token_is_accepted(stack)).await;
    let heard = report.take(&LISTENER, right(listener.open())).await;
    if accepted {
        report.take(&SCOPES, trial.scopes_are_required(stack)).await;
        report.take(&READ, trial.everything_is_read()).await;
        workflow(report, stack, heard.then_some(listener), trial).await;
    }
    report.take(&QUARANTINE, trial.quarantine_arrives(stack)).await;
    report.take(&FAILED_RECOVERY, trial.failed_recovery_arrives(stack)).await;
    if heard {
        let mut topics: Vec<_> = stack.outputs_named("TopicArn").map(|(_, topic)| topic).collect();
        topics.dedup();
        report.take(&ALARM, right(alarms(listener, &topics))).await;
    }
}

async fn workflow(report: &mut Report, stack: &Stack, listener: Option<&Listener<'_>>, trial: &Trial) {
    if !report.take(&CREATED, trial.created()).await || !report.take(&MOVED, trial.moved("ACTIVE")).await {
        return;
    }
    if let Some(listener) = listener {
        report.take(&PUBLISHED, right(listener.versions_arrive(&[1, 2]))).await;
    }
    report.take(&REFUSED, trial.refused()).await;
    report.take(&RECORDED, trial.refusal_is_recorded()).await;
    if report.take(&FAILED, trial.moved("FAILED")).await && report.take(&RECOVERED, trial.recovers(stack)).await {
        report.take(&RECOVERY_ENDS, trial.requested_recovery_ends(stack)).await;
    }
    report.take(&VERIFIED, trial.verified()).await;
}

async fn alarms(listener: &Listener<'_>, topics: &[&str]) -> anyhow::Result<()> {
    anyhow::ensure!(!topics.is_empty(), "the stack has no output that names a topic");
    for topic in topics {
        listener.alarm_arrives(topic).await?;
    }
    Ok(())
}

/// Ends the workflow and removes what was made.
pub(crate) async fn leave(report: &mut Report, listener: &Listener<'_>, trial: &Trial) {
    report.take(&CANCELLED, trial.cancelled()).await;
    report.take(&REMOVED, right(listener.close())).await;
}

async fn right(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Outcome> {
    work.await.map(|()| Outcome::Right)
}

const STRANGERS: Step = Step {
    name: "a request without a valid token is refused",
    cause: "the API has no authorizer on this route",
    look: "aws apigatewayv2 get-authorizers --api-id $(aws cloudformation describe-stack-resource --stack-name $STACK \
           --logical-resource-id Api --query StackResourceDetail.PhysicalResourceId --output text)",
};
const TOKEN: Step = Step {
    name: "the token is accepted",
    cause: "the token expired, is another issuer's or audience's, or lacks a scope, the tenant or a role",
    look: "aws logs filter-log-events --log-group-name /aws/vendedlogs/alims/$STACK/api \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const SCOPES: Step = Step {
    name: "a token without the required scopes is refused",
    cause: "the routes require no scope, or the token has it",
    look: "aws cloudformation describe-stacks --stack-name $STACK --query 'Stacks[0].Parameters'",
};
const LISTENER: Step = Step {
    name: "an event put on the bus reaches a queue of the test",
    cause: "you may not make a rule of the bus or a queue, or the bus is gone",
    look: "aws events list-rules --event-bus-name $(aws cloudformation describe-stacks --stack-name $STACK \
           --query \"Stacks[0].Outputs[?OutputKey=='EventBusArn'].OutputValue\" --output text)",
};
const CREATED: Step = Step {
    name: "a workflow is created",
    cause: "the person lacks the role supervisor, the rules do not know the type (--workflow-type), or a function fails",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/create-workflow \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const MOVED: Step = Step {
    name: "the workflow becomes ACTIVE",
    cause: "the rules do not permit it (--metadata), the rules engine is unavailable, or the function fails",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/request-state-transition \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const PUBLISHED: Step = Step {
    name: "the events of both versions arrive at a subscriber's queue",
    cause: "the stream does not call the publisher, or the publisher may not write to the bus",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/publish-events \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const REFUSED: Step = Step {
    name: "a transition that the lifecycle lacks is refused with its reason",
    cause: "the deployed function is another release's",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/request-state-transition \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const RECORDED: Step = Step {
    name: "the refusal is in the history",
    cause: "the function could not write the refusal",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/request-state-transition \
           --start-time $(($(date +%s) - 600))000 \
           --filter-pattern '{ $.level = \"WARN\" }' --query events[].message --output text",
};
const FAILED: Step = Step {
    name: "the workflow becomes FAILED",
    cause: "the laboratory's rules do not know the failure code (--failure-code)",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/request-state-transition \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const RECOVERED: Step = Step {
    name: "an automatic recovery brings it back to ACTIVE",
    cause: "the bus does not call recover-failed-workflow, or the state machine may not call recovery-step",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/recover-failed-workflow \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const RECOVERY_ENDS: Step = Step {
    name: "a requested recovery starts and ends",
    cause: "the person lacks the role supervisor, or recover-workflow may not start the state machine",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/recover-workflow \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const VERIFIED: Step = Step {
    name: "the history's hash chain is valid",
    cause: "the person lacks the role auditor, or an entry of the log was changed",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/verify-workflow-history \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const READ: Step = Step {
    name: "lists, counts, activity, rules, the caller and the sweep can be read",
    cause: "the person lacks a role, or the role of the operation's function lacks a permission",
    look: "aws logs filter-log-events --log-group-name /aws/vendedlogs/alims/$STACK/api \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const QUARANTINE: Step = Step {
    name: "a synthetic quarantine reaches the queue of quarantines",
    cause: "the rule may not write to the encrypted queue (the key's or the queue's policy), or is gone",
    look: "aws cloudwatch get-metric-statistics --namespace AWS/Events --metric-name FailedInvocations \
           --statistics Sum --period 300 --start-time $(($(date +%s) - 3600)) --end-time $(date +%s)",
};
const FAILED_RECOVERY: Step = Step {
    name: "a failed recovery reaches the queue of failed recoveries",
    cause: "the rule may not write to the encrypted queue (the key's or the queue's policy), or is gone",
    look: "aws stepfunctions list-executions --status-filter FAILED --max-items 5 --state-machine-arn \
           $(aws cloudformation describe-stacks --stack-name $STACK \
           --query \"Stacks[0].Outputs[?OutputKey=='RecoveryMachineArn'].OutputValue\" --output text)",
};
const ALARM: Step = Step {
    name: "an alarm reaches each topic",
    cause: "CloudWatch may not publish to the encrypted topic (the key's or the topic's policy)",
    look: "aws cloudwatch describe-alarm-history --history-item-type Action --max-items 5",
};
const CANCELLED: Step = Step {
    name: "the workflow is cancelled",
    cause: "the person lacks the role supervisor, or the laboratory's rules do not permit it",
    look: "aws logs filter-log-events --log-group-name /alims/$STACK/request-state-transition \
           --start-time $(($(date +%s) - 600))000 --query events[].message --output text",
};
const REMOVED: Step = Step {
    name: "everything that the test made is removed",
    cause: "you may make these things and not remove them",
    look: "aws events list-rules --name-prefix smoke- --event-bus-name $STACK-events",
};
