//! Both places over what the port promises: the bucket by the real SDK against a small server that answers as Amazon S3.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect must fail"
)]

use alims_anchors::{Anchors, FolderAnchors, S3Anchors};
use alims_domain::identifiers::TenantId;
use alims_operations::ports::{AnchorStore, Kept, StoreError};
use aws_config::{BehaviorVersion, Region};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

fn error(status: StatusCode, code: &str) -> (StatusCode, Vec<u8>) {
    (status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>").into_bytes())
}

/// A page of two keys, or of all folders.
fn listed(objects: &BTreeMap<String, Vec<u8>>, query: &str) -> (StatusCode, Vec<u8>) {
    let value = |name: &str| {
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.replace("%2F", "/"))
    };
    let prefix = value("prefix").unwrap();
    let after = value("continuation-token").unwrap_or_default();
    let keys: Vec<&String> = objects.keys().filter(|key| key.starts_with(&prefix)).collect();
    let body = if value("delimiter").is_some() {
        let mut folders: Vec<String> =
            keys.iter().map(|key| format!("{prefix}{}/", key[prefix.len()..].split('/').next().unwrap())).collect();
        folders.dedup();
        folders.iter().map(|folder| format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>")).collect()
    } else {
        let left: Vec<&&String> = keys.iter().filter(|key| ***key > after).collect();
        let page: String = left.iter().take(2).map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
        let next = left.get(1).filter(|_| left.len() > 2);
        page + &next.map(|key| format!("<NextContinuationToken>{key}</NextContinuationToken>")).unwrap_or_default()
    };
    (StatusCode::OK, format!("<ListBucketResult>{body}</ListBucketResult>").into_bytes())
}

async fn answer(
    State(objects): State<Objects>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let mut objects = objects.lock().unwrap();
    let key = uri.path().strip_prefix("/bucket").unwrap().trim_start_matches('/').to_owned();
    if method == Method::GET && key.is_empty() {
        return listed(&objects, &query.unwrap());
    }
    if method == Method::GET {
        return objects
            .get(&key)
            .map_or_else(|| error(StatusCode::NOT_FOUND, "NoSuchKey"), |bytes| (StatusCode::OK, bytes.clone()));
    }
    assert_eq!((method, &headers["if-none-match"]), (Method::PUT, &"*".parse().unwrap()));
    // A bucket with Object Lock takes no object without a checksum.
    assert!(headers.keys().any(|name| name.as_str().starts_with("x-amz-checksum-")), "{headers:?}");
    if key.contains("/refused/") {
        return error(StatusCode::FORBIDDEN, "AccessDenied");
    }
    if key.contains("/busy/") {
        return error(StatusCode::CONFLICT, "ConditionalRequestConflict");
    }
    if objects.contains_key(&key) {
        return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
    }
    objects.insert(key, body.to_vec());
    (StatusCode::OK, Vec::new())
}

async fn a_bucket() -> Anchors {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(answer).with_state(Objects::default());
    tokio::spawn(async move { axum::serve(listener, service).await });
    let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::from_static("eu-central-1"));
    Anchors::S3(S3Anchors::new(&config.test_credentials().endpoint_url(url).load().await, "bucket"))
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

async fn keeps_its_promises(anchors: Anchors) {
    let (lab, other) = (tenant("lab"), tenant("lab-2"));
    assert_eq!((anchors.newest(&lab).await.unwrap(), anchors.get(&lab, 1).await.unwrap()), (None, None));
    assert_eq!(anchors.tenants().await.unwrap(), []);
    for number in 1..=5 {
        assert_eq!(anchors.put_new(&lab, number, vec![b'0'; 70_000]).await.unwrap(), Kept::Now);
    }
    assert_eq!(anchors.put_new(&lab, 3, b"another".to_vec()).await.unwrap(), Kept::Already);
    assert_eq!(anchors.get(&lab, 3).await.unwrap(), Some(vec![b'0'; 70_000]), "the first one stays");
    // A gap hides no later one.
    assert_eq!(anchors.put_new(&other, 12, b"twelve".to_vec()).await.unwrap(), Kept::Now);
    let newest = (anchors.newest(&lab).await.unwrap(), anchors.newest(&other).await.unwrap());
    assert_eq!(newest, (Some(5), Some(12)));
    assert_eq!(
        (anchors.get(&other, 1).await.unwrap(), anchors.get(&other, 12).await.unwrap()),
        (None, Some(b"twelve".to_vec()))
    );
    // In any order: Amazon S3 sorts `lab-2/` before `lab/`.
    let mut tenants = anchors.tenants().await.unwrap();
    tenants.sort_unstable();
    assert_eq!(tenants, [lab, other]);
}

#[tokio::test]
async fn a_folder_keeps_each_anchor_once() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(Anchors::Folder(FolderAnchors::new(folder.path().join("anchors")))).await;
    let left: Vec<_> = std::fs::read_dir(folder.path().join("anchors/lab")).unwrap().collect();
    assert_eq!(left.len(), 5, "nothing half done is left: {left:?}");
}

#[tokio::test]
async fn a_bucket_keeps_each_anchor_once() {
    keeps_its_promises(a_bucket().await).await;
}

#[tokio::test]
async fn what_passes_is_told_from_what_an_operator_has_to_correct() {
    let bucket = a_bucket().await;
    let refused = bucket.put_new(&tenant("refused"), 1, Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    let busy = bucket.put_new(&tenant("busy"), 1, Vec::new()).await;
    assert!(matches!(busy, Err(StoreError::Unavailable(_))), "{busy:?}");
}

#[tokio::test]
async fn a_file_in_the_place_of_a_folder_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lab"), "a file").unwrap();
    let anchors = FolderAnchors::new(folder.path().to_owned());
    anchors.put_new(&tenant("lab"), 1, b"one".to_vec()).await.unwrap_err();
    anchors.newest(&tenant("lab")).await.unwrap_err();
    assert_eq!(std::fs::read_to_string(folder.path().join("lab")).unwrap(), "a file");
}
