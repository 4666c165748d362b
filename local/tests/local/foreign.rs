//! What a web page of another origin, and a program without the key, get from each port: nothing.

use alims_local::{Config, RulesEngine};
use serde_json::json;
use std::net::SocketAddr;

use crate::raw::{address_of, request};
use crate::site::Site;

/// The database's and the bus's ports, with a request that each of them answers.
fn ports(site: &Site) -> [(SocketAddr, &'static str, &'static str); 2] {
    let address = |config: aws_types::SdkConfig| address_of(config.endpoint_url().unwrap());
    let put = r#"{"Entries": [{"Source": "s", "DetailType": "t", "Detail": "{}"}]}"#;
    [
        (address(site.server.dynamodb()), "DynamoDB_20120810.ListTables", "{}"),
        (address(site.server.eventbridge()), "AWSEvents.PutEvents", put),
    ]
}

fn authorization(key: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential={key}/20261128/local/any/aws4_request, SignedHeaders=host, Signature=00")
}

#[tokio::test]
async fn a_foreign_page_is_refused_on_every_port_whatever_it_knows() {
    let site = Site::open().await;
    let engine = RulesEngine::start(0, &Config::new(site.data.path()).policies.with_file_name("rules")).await.unwrap();
    let token =
        format!("Bearer {}", site.server.token(&crate::site::request("alice", "default", &["analyst"])).unwrap());
    let key = authorization(site.server.access_key().id());
    let [(database, list, _), (bus, put, _)] = ports(&site);
    for (address, path, target, authorization) in [
        (site.server.address(), "/workflows", "", &token),
        (site.server.address(), "/events", "", &token),
        (site.server.address(), "/openapi.json", "", &token),
        (site.server.address(), "/nothing", "", &token),
        (database, "/", list, &key),
        (bus, "/", put, &key),
        (engine.address(), "/nothing", "", &key),
    ] {
        let own = address.to_string();
        let own_origin = format!("http://{own}");
        for method in ["GET", "POST", "OPTIONS", "PUT"] {
            for (host, origin, status) in [
                ("evil.example", None, "421"),
                (&*format!("evil.example:{}", address.port()), Some("http://evil.example"), "421"),
                ("0.0.0.0", None, "421"),
                (&own, Some("http://evil.example"), "403"),
                (&own, Some("null"), "403"),
                (&own, Some("http://localhost:5173"), "403"),
            ] {
                let mut headers = vec![("host", host), ("authorization", authorization), ("x-amz-target", target)];
                headers.extend([("access-control-request-method", "POST"), ("content-type", "application/json")]);
                headers.extend(origin.map(|origin| ("origin", origin)));
                let answer = request(address, &format!("{method} {path}"), &headers, "{}").await;
                let asked = format!("{method} {path} of {address} as {host} from {origin:?}: {answer}");
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{asked}");
                assert!(!answer.to_lowercase().contains("access-control-allow"), "{asked}");
            }
            for (host, origin) in
                [(&own, None), (&own, Some(&own_origin)), (&format!("localhost:{}", address.port()), None)]
            {
                let mut headers = vec![("host", &**host), ("authorization", authorization), ("x-amz-target", target)];
                headers.extend(origin.map(|origin| ("origin", &**origin)));
                // An open stream of events has no end.
                let path = path.replace("/events", "/events?after=x");
                let answer = request(address, &format!("{method} {path}"), &headers, "{}").await;
                let status = &answer[9..12];
                assert!(!["421", "403"].contains(&status), "{method} {path} as {host} from {origin:?}: {answer}");
            }
        }
    }
    engine.stop().await;
    let tables = aws_sdk_dynamodb::Client::new(&site.server.dynamodb()).list_tables().send().await.unwrap();
    assert_eq!(tables.table_names(), ["WorkflowIndex", "WorkflowLog"]);
}

#[tokio::test]
async fn the_database_and_the_bus_want_the_key_that_the_server_made() {
    let site = Site::open().await;
    let key = site.server.access_key().id().to_owned();
    for (address, target, body) in ports(&site) {
        let own = address.to_string();
        for (header, status, code) in [
            (None, "400", "MissingAuthenticationTokenException"),
            (Some("Bearer x".to_owned()), "400", "MissingAuthenticationTokenException"),
            (Some(authorization("local")), "400", "UnrecognizedClientException"),
            (Some(authorization("AKIAIOSFODNN7EXAMPLE")), "400", "UnrecognizedClientException"),
            (Some(authorization(&key[1..])), "400", "UnrecognizedClientException"),
            (Some(authorization(&key)), "200", ""),
        ] {
            let mut headers =
                vec![("host", &*own), ("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
            headers.extend(header.as_deref().map(|header| ("authorization", header)));
            let answer = request(address, "POST /", &headers, body).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{header:?}: {answer}");
            assert!(answer.contains(code), "{header:?}: {answer}");
            assert!(!answer.contains(&key), "{answer}");
        }
        let looked = request(address, "GET /", &[("host", &own)], "").await;
        assert!(looked.starts_with("HTTP/1.1 400 "), "{looked}");
    }
}

#[tokio::test]
async fn a_host_that_the_configuration_names_is_allowed_on_every_port() {
    let site = Site::on(tempfile::tempdir().unwrap(), |config| {
        config.allowed_hosts = ["host.docker.internal", "172.17.0.1"].map(str::to_owned).to_vec();
    })
    .await;
    let key = authorization(site.server.access_key().id());
    for host in ["host.docker.internal:8000", "172.17.0.1:8000", "127.0.0.1:8000"] {
        for (address, target, body) in ports(&site) {
            let headers = [("host", host), ("x-amz-target", target), ("authorization", &key)];
            let answer = request(address, "POST /", &headers, body).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
        }
        let health = request(site.server.address(), "GET /health", &[("host", host)], "").await;
        assert!(health.starts_with("HTTP/1.1 200 "), "{host}: {health}");
    }
}

#[tokio::test]
async fn a_refused_page_of_the_service_gets_a_problem_that_says_what_to_do() {
    let site = Site::open().await;
    let own = site.server.address().to_string();
    for (headers, code) in [
        (vec![("host", "evil.example")], "foreign-host"),
        (vec![("host", &*own), ("origin", "http://evil.example")], "foreign-origin"),
    ] {
        let answer = request(site.server.address(), "GET /health", &headers, "").await;
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["code"], json!(code));
    }
}
