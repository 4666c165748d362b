//! Reads the request to list activity.

use alims_domain::activity::ActivityKind;
use alims_domain::call::Call;
use alims_domain::identifiers::PrincipalId;
use alims_domain::limits::{ACTIVITY_DAYS_MAX, PAGE_ITEMS_DEFAULT};
use alims_domain::timestamp::Timestamp;
use alims_edge::cursor::not_ours;
use alims_edge::problem::Problem;
use alims_edge::reader::faults::Faults;
use alims_edge::reader::incoming::Incoming;
use alims_edge::reader::query::{Query, page_items};
use alims_operations::list_activity::{ActivityFilter, ActivityPlace};

use crate::cursor::ActivityCursors;

const DAY_SECONDS: u32 = 24 * 60 * 60;

/// The requested page of activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRequest {
    /// The filters.
    pub filter: ActivityFilter,
    /// Continue here.
    pub place: Option<ActivityPlace>,
    /// The maximum number of items.
    pub limit: usize,
    /// Makes the cursor of the next page.
    pub cursors: ActivityCursors,
}

/// Reads the call and the requested page.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::MalformedRequest`].
pub fn read(request: &Incoming) -> Result<(Call, ActivityRequest), Problem> {
    let mut faults = Faults::default();
    let call = request.call(&mut faults)?;
    let mut query = Query::read(request, &mut faults);
    let filter = ActivityFilter {
        from: query.take("from", Timestamp::first_not_before, &mut faults),
        to: query.take("to", Timestamp::first_not_before, &mut faults),
        principal: query.take("principal", str::parse::<PrincipalId>, &mut faults),
        kind: query.take("kind", str::parse::<ActivityKind>, &mut faults),
    };
    check_span(&filter, &mut faults);
    let limit = query.take("limit", page_items, &mut faults).unwrap_or(PAGE_ITEMS_DEFAULT);
    let cursors = ActivityCursors::of(&call.principal.tenant_id, &filter);
    // A cursor is bound to the filters: when a filter is invalid there is no query to check the cursor against.
    let filters_are_sound = !faults.any();
    let open = |text: &str| {
        if filters_are_sound { cursors.open(text).map(Some).ok_or_else(not_ours) } else { Ok(None) }
    };
    let place = query.take("cursor", open, &mut faults).flatten();
    query.finish(&mut faults);
    faults.conclude(|| Some((call, ActivityRequest { filter, place, limit, cursors })))
}

/// A span has a bounded length, and runs forwards.
fn check_span(filter: &ActivityFilter, faults: &mut Faults) {
    let (Some(from), Some(to)) = (filter.from, filter.to) else { return };
    if to < from {
        faults.outside("the query parameter to must not be before from");
    } else if to > from.later_by_seconds(ACTIVITY_DAYS_MAX.saturating_mul(DAY_SECONDS)) {
        faults.outside(format!(
            "the query parameter to must be at most {ACTIVITY_DAYS_MAX} days after from; ask for each part in its own request"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::ROUTE;
    use alims_edge::testing::GatewayEvent;
    use alims_operations::ports::ActivityPosition;
    use alims_testing::builders::at;

    fn asked(query: &str) -> Result<ActivityRequest, Vec<String>> {
        match read(&GatewayEvent::of(&ROUTE).query(query).incoming()) {
            Ok((_, request)) => Ok(request),
            Err(Problem::MalformedRequest(faults)) => Err(faults.into_iter().map(|fault| fault.message).collect()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_parameter_is_read_and_none_is_needed() {
        let bare = asked("").expect("a sound request");
        assert_eq!((bare.filter, bare.place, bare.limit), (ActivityFilter::default(), None, PAGE_ITEMS_DEFAULT));
        let whole = "from=2026-11-01T00:00:00%2B01:00&to=2026-11-30T23:59:59.9995Z&principal=al%20ice&limit=7&kind=";
        for kind in ActivityKind::ALL {
            let request = asked(&format!("{whole}{}", kind.as_str())).expect("a sound request");
            let instant = |text: &str| text.parse::<Timestamp>().ok();
            let (from, to) = (instant("2026-10-31T23:00:00.000Z"), instant("2026-12-01T00:00:00.000Z"));
            let filter = ActivityFilter { from, to, principal: "al ice".parse().ok(), kind: Some(kind) };
            assert_eq!((request.filter, request.limit), (filter, 7));
        }
        let same = asked("from=2026-11-01T00:00:00Z&to=2026-11-01T00:00:00Z");
        assert!(same.is_ok(), "an empty span is one: {same:?}");
        assert!(asked("from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z").is_ok(), "a month of 31 days");
    }

    #[test]
    fn a_parameter_that_is_not_sound_is_named() {
        let huge = "9".repeat(5000);
        for (name, values) in [
            ("from", vec!["", "yesterday", "2026-11-01", "1795421700", "2026-13-01T00:00:00Z", huge.as_str()]),
            ("to", vec!["", "now", "2026-11-01T00:00:00", "-1", "2026-11-31T00:00:00Z", huge.as_str()]),
            ("principal", vec!["", "a%00b", huge.as_str()]),
            ("kind", vec!["", "workflowcreated", "RecoveryAttempt", "UnreadableEntry", "7", huge.as_str()]),
            ("limit", vec!["", "0", "101", "-1", "1.5", "ten", "%207", huge.as_str()]),
            ("cursor", vec!["", "AAAA", "%2e", huge.as_str()]),
        ] {
            for value in values {
                let told = asked(&format!("{name}={value}")).expect_err(value);
                assert!(told.iter().any(|fault| fault.contains(name)), "{name}={value:.20}: {told:?}");
            }
            let twice = asked(&format!("{name}=a&{name}=b")).expect_err(name);
            assert!(twice.iter().any(|fault| fault.contains("only once")), "{name}: {twice:?}");
        }
        let unknown = asked("by=alice").expect_err("an unknown parameter");
        assert!(unknown.iter().any(|fault| fault.contains("by")), "{unknown:?}");
    }

    #[test]
    fn a_span_runs_forwards_and_is_no_longer_than_a_month() {
        let backwards = asked("from=2026-11-02T00:00:00.001Z&to=2026-11-02T00:00:00Z").expect_err("backwards");
        assert_eq!(backwards, ["the query parameter to must not be before from"]);
        let long = asked("from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00.001Z").expect_err("too long");
        assert!(long.iter().all(|fault| fault.contains("31 days")), "{long:?}");
    }

    #[test]
    fn a_cursor_of_another_list_or_another_tenant_is_refused() {
        let place = ActivityPlace {
            from: at(0),
            to: at(2),
            after: ActivityPosition { at: at(1), entry: Some("w#v".to_owned()) },
        };
        let request = asked("kind=WorkflowCreated").expect("a sound request");
        let cursor = request.cursors.seal(&place);
        let read_back = asked(&format!("kind=WorkflowCreated&cursor={cursor}")).expect("its own cursor");
        assert_eq!(read_back.place, Some(place));
        for query in ["", "kind=WorkflowReleased&", "kind=WorkflowCreated&principal=alice&"] {
            let told = asked(&format!("{query}cursor={cursor}")).expect_err(query);
            assert!(told.iter().any(|fault| fault.contains("cursor")), "{query}: {told:?}");
        }
        let event = GatewayEvent::of(&ROUTE).query(&format!("kind=WorkflowCreated&cursor={cursor}"));
        assert!(read(&event.claim("tenant_id", "other").incoming()).is_err(), "another tenant's");
    }
}
