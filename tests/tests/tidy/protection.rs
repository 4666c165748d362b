//! What watches the log's protection: an alarm for a changed item, rules for calls that could lift it, and a trail of
//! every write.

use alims_operations::metrics::LOG_CHANGES;
use serde_json::{Value, json};

use crate::template::{properties, resource, resources};
use crate::workspace::workspace;

#[test]
fn a_change_of_the_log_raises_an_alarm_within_a_minute_under_the_name_that_is_counted() {
    let alarm = properties("LogChangesAlarm");
    assert_eq!((&alarm["MetricName"], &alarm["Threshold"]), (&json!(LOG_CHANGES.name), &json!(0)));
    assert_eq!((&alarm["Period"], &alarm["EvaluationPeriods"]), (&json!(60), &json!(1)));
    assert_eq!(LOG_CHANGES.labels, [""; 0], "a label is one more dimension");
    assert_eq!(alarm["Dimensions"], json!([{"Name": "Stack", "Value": "AWS::StackName"}]));
}

/// The actions that could lift what protects the log, each by the event that AWS CloudTrail makes of it.
#[test]
#[allow(clippy::too_many_lines, reason = "most of it is the table of the calls")]
fn changes_of_the_logs_protection_reach_people_also_when_the_key_is_disabled() {
    let rules = [
        (
            "ProtectionOfTheTableRule",
            vec!["dynamodb"],
            vec![
                "PutResourcePolicy",
                "DeleteResourcePolicy",
                "UpdateTable",
                "UpdateTimeToLive",
                "UpdateContinuousBackups",
                "DeleteTable",
                "DisableKinesisStreamingDestination",
            ],
        ),
        (
            "ProtectionOfTheKeyRule",
            vec!["kms"],
            vec!["ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy", "CancelKeyDeletion", "EnableKey"],
        ),
        (
            "ProtectionOfThePublisherRule",
            vec!["lambda"],
            vec!["UpdateEventSourceMapping", "DeleteEventSourceMapping", "PutFunctionConcurrency"],
        ),
        (
            "ProtectionOfTheBackupsRule",
            vec!["backup"],
            vec![
                "DeleteBackupPlan",
                "DeleteBackupSelection",
                "DeleteBackupVault",
                "DeleteBackupVaultAccessPolicy",
                "DeleteBackupVaultLockConfiguration",
                "DeleteRecoveryPoint",
                "DisassociateRecoveryPoint",
                "PutBackupVaultAccessPolicy",
                "PutBackupVaultLockConfiguration",
                "UpdateBackupPlan",
                "UpdateRecoveryPointLifecycle",
            ],
        ),
        (
            "ProtectionOfTheEvidenceRule",
            vec!["cloudtrail", "s3"],
            vec![
                "DeleteBucketPolicy",
                "DeleteTrail",
                "PutBucketObjectLockConfiguration",
                "PutBucketPolicy",
                "PutEventSelectors",
                "StopLogging",
                "UpdateTrail",
            ],
        ),
    ];
    let runbook = workspace().text("docs/operations.md");
    for (id, services, actions) in rules {
        let rule = properties(id);
        let pattern = &rule["EventPattern"];
        assert_eq!(
            (&pattern["source"], &pattern["detail-type"]),
            (
                &json!(services.iter().map(|service| format!("aws.{service}")).collect::<Vec<_>>()),
                &json!(["AWS API Call via CloudTrail"])
            )
        );
        let sources: Vec<String> = services.iter().map(|service| format!("{service}.amazonaws.com")).collect();
        assert_eq!(pattern["detail"]["eventSource"], json!(sources));
        let watched = pattern["detail"]["eventName"].as_array().unwrap();
        for action in actions {
            // The names of AWS Lambda's calls have a date behind them.
            assert!(watched.iter().any(|name| *name == action || name["prefix"] == action), "{id}: {action}");
        }
        for name in watched.iter().filter_map(Value::as_str) {
            assert!(says(runbook, name), "docs/operations.md does not say why {name} matters");
        }
        assert!(pattern["detail"]["$or"].as_array().is_some_and(|or| or.len() >= 2), "{id} is about one resource");
        assert_eq!(rule["EventBusName"], Value::Null, "{id}: CloudTrail's events are on the default bus");
        let target = &rule["Targets"][0];
        assert_eq!(target["Arn"], "ProtectionChangesQueue.Arn");
        assert_eq!(target["DeadLetterConfig"]["Arn"], "UndeliveredEventsQueue.Arn");
    }
    for queue in ["ProtectionChangesQueuePolicy", "UndeliveredEventsQueuePolicy"] {
        let allowed = &properties(queue)["PolicyDocument"]["Statement"][0]["Condition"];
        let rules: Vec<&str> = rules_of(allowed).into_iter().filter(|rule| rule.starts_with("Protection")).collect();
        assert_eq!(
            rules,
            [
                "ProtectionOfTheBackupsRule.Arn",
                "ProtectionOfTheEvidenceRule.Arn",
                "ProtectionOfTheKeyRule.Arn",
                "ProtectionOfThePublisherRule.Arn",
                "ProtectionOfTheTableRule.Arn"
            ],
            "{queue}"
        );
    }
    let sent = properties("ProtectionChangesAgainAlarm");
    assert_eq!((&sent["MetricName"], &sent["Statistic"]), (&json!("NumberOfMessagesSent"), &json!("Sum")), "each time");
}

