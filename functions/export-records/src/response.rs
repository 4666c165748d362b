//! An export that was asked for.

use alims_edge::answer::Answer;
use alims_edge::problem::Problem;
use alims_edge::wire::{Export, ExportStatus};
use alims_operations::export_records::Exported;

/// An export: 201 when it is complete, 202 while it runs, 200 when an earlier request with the same key had asked for it
/// and it has ended.
///
/// # Errors
/// [`Problem::Internal`] when the body has no JSON, which is a bug.
pub fn exported(exported: Exported) -> Result<Answer, Problem> {
    let Exported { found, repeated, interruption } = exported;
    let export = Export::from(found);
    if let Some(why) = interruption {
        tracing::warn!(export_id = %export.export_id, %why, "a job continues what the request could not complete");
    }
    let answer = Answer::ok(&export)?.located_at(format!("/exports/{}", export.export_id));
    Ok(match (export.status, repeated) {
        (ExportStatus::Running, _) => answer.accepted(),
        (ExportStatus::Completed | ExportStatus::Failed, false) => answer.created(),
        (ExportStatus::Completed | ExportStatus::Failed, true) => answer,
    })
}
