//! Reads the request to export records.

use alims_domain::activity::ActivityKind;
use alims_domain::call::Call;
use alims_domain::export::{ExportSelection, OfPeriod, OfWorkflow};
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::fields::Fields;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_edge::reader::stated::Stated;
use alims_edge::reader::{body, fields};
use alims_operations::export_records::NewExport;

/// Reads the call, and what to export.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<(Call, NewExport), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    Query::read(request, &mut faults).finish(&mut faults);
    let stated = Stated::by_token(&call);
    let new = body::required(request, stated, &mut faults).and_then(|mut body| {
        let reason = body.optional("reason", fields::text, &mut faults);
        let selection = if body.has("workflow_id") {
            let workflow_id = body.optional("workflow_id", fields::text, &mut faults);
            workflow_id.map(|workflow_id| ExportSelection::Workflow(OfWorkflow { workflow_id }))
        } else {
            period(&mut body, &mut faults).map(ExportSelection::Period)
        };
        // What a workflow's export does not have, such as a period, is an unknown field there.
        body.finish(&mut faults);
        Some(NewExport { selection: selection?, reason })
    });
    faults.conclude(|| Some((call, new?)))
}

fn period(body: &mut Fields, faults: &mut Faults) -> Option<OfPeriod> {
    let from = body.required("from", fields::instant, faults);
    let to = body.required("to", fields::instant, faults);
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        faults.at(&body.place_of("to"), "must be after from");
    }
    // Not `fields::principal`: the service's own acts are exported, too.
    let principal = body.optional("principal", fields::text, faults);
    let kind = body.optional("kind", fields::text::<ActivityKind>, faults);
    Some(OfPeriod { from: from?, to: to?, principal, kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::ROUTE;
    use alims_edge::testing::GatewayEvent;
    use serde_json::{Value, json};

    fn asked(body: &Value) -> Result<NewExport, Vec<Option<String>>> {
        match read(&GatewayEvent::of(&ROUTE).json(body).incoming()) {
            Ok((_, new)) => Ok(new),
            Err(Problem::MalformedRequest(faults)) => {
                // Unknown fields come in any order.
                let mut places: Vec<Option<String>> = faults.into_iter().map(|fault| fault.pointer).collect();
                places.sort_unstable();
                Err(places)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_workflow_or_a_period_is_selected_and_never_both() {
        let workflow = asked(&json!({"workflow_id": "wf-1", "reason": "Inspection."})).expect("a sound request");
        assert!(matches!(workflow.selection, ExportSelection::Workflow(_)));
        let (from, to) = ("2026-10-01T02:00:00+02:00", "2026-11-01T00:00:00Z");
        let period = asked(&json!({"from": from, "to": to, "kind": "WorkflowReleased", "principal": "alice"}));
        assert!(matches!(period.expect("a sound request").selection, ExportSelection::Period(_)));
        let both = asked(&json!({"workflow_id": "wf-1", "from": from, "to": to})).expect_err("both");
        assert_eq!(both, [Some("/from".to_owned()), Some("/to".to_owned())]);
    }

    #[test]
    fn each_member_that_is_missing_or_not_sound_is_named() {
        let whole = json!({"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"});
        let huge = "9".repeat(5000);
        for name in ["from", "to", "principal", "kind", "reason", "workflow_id"] {
            for value in [json!(""), json!(7), json!(null), json!([]), json!({}), json!(huge)] {
                let mut body = whole.clone();
                body[name] = value;
                let told = asked(&body).expect_err(name);
                assert!(told.contains(&Some(format!("/{name}"))), "{name}: {told:?}");
            }
        }
        assert_eq!(asked(&json!({})).expect_err("nothing").len(), 2);
        let backwards = json!({"from": "2026-11-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"});
        assert_eq!(asked(&backwards), Err(vec![Some("/to".to_owned())]));
    }
}
