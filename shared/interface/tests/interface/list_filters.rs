//! Which queries list-workflows reads, and what it says of the others.

use alims_domain::lifecycle::State;
use alims_edge::testing::GatewayEvent;
use alims_operations::ports::ListOrder;

use crate::readers::messages;

#[test]
fn filters_are_read_and_strangers_refused() {
    let read =
        |query: &str| list_workflows::request::read(&GatewayEvent::of(&list_workflows::ROUTE).query(query).incoming());
    let (_, list) =
        read("state=ACTIVE&created_by=bob&updated_after=2026-11-23T09:15:00%2B01:00&limit=7").expect("sound");
    assert_eq!(list.filter.entries.states, [State::Active].into());
    assert_eq!(list.filter.entries.updated_after.map(|at| at.to_string()), Some("2026-11-23T08:15:00.000Z".to_owned()));
    assert_eq!(list.part.limit, 7);
    assert_eq!(read("").map(|(_, list)| list.part.limit).expect("sound"), 50);
    let told =
        messages(read("state=active&state=ACTIVE&limit=101&limit=1&updated_before=today&stat=ACTIVE&created_by=%FF"));
    assert_eq!(told.len(), 6, "{told:?}");
    for query in ["limit=%2B7", "limit=007", "limit=%207", "Limit=7", "state=ACTIVE%20", "limit=7&limit=7", "limit="] {
        assert_eq!(messages(read(query)).len(), 1, "{query}");
    }
    for query in ["limit=0", "limit=1.5", "limit=-1", "cursor=forged", "cursor=", "state=", "%00=1"] {
        assert_eq!(messages(read(query)).len(), 1, "{query}");
    }
}

#[test]
fn filters_that_are_repeated_or_looked_up_are_read_and_what_does_not_fit_is_refused() {
    let read =
        |query: &str| list_workflows::request::read(&GatewayEvent::of(&list_workflows::ROUTE).query(query).incoming());
    let sound = |query: &str| read(query).expect(query).1;
    let list = sound("state=PAUSED&state=ACTIVE&state=ACTIVE&label=sample:S:1&label=rack:7&assignee=bob");
    assert_eq!(list.filter.entries.states, [State::Active, State::Paused].into());
    let labels: Vec<(&str, &str)> =
        list.filter.entries.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(labels, [("sample", "S:1"), ("rack", "7")], "the first one is looked up");
    for (query, order) in [
        ("", ListOrder::Updated),
        ("label=a:b", ListOrder::Created),
        ("label=a:b&order=created", ListOrder::Created),
        ("quarantined=true", ListOrder::Created),
        ("quarantined=true&overdue=true", ListOrder::Created),
        ("overdue=true", ListOrder::Due),
        ("due_before=2026-11-23T08:15:00Z", ListOrder::Due),
        ("overdue=true&order=updated", ListOrder::Updated),
        ("order=due&state=COMPLETED", ListOrder::Due),
    ] {
        assert_eq!(sound(query).filter.order, order, "{query}");
    }
    assert!(sound("include=metadata").part.with_metadata && !sound("").part.with_metadata);
    let eleven: String = (0..11).map(|number| format!("&label=l{number}:x")).collect();
    for query in [
        "label=a:b&order=updated",
        "label=a:b&order=due",
        "quarantined=true&order=updated",
        "label=a:b&label=a:c",
        "label=a:b&label=a:b",
        "label=a",
        "label=a:%",
        "label=a:%4",
        "label=a:%zz",
        "label=a:%%34",
        "label=:b",
        "label=a:",
        "label=A:b",
        "label=",
        &format!("label=a:{}", "x".repeat(65)),
        &eleven,
        "overdue=false",
        "overdue=",
        "quarantined=yes",
        "quarantined=true&quarantined=true",
        "order=name",
        "order=created&order=created",
        "include=all",
        "assignee=",
        "assignee=a&assignee=b",
        "due_before=tomorrow",
        "created_after=0",
        "labels=a:b",
    ] {
        let told = messages(read(query));
        assert!(matches!(told.as_slice(), [message] if message.contains("query parameter")), "{query}: {told:?}");
    }
    assert_eq!(messages(read("state=active&state=X&label=a&label=b")).len(), 4);
}

#[test]
fn a_cursor_of_another_query_is_refused() {
    let list =
        |query: &str| list_workflows::request::read(&GatewayEvent::of(&list_workflows::ROUTE).query(query).incoming());
    let position = alims_operations::ports::IndexPosition {
        at: alims_testing::builders::at(0),
        workflow_id: "wf-1".parse().expect("an id"),
    };
    let cursor = list("state=ACTIVE").expect("sound").1.cursors.seal(&position);
    let again = list(&format!("state=ACTIVE&limit=3&cursor={cursor}")).expect("its own query");
    assert_eq!(again.1.part.after, Some(position));
    for other in ["state=PAUSED", "state=ACTIVE&state=PAUSED", "state=ACTIVE&order=created", "state=ACTIVE&label=a:b"] {
        assert_eq!(messages(list(&format!("{other}&cursor={cursor}"))).len(), 1, "{other}");
    }
    let other_tenant = GatewayEvent::of(&list_workflows::ROUTE)
        .claim("tenant_id", "other")
        .query(&format!("state=ACTIVE&cursor={cursor}"));
    assert_eq!(messages(list_workflows::request::read(&other_tenant.incoming())).len(), 1);
    let history = GatewayEvent::of(&get_workflow_history::ROUTE).query(&format!("cursor={cursor}"));
    assert_eq!(messages(get_workflow_history::request::read(&history.incoming())).len(), 1);
}
