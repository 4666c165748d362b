//! export-records over HTTP: who may, of what, and the archive that comes of it.

use alims_domain::hashing::ChainHash;
use reqwest::Method;
use serde_json::{Value, json};
use std::process::Command;

use crate::lab::{Answer, Lab, Person, client};

/// The bytes behind an address that needs no token.
pub(crate) async fn downloaded(export: &Value) -> Vec<u8> {
    let url = export["download_url"].as_str().expect("an address");
    let answer = client().get(url).send().await.expect("an answer").error_for_status().expect("the archive");
    assert_eq!(answer.headers()["content-type"], "application/zip");
    answer.bytes().await.expect("the archive").to_vec()
}

/// What the program in the archive says of it.
pub(crate) fn verified(archive: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("export.zip");
    std::fs::write(&zip, archive).unwrap();
    let unpacked = folder.path().join("unpacked");
    let python = |arguments: &[&std::ffi::OsStr]| {
        let output = Command::new("python3").args(arguments).output().expect("this test needs the program python3");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(python(&["-m".as_ref(), "zipfile".as_ref(), "-e".as_ref(), zip.as_ref(), unpacked.as_ref()]).0);
    let (sound, told) = python(&[unpacked.join("verify.py").as_ref()]);
    assert!(sound, "{told}");
    told
}

/// An export that is asked for with an idempotency key.
pub(crate) async fn once(person: &Person, body: &Value, key: &str) -> Answer {
    Answer::to(person.request(Method::POST, "/exports").header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn an_auditor_exports_a_workflow_and_downloads_the_archive() {
    let lab = Lab::open().await;
    let alice = lab.person("alice", &["analyst"]);
    alice.at("wf-1", &["ACTIVE"]).await;
    alice.go("wf-1", "CREATED").await.refused(409, "invalid-transition");
    let ada = lab.person("ada", &["auditor"]);
    let answer = ada.post("/exports", &json!({"workflow_id": "wf-1", "reason": "Inspection."})).await;
    let location = answer.header("location").to_owned();
    let export = answer.expect(201);
    assert_eq!((&export["status"], &export["entries"]), (&"COMPLETED".into(), &3.into()), "{export}");
    assert_eq!(location, format!("/exports/{}", export["export_id"].as_str().unwrap()));
    let archive = downloaded(&export).await;
    assert_eq!(export["bytes"], json!(archive.len()));
    assert_eq!(export["sha256"], json!(ChainHash::of(&archive)));
    assert!(verified(&archive).contains("3 records of 1 workflows, and 2 links"));
    assert_eq!(ada.get(&location).await.expect(200)["sha256"], export["sha256"]);
    let listed = ada.pages("/activity?kind=RecordsExported").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let entry = &listed[0]["entry"];
    assert_eq!((&entry["requested_by"], &entry["details"]["entries"]), (&json!("ada"), &json!(3)));
    assert_eq!(entry["details"]["workflow_ids"], json!(["wf-1"]));
}

#[tokio::test]
async fn an_address_of_an_archive_works_as_it_was_given_out_and_no_other() {
    let lab = Lab::open().await;
    lab.person("alice", &["analyst"]).create("wf-1").await.expect(201);
    let export = lab.person("ada", &["auditor"]).post("/exports", &json!({"workflow_id": "wf-1"})).await.expect(201);
    let url = export["download_url"].as_str().expect("an address");
    let (path, query) = url.split_once('?').unwrap();
    let other = export["export_id"].as_str().unwrap().replace(['0', '1'], "2");
    let odd = [
        path.to_owned(),
        format!("{url}0"),
        format!("{url}&more=1"),
        url.replace("until=", "until=9"),
        format!("{path}?until=x&signature=x"),
        format!("{path}?signature=é&until=1"),
        url.replace("/default/", "/other/"),
        url.replace(export["export_id"].as_str().unwrap(), &other),
        url.replace(".zip", ""),
        format!("{}?{query}", path.replace("/default/", "/..%2f../")),
    ];
    for odd in odd {
        assert_eq!(client().get(&odd).send().await.expect("an answer").status(), 403, "{odd}");
    }
    // A restarted server has another key: the export gets another address.
    let lab = lab.restarted().await;
    let ada = lab.person("ada", &["auditor"]);
    let export = ada.get(&format!("/exports/{}", export["export_id"].as_str().unwrap())).await.expect(200);
    assert_eq!(export["bytes"], json!(downloaded(&export).await.len()));
}

#[tokio::test]
async fn an_archive_that_was_cut_or_removed_on_the_disk_is_not_given_out() {
    let lab = Lab::open().await;
    lab.person("alice", &["analyst"]).create("wf-1").await.expect(201);
    let export = lab.person("ada", &["auditor"]).post("/exports", &json!({"workflow_id": "wf-1"})).await.expect(201);
    let archive =
        lab.data.path().join("exports/default").join(export["export_id"].as_str().unwrap()).join("archive.zip");
    let whole = std::fs::read(&archive).unwrap();
    assert_eq!(downloaded(&export).await, whole);
    std::fs::write(&archive, &whole[..whole.len() - 1]).unwrap();
    for _cut_then_gone in 0..2 {
        let answer = client().get(export["download_url"].as_str().unwrap()).send().await.expect("an answer");
        assert_eq!(answer.status(), 410);
        assert!(answer.text().await.unwrap().contains("Export the records again."));
        let _ = std::fs::remove_file(&archive);
    }
}

#[tokio::test]
async fn others_and_other_tenants_export_and_find_nothing() {
    let lab = Lab::open().await;
    lab.person("alice", &["analyst"]).create("wf-1").await.expect(201);
    let ada = lab.person("ada", &["auditor"]);
    let export = ada.post("/exports", &json!({"workflow_id": "wf-1"})).await.expect(201);
    let path = format!("/exports/{}", export["export_id"].as_str().unwrap());
    let olga = lab.person_of("other", "olga", &["auditor"]);
    olga.get(&path).await.refused(404, "export-not-found");
    olga.post("/exports", &json!({"workflow_id": "wf-1"})).await.refused(404, "workflow-not-found");
    for odd in ["/exports/x", "/exports/019AB000-0000-7000-8000-000000000042", "/exports/..%2f..%2fkey"] {
        ada.get(odd).await.refused(404, "export-not-found");
    }
    for role in ["viewer", "analyst"] {
        let bob = lab.person("bob", &[role]);
        bob.post("/exports", &json!({"workflow_id": "wf-1"})).await.refused(403, "forbidden");
        bob.get(&path).await.refused(403, "forbidden");
    }
    lab.person("sue", &["supervisor"]).get(&path).await.expect(200);
    let nothing = json!({"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"});
    ada.post("/exports", &nothing).await.refused(422, "nothing-to-export");
    // Within the request: the centuries before the first entry are not walked through day by day.
    let centuries = json!({"from": "0001-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"});
    ada.post("/exports", &centuries).await.refused(422, "nothing-to-export");
    for odd in [json!({}), json!({"workflow_id": "wf-1", "from": "2020-01-01T00:00:00Z"}), json!({"workflow_id": 1})] {
        ada.post("/exports", &odd).await.refused(400, "malformed-request");
    }
    assert_eq!(ada.pages("/activity?kind=RecordsExported").await.len(), 1);
}
