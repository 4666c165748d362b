//! The bytes of log that `docs/cost.md` counts with are those that the functions write at INFO.

use alims_interface::{create_workflow, request_state_transition};
use serde_json::{Value, json};
use std::path::Path;

use crate::runtime_api::Function;
use crate::{GatewayEvent, bus, call, record, server, settings};

const MOVES: [&str; 4] = ["ACTIVE", "PAUSED", "ACTIVE", "COMPLETED"];

/// The mean size of what a function logged, over so many invocations; a line feed ends each line.
fn mean(lines: &[Value], invocations: usize) -> usize {
    lines.iter().map(|line| line.to_string().len() + 1).sum::<usize>() / invocations
}

#[tokio::test]
async fn the_page_of_costs_counts_with_the_bytes_that_functions_log() {
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path()).await;
    let (bus, _) = bus().await;
    let mut settings = settings(&server, &bus);
    settings.push(("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()));
    let new = json!({"workflow_type": "free-form", "workflow_id": "wf-1"});
    assert_eq!(call(&settings, &create_workflow::ROUTE, Some(new)).await.0, 201);
    let borrowed: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut function = Function::start_and_listen("request-state-transition", &borrowed).await;
    for target in MOVES {
        let event = GatewayEvent::of(&request_state_transition::ROUTE).claim("roles", json!(["supervisor"]));
        let answer = function.invoke(event.json(&json!({"target_state": target, "reason": "go"})).event()).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
    let request = mean(&function.stop().await, MOVES.len());

    let client = aws_sdk_dynamodb::Client::new(&server.dynamodb());
    let items = client.scan().table_name("WorkflowLog").send().await.unwrap().items.unwrap();
    let mut function = Function::start_and_listen("publish-events", &borrowed).await;
    for item in &items {
        let answer = function.invoke(json!({ "Records": [record(item)] })).await;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    let publish = mean(&function.stop().await, items.len());

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deployment/cost.toml");
    let stated = std::fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    for (name, bytes) in [("request_log_bytes", request), ("publish_log_bytes", publish)] {
        let line = stated.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix("= { value = "));
        let value: f64 = line.and_then(|rest| rest.split([',', ' ']).next()).unwrap().parse().unwrap();
        let measured = f64::from(u32::try_from(bytes).unwrap());
        let close = (value - measured).abs() <= measured.max(100.0) * 0.2;
        if !close {
            wrong.push(format!("{name} = {measured}, not {value}"));
        }
    }
    assert!(wrong.is_empty(), "change deployment/cost.toml, and run cargo xtask cost: {wrong:#?}");
    server.stop().await;
}
