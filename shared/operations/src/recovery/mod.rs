//! Recovery finds out what is wrong with a workflow and repairs it, or says why it cannot.
//!
//! The log holds the claim of an *attempt*; its *execution* makes *turns*; a turn completes *steps*, which the outcome
//! lists.
//!
//! | who | does | writes |
//! |---|---|---|
//! | [`recover_workflow`] | a person's request: claims an attempt and starts its execution | claim `a#…`; a refusal `r#…` |
//! | [`recover_failed_workflow`] | the same for a retryable failure that was published, after a delay | claim |
//! | [`sweep_workflows`] | the same for what it finds out of order, all over the log | claim; quarantine `q#…`; position |
//! | [`start`] | the part of the three: one claim, one execution; closes an attempt that ended without an outcome | claim; outcome |
//! | the state machine | has the turns of one execution made, one after another, and repeats a failed one | its own history |
//! | [`recovery_step`] | one turn: `assess`, `ask-rules`, `apply`, `publish`, `confirm` or `record` | by turn: see below |
//! | - `assess`, `confirm` | [`assess`](mod@assess) the workflow and plan, or find it in order | quarantine, when the history is broken |
//! | - `ask-rules`, `apply` | move the failed workflow back to ACTIVE, by the rules | a refusal; then the version `v#…` |
//! | - `publish` | put missing events on the bus, and the index in order | bus; index |
//! | - `record` | end the attempt | outcome |
//! | [`get_workflow_recovery`] | shows the newest attempt, from log and execution | nothing |
//! | [`release_workflow`] | a person accepts a broken history: the next move builds on it | release; index |

pub mod assess;
pub mod get_workflow_recovery;
pub mod recover_failed_workflow;
pub mod recover_workflow;
pub mod recovery_step;
pub mod release_workflow;
pub mod start;
pub mod sweep_workflows;

mod turn;
