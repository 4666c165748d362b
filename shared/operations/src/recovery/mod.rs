//! Recovery: everything that finds out what is wrong with a workflow and puts it right, or says why not.

pub mod assess;
pub mod get_workflow_recovery;
pub mod recover_failed_workflow;
pub mod recover_workflow;
pub mod recovery_step;
pub mod release_workflow;
pub mod start;
pub mod sweep_workflows;

mod turn;
