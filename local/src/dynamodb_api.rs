//! The HTTP API of DynamoDB over dynoxide's database, for requests that may use it.
//!
//! Dynoxide brings an HTTP server, which cannot be told to refuse anybody: it allows every web page to call it. So this
//! one calls the database itself.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use dynoxide::{Database, DynoxideError};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use crate::access_key::{AccessKey, KeyRefused};
use crate::guard::{Foreign, Guard};

/// The largest request, in bytes, as DynamoDB has it.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How the names of the operations begin in the header `X-Amz-Target`: those of tables and those of streams.
const SERVICES: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];

/// Every path of the port: the protocol names the operation in a header.
pub(crate) fn router(database: Database, guard: &Guard, key: &AccessKey) -> Router {
    let routes = Router::new()
        .fallback(
            async move |method: Method, headers: HeaderMap, body: String| {
                if method == Method::POST { called(&database, &headers, &body) } else { unknown() }
            },
        )
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    guard.before(key.before(routes, refused), foreign)
}

fn called(database: &Database, headers: &HeaderMap, body: &str) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let Some(operation) = SERVICES.iter().find_map(|service| target.strip_prefix(service)) else { return unknown() };
    match answer(database, operation, body) {
        Some(Ok(answer)) => rendered(StatusCode::OK, answer),
        Some(Err(error)) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            if status.is_server_error() {
                tracing::error!(operation, %error, "the embedded database failed");
            }
            rendered(status, error.to_json())
        }
        None => unknown(),
    }
}

/// Calls the method that is named like the operation; none when there is none.
macro_rules! call {
    ($database:expr, $operation:expr, $body:expr, $($name:literal => $method:ident,)+) => {
        match $operation {
            $($name => Some(read($body).and_then(|request| written(&$database.$method(request)?))),)+
            _ => None,
        }
    };
}

fn answer(database: &Database, operation: &str, body: &str) -> Option<Result<String, DynoxideError>> {
    call!(database, operation, body,
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "ListTagsOfResource" => list_tags_of_resource,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TagResource" => tag_resource,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UntagResource" => untag_resource,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    )
}

/// A request that an SDK made can be read; the others learn where they go wrong.
fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| {
        let text = error.to_string();
        // The readers of some values mark what kind of error DynamoDB makes of it, as `VALIDATION:` at the beginning.
        match text.split_once(':').filter(|(mark, _)| mark.starts_with("VALIDATION")) {
            Some((_, text)) => DynoxideError::ValidationException(text.to_owned()),
            None => DynoxideError::SerializationException(text),
        }
    })
}

fn written<T: serde::Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn rendered(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}

fn unknown() -> Response {
    rendered(
        StatusCode::BAD_REQUEST,
        json!({"__type": "com.amazon.coral.service#UnknownOperationException"}).to_string(),
    )
}

fn refused(why: KeyRefused) -> Response {
    let (code, message) = why.as_aws();
    rendered(
        StatusCode::BAD_REQUEST,
        json!({"__type": format!("com.amazon.coral.service#{code}"), "message": message}).to_string(),
    )
}

fn foreign(why: Foreign) -> Response {
    let (status, message) = why.as_aws();
    let body = json!({"__type": "com.amazon.coral.service#AccessDeniedException", "message": message});
    rendered(status, body.to_string())
}
