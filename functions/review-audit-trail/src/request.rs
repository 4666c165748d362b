//! Reads the request to record a review.

use alims_domain::activity::ActivityKind;
use alims_domain::audit_entry::AuditTrailReviewed;
use alims_domain::call::Call;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::Query;
use alims_edge::reader::stated::Stated;
use alims_edge::reader::{body, fields};
use alims_operations::review_audit_trail::NewReview;

/// Reads the call, what was reviewed, and the auditor's finding.
///
/// # Errors
/// [`Problem::Unauthenticated`], [`Problem::MalformedRequest`], [`Problem::UnsupportedMediaType`] or
/// [`Problem::PayloadTooLarge`].
pub fn read(request: &Incoming) -> Result<(Call, NewReview), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    Query::read(request, &mut faults).finish(&mut faults);
    let stated = Stated::by_token(&call);
    let new = body::required(request, stated, &mut faults).and_then(|mut body| {
        let from = body.required("from", fields::instant, &mut faults);
        let to = body.required("to", fields::instant, &mut faults);
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            faults.at(&body.place_of("to"), "must be after from");
        }
        // Not `fields::principal`: the service's own acts are reviewed, too.
        let principal = body.optional("principal", fields::text, &mut faults);
        let kind = body.optional("kind", fields::text::<ActivityKind>, &mut faults);
        let reason = body.required("reason", fields::text, &mut faults);
        body.finish(&mut faults);
        Some(NewReview { reviewed: AuditTrailReviewed { from: from?, to: to?, principal, kind }, reason: reason? })
    });
    faults.conclude(|| Some((call, new?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::ROUTE;
    use alims_edge::testing::GatewayEvent;
    use serde_json::{Value, json};

    fn asked(body: &Value) -> Result<NewReview, Vec<(Option<String>, String)>> {
        match read(&GatewayEvent::of(&ROUTE).json(body).incoming()) {
            Ok((_, new)) => Ok(new),
            Err(Problem::MalformedRequest(faults)) => {
                Err(faults.into_iter().map(|fault| (fault.pointer, fault.message)).collect())
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn whole() -> Value {
        json!({
            "from": "2026-10-01T02:00:00+02:00", "to": "2026-11-01T00:00:00Z", "principal": "alice",
            "kind": "WorkflowReleased", "reason": "Each release has a reason."
        })
    }

    #[test]
    fn a_whole_request_is_read_and_a_bare_one_is_of_everything() {
        let new = asked(&whole()).expect("a sound request");
        assert_eq!(new.reviewed.from.to_string(), "2026-10-01T00:00:00.000Z");
        assert_eq!(new.reviewed.kind, Some(ActivityKind::WorkflowReleased));
        let bare = json!({"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z", "reason": "Fine."});
        let new = asked(&bare).expect("a sound request");
        assert_eq!((new.reviewed.principal, new.reviewed.kind), (None, None));
    }

    #[test]
    fn each_member_that_is_missing_or_not_sound_is_named() {
        let huge = "9".repeat(5000);
        let odd = [json!(""), json!(7), json!(null), json!([]), json!({}), json!(huge)];
        for name in ["from", "to", "principal", "kind", "reason"] {
            for value in &odd {
                let mut body = whole();
                body[name] = value.clone();
                let told = asked(&body).expect_err(name);
                assert!(told.iter().any(|(at, _)| at.as_deref() == Some(&format!("/{name}"))), "{name}: {told:?}");
            }
        }
        for name in ["from", "to", "reason"] {
            let mut body = whole();
            body.as_object_mut().expect("an object").remove(name);
            let told = asked(&body).expect_err(name);
            assert!(told.iter().any(|(at, _)| at.as_deref() == Some(&format!("/{name}"))), "{name}: {told:?}");
        }
        let mut unknown = whole();
        unknown["state"] = json!("ACTIVE");
        assert!(asked(&unknown).is_err());
    }

    #[test]
    fn a_period_has_a_length() {
        for to in ["2026-10-01T00:00:00Z", "2026-09-30T23:59:59Z"] {
            let mut body = whole();
            body["to"] = json!(to);
            assert_eq!(asked(&body), Err(vec![(Some("/to".to_owned()), "must be after from".to_owned())]));
        }
    }
}
