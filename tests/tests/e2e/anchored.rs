//! Anchors of a deployed log: runs after all else, because it writes to the log past the service. The emulator does not
//! know what the bucket locks by default.

use alims_anchors::S3Anchors;
use alims_domain::identifiers::TenantId;
use alims_domain::lifecycle::State;
use alims_dynamodb::DynamoLog;
use alims_operations::ports::{Signer, WorkflowLog};
use alims_operations::verify_anchors::{Ports, VerifiedAnchors, verify_anchors};
use alims_signing::{EcdsaCheck, KmsKey};
use alims_testing::builders::{a_created_of, a_key_of, a_move};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use std::ops::ControlFlow;

use crate::world::{WORLD, aws, cli};

fn anchor(payload: &str) {
    let alias = WORLD.resource("AnchorHeadsFunctionAliaslive");
    let answer = cli(&["lambda", "invoke", "--function-name", alias, "--payload", payload, "/dev/null"]);
    assert_eq!(answer["FunctionError"], Value::Null, "{answer}");
}

async fn verified(tenant: &TenantId, log: &DynamoLog) -> VerifiedAnchors {
    let config = aws().await;
    let anchors = S3Anchors::new(&config, WORLD.output("AnchorBucketName"));
    let key = KmsKey::new(&config, WORLD.output("SigningKeyArn")).public_key().await.unwrap();
    let ports = Ports { log: log.clone(), anchors, check: EcdsaCheck };
    verify_anchors(&ports, tenant, &[key], None, |_| ControlFlow::Continue(())).await.unwrap()
}

#[tokio::test]
async fn anchors_are_signed_by_the_key_of_the_stack_and_find_a_cut_end() {
    let client = Client::new(&aws().await);
    let log = DynamoLog::new(client.clone(), WORLD.output("LogTableName"));
    let tenant: TenantId = "anchored".parse().unwrap();
    // Old enough for an anchor, as nothing is that this run did through the API.
    let created = a_created_of(&a_key_of(&tenant, "cut"));
    for version in [&created, &a_move(&created, State::Active)] {
        log.append(version).await.unwrap();
    }
    anchor(r#"{"tenant_ids": ["anchored"]}"#);
    // The daily run knows the tenant by its first anchor.
    anchor("{}");
    let sound = verified(&tenant, &log).await;
    assert_eq!((sound.newest, sound.entries, &sound.findings), (2, 2, &Vec::new()), "{sound:?}");

    let key = [("pk", "anchored#cut"), ("entry", "v#0000000002")];
    let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned()))).into();
    client.delete_item().table_name(WORLD.output("LogTableName")).set_key(Some(key)).send().await.unwrap();
    let cut = verified(&tenant, &log).await;
    let faults: Vec<&str> = cut.findings.iter().map(alims_domain::anchor::Finding::fault).collect();
    assert_eq!((cut.entries, faults), (1, vec!["end-cut"]));
}
