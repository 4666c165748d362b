//! The bucket keeps the contract of a store of exports: the real SDK against a small server that answers as Amazon S3.

use alims_export::{REQUEST_TIMEOUT, S3Exports};
use alims_operations::ports::{ExportDocument, ExportPlace, ExportStore, ExportUpload, StoreError};
use alims_testing::builders::at;
use alims_testing::contract::exports::ExportsStage;
use aws_config::{BehaviorVersion, Region};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::made::of_everything;

/// What the bucket holds, and the parts of uploads that are not complete.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
}

type Answer = (StatusCode, [(HeaderName, String); 1], Vec<u8>);

fn answered(status: StatusCode, tag: &str, body: Vec<u8>) -> Answer {
    (status, [(HeaderName::from_static("etag"), tag.to_owned())], body)
}

fn error(status: StatusCode, code: &str) -> Answer {
    answered(status, "", format!("<Error><Code>{code}</Code><Message>no</Message></Error>").into_bytes())
}

fn value(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

async fn answer(
    State(bucket): State<Arc<Mutex<Bucket>>>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (mut bucket, query) = (bucket.lock().unwrap(), query.unwrap_or_default());
    let key = uri.path().strip_prefix("/bucket/").unwrap().to_owned();
    if key.contains("/refused/") {
        return error(StatusCode::FORBIDDEN, "AccessDenied");
    }
    if key.contains("/busy/") {
        return error(StatusCode::CONFLICT, "ConditionalRequestConflict");
    }
    let upload = value(&query, "uploadId");
    match (method.as_str(), upload) {
        ("GET", _) => match bucket.objects.get(&key) {
            Some(bytes) => answered(StatusCode::OK, "", bytes.clone()),
            None => error(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        ("POST", None) => {
            let id = format!("upload-{}", bucket.uploads.len());
            bucket.uploads.insert(id.clone(), BTreeMap::new());
            let xml =
                format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
            answered(StatusCode::OK, "", xml.into_bytes())
        }
        ("PUT", Some(id)) => {
            let number: u32 = value(&query, "partNumber").unwrap().parse().unwrap();
            bucket.uploads.get_mut(&id).unwrap().insert(number, body.to_vec());
            answered(StatusCode::OK, &format!("\"{number}\""), Vec::new())
        }
        ("POST", Some(id)) => {
            let parts = bucket.uploads.remove(&id).unwrap();
            let told = String::from_utf8_lossy(&body).matches("<PartNumber>").count();
            // As the quotas of Amazon S3: all parts but the last have 5 MiB at least.
            let small = parts.values().rev().skip(1).any(|part| part.len() < 5 * 1024 * 1024);
            assert!(told == parts.len() && !small, "{told} parts");
            bucket.objects.insert(key, parts.into_values().flatten().collect());
            answered(StatusCode::OK, "", b"<CompleteMultipartUploadResult/>".to_vec())
        }
        ("PUT", None) => {
            if headers.get("if-none-match").is_some_and(|tag| tag == "*") && bucket.objects.contains_key(&key) {
                return error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
            }
            bucket.objects.insert(key, body.to_vec());
            answered(StatusCode::OK, "\"1\"", Vec::new())
        }
        (other, _) => panic!("{other} {key}?{query}"),
    }
}

/// A bucket of a small server.
struct InABucket(S3Exports);

async fn a_bucket() -> InABucket {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(answer).layer(DefaultBodyLimit::disable());
    let service = service.with_state(Arc::<Mutex<Bucket>>::default());
    tokio::spawn(async move { axum::serve(listener, service).await });
    let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::from_static("eu-central-1"));
    let config = config.test_credentials().endpoint_url(url).load().await;
    InABucket(S3Exports::new(&config, "bucket", REQUEST_TIMEOUT * 10))
}

impl ExportsStage for InABucket {
    fn store(&self) -> &impl ExportStore {
        &self.0
    }

    async fn archive_of(&self, place: &ExportPlace) -> Option<Vec<u8>> {
        let link = self.0.link(place, at(0), 300).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(link.url).send().await.unwrap().error_for_status().ok()?;
        Some(answer.bytes().await.unwrap().to_vec())
    }
}

alims_testing::exports_contract!(a_bucket().await);

#[tokio::test]
async fn an_address_is_signed_ends_when_it_was_asked_to_and_names_the_file() {
    let bucket = a_bucket().await;
    let place = ExportPlace::of(&of_everything());
    let url = bucket.0.link(&place, at(0), 300).await.unwrap().url;
    for told in
        ["X-Amz-Expires=300", "X-Amz-Signature=", "X-Amz-Date=20261123T081500Z", "response-content-disposition="]
    {
        assert!(url.contains(told), "{told}: {url}");
    }
    assert!(url.contains(&format!("/exports/default/{}/archive.zip?", place.export_id)), "{url}");
}

#[tokio::test]
async fn what_passes_is_told_from_what_an_operator_has_to_correct() {
    let bucket = a_bucket().await;
    let of = |tenant: &str| ExportPlace { tenant_id: tenant.parse().unwrap(), ..ExportPlace::of(&of_everything()) };
    let refused = bucket.0.keep(&of("refused"), ExportDocument::Job, Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    let busy = bucket.0.keep(&of("busy"), ExportDocument::Job, Vec::new()).await;
    assert!(matches!(busy, Err(StoreError::Unavailable(_))), "{busy:?}");
    let mut upload = bucket.0.archive(&of("refused")).await.unwrap();
    upload.write(b"an archive".to_vec()).await.unwrap();
    assert!(matches!(upload.finish().await, Err(StoreError::Refused(_))));
}
