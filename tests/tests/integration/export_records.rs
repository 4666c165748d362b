//! export-records over HTTP: who may, of what, and the archive that comes of it.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn an_auditor_exports_a_workflow_and_downloads_the_archive() {
    let lab = Lab::open().await;
    let alice = lab.person("alice", &["analyst"]);
    let created = alice.post("/workflows", &json!({"workflow_type": "free-form", "workflow_id": "wf-1"})).await;
    created.expect(201);
    let ada = lab.person("ada", &["auditor"]);
    let export = ada.post("/exports", &json!({"workflow_id": "wf-1", "reason": "Inspection."})).await.expect(201);
    assert_eq!((&export["status"], &export["entries"]), (&"COMPLETED".into(), &1.into()), "{export}");
    let url = export["download_url"].as_str().expect("an address");
    let archive = reqwest::get(url).await.expect("an answer").error_for_status().expect("the archive");
    let archive = archive.bytes().await.expect("the archive");
    assert_eq!(Some(u64::try_from(archive.len()).unwrap()), export["bytes"].as_u64());
    let longer = url.replace("until=", "until=9");
    for odd in [longer.as_str(), url.split('?').next().unwrap(), &format!("{url}0")] {
        assert_eq!(reqwest::get(odd).await.expect("an answer").status(), 403, "{odd}");
    }
    let listed = ada.pages("/activity?kind=RecordsExported").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let path = format!("/exports/{}", export["export_id"].as_str().unwrap());
    assert_eq!(ada.get(&path).await.expect(200)["sha256"], export["sha256"]);
    let olga = lab.person_of("other", "olga", &["auditor"]);
    assert_eq!(olga.get(&path).await.expect(404)["code"], "export-not-found");
    assert_eq!(olga.post("/exports", &json!({"workflow_id": "wf-1"})).await.expect(404)["code"], "workflow-not-found");
    for role in ["viewer", "analyst"] {
        lab.person("bob", &[role]).post("/exports", &json!({"workflow_id": "wf-1"})).await.expect(403);
        lab.person("bob", &[role]).get(&path).await.expect(403);
    }
    let nothing = json!({"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"});
    assert_eq!(ada.post("/exports", &nothing).await.expect(422)["code"], "nothing-to-export");
}