/// Whether the runbook names a call, or the end of it behind "…".
fn says(runbook: &str, name: &str) -> bool {
    runbook.contains(&format!("`{name}`"))
        || ["Put", "Delete", "Enable", "Disable", "Update"]
            .iter()
            .any(|verb| name.strip_prefix(verb).is_some_and(|rest| runbook.contains(&format!("`…{rest}`"))))
}

fn rules_of(condition: &Value) -> Vec<&str> {
    // A rule that depends on a condition is the second of three.
    let rules = condition["ArnEquals"]["aws:SourceArn"].as_array().unwrap();
    rules.iter().map(|rule| rule.as_str().or_else(|| rule[1].as_str()).unwrap()).collect()
}

/// Every key that outlives the stack is watched: by its id and by its ARN in a request, by its ARN among the resources.
#[test]
fn changes_of_every_key_are_watched() {
    let or = properties("ProtectionOfTheKeyRule")["EventPattern"]["detail"]["$or"].to_string();
    let keys = resources("AWS::KMS::Key");
    assert!(keys.len() >= 4, "{} keys: this test sees nothing", keys.len());
    for id in keys.into_keys() {
        assert_eq!(or.matches(&format!("\"{id}\"")).count(), 1, "{id}, by its id");
        assert_eq!(or.matches(&format!("\"{id}.Arn\"")).count(), 2, "{id}, by its ARN");
        assert_eq!(resource(id)["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
    }
}

#[test]
fn no_principal_can_remove_an_anchor_before_its_time() {
    for id in ["AnchorBucket", "AnchorBucketPolicy", "AnchorKey", "SigningKey"] {
        assert_eq!(resource(id)["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
    }
    let bucket = properties("AnchorBucket");
    let retention = &bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"];
    assert_eq!(*retention, json!({"Mode": "AnchorLockMode", "Days": "AnchorRetentionDays"}));
    assert_eq!(bucket["ObjectLockEnabled"], true);
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    assert!(bucket["PublicAccessBlockConfiguration"].as_object().unwrap().values().all(|blocked| *blocked == true));
    let signing = properties("SigningKey");
    assert_eq!((&signing["KeySpec"], &signing["KeyUsage"]), (&json!("ECC_NIST_P256"), &json!("SIGN_VERIFY")));
    let statements = properties("AnchorBucketPolicy")["PolicyDocument"]["Statement"].as_array().unwrap().clone();
    let denied = &statements[1];
    assert_eq!((&denied["Effect"], &denied["Principal"]), (&json!("Deny"), &json!("*")));
    for action in ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"] {
        assert!(denied["Action"].as_array().unwrap().contains(&json!(action)), "{denied}");
    }
    // Who weakens the lock for anchors to come is seen, with and without the stack's own trail.
    let evidence = resource("ProtectionOfTheEvidenceRule");
    assert_eq!(evidence["Condition"], Value::Null);
    let pattern = &evidence["Properties"]["EventPattern"]["detail"]["$or"];
    assert!(pattern.to_string().contains("\"AnchorBucket\""), "{pattern}");
    // The function adds anchors. It may say nothing about how long one is locked.
    let role = properties("AnchorHeadsRole").to_string();
    assert!(role.contains("s3:PutObject") && !role.contains("Retention") && !role.contains("Delete"), "{role}");
}

#[test]
fn the_audit_trail_records_every_write_to_the_log_where_no_principal_can_delete_it() {
    for id in ["AuditTrailBucket", "AuditTrailBucketPolicy", "AuditTrailKey", "LogTrail"] {
        assert_eq!(resource(id)["Condition"], "HasAuditTrail", "{id}");
    }
    for id in ["AuditTrailBucket", "AuditTrailBucketPolicy"] {
        assert_eq!(resource(id)["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
    }
    let bucket = properties("AuditTrailBucket");
    assert_eq!(bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"], "COMPLIANCE");
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    assert!(bucket["PublicAccessBlockConfiguration"].as_object().unwrap().values().all(|blocked| *blocked == true));
    let trail = properties("LogTrail");
    assert_eq!((&trail["EnableLogFileValidation"], &trail["IsLogging"]), (&json!(true), &json!(true)));
    assert_eq!(trail["KMSKeyId"], "AuditTrailKey.Arn", "not the key that the trail is to watch");
    let encrypted = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(encrypted["ServerSideEncryptionByDefault"]["KMSMasterKeyID"], "AuditTrailKey.Arn");
    let statements = &properties("AuditTrailKey")["KeyPolicy"]["Statement"].to_string();
    assert!(statements.contains("cloudtrail.amazonaws.com"), "{statements}");
    assert!(!properties("DataKey")["KeyPolicy"].to_string().contains("cloudtrail"));
    let selected =
        |number: usize| trail["AdvancedEventSelectors"][number]["FieldSelectors"].as_array().unwrap().clone();
    let equals = |field: &str, value: &str| json!({"Field": field, "Equals": [value]});
    let writes = [("eventCategory", "Data"), ("resources.type", "AWS::DynamoDB::Table"), ("readOnly", "false")];
    assert_eq!(selected(0)[..3], writes.map(|(field, value)| equals(field, value)));
    let table = &selected(0)[3];
    assert_eq!(table["Field"], "resources.ARN");
    assert_eq!(table["Equals"][0][2], "LogTable.Arn", "or the restored one");
    assert_eq!(
        selected(1),
        [equals("eventCategory", "Management"), equals("readOnly", "false")],
        "the rules need them"
    );
}
