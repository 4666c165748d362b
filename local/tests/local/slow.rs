//! Clients that send slowly, or nothing more: they are ended, and no other waits for them.

use alims_local::{BODY_BYTES_MAX, Config, Patience};
use std::net::SocketAddr;
use std::time::Duration;

use crate::raw::{Raw, address_of};
use crate::site::Site;

/// Longer than any test: what ends within it, ends for another reason.
const FOR_EVER: Duration = Duration::from_secs(24 * 60 * 60);

fn patient(config: &mut Config) {
    config.patience = Patience { head: FOR_EVER, body: FOR_EVER, answer: FOR_EVER, ..Patience::default() };
}

fn impatient(config: &mut Config) {
    let short = Duration::from_millis(200);
    config.patience = Patience { head: short, body: short, answer: FOR_EVER, ..Patience::default() };
}

/// The ports of the service, of the database and of the bus.
fn addresses(site: &Site) -> [SocketAddr; 3] {
    let address = |config: aws_types::SdkConfig| address_of(config.endpoint_url().unwrap());
    [site.server.address(), address(site.server.dynamodb()), address(site.server.eventbridge())]
}

/// The head of a request that each of the ports reads the body of.
fn head(site: &Site, length: &str) -> [String; 3] {
    let token = site.server.token(&crate::site::request("alice", "default", &["analyst"])).unwrap();
    let key = format!("AWS4-HMAC-SHA256 Credential={}/", site.server.access_key().id());
    let of = |path: &str, authorization: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n\
             content-type: application/json\r\n{length}\r\n\r\n"
        )
    };
    [of("/workflows", &format!("Bearer {token}")), of("/", &key), of("/", &key)]
}

#[tokio::test]
async fn slow_requests_make_no_other_wait() {
    let site = Site::on(tempfile::tempdir().unwrap(), patient).await;
    let addresses = addresses(&site);
    let mut slow = Vec::new();
    // Three large ones that have sent most of what they announced, or announced nothing.
    for length in [format!("content-length: {BODY_BYTES_MAX}"), "transfer-encoding: chunked".to_owned()] {
        for _ in 0..3 {
            let mut raw = Raw::connect(addresses[0]).await;
            raw.send(head(&site, &length)[0].as_bytes()).await;
            raw.send(if length.starts_with('t') { b"7FFFFF\r\n{".as_slice() } else { b"{" }).await;
            raw.send(&vec![b' '; 5 * 1024 * 1024]).await;
            slow.push(raw);
        }
    }
    // More small ones than requests are worked on at once, and requests without an end.
    for _ in 0..140 {
        let mut raw = Raw::connect(addresses[0]).await;
        raw.send(head(&site, "content-length: 100")[0].as_bytes()).await;
        raw.send(b"{").await;
        slow.push(raw);
    }
    for (address, head) in addresses.into_iter().zip(head(&site, "content-length: 100")) {
        for half in [&head[..20], &head] {
            let mut raw = Raw::connect(address).await;
            raw.send(half.as_bytes()).await;
            slow.push(raw);
        }
    }
    let alice = site.person("alice", &["analyst"]);
    for id in ["w-1", "w-2"] {
        alice.create(id).await;
        assert_eq!(alice.move_to(id, "ACTIVE").await.0, 200);
        alice.until_listed(id, 2).await;
    }
    drop(slow);
}

#[tokio::test]
async fn a_request_that_is_sent_by_half_is_ended_on_every_port() {
    let site = Site::on(tempfile::tempdir().unwrap(), impatient).await;
    for (address, head) in addresses(&site).into_iter().zip(head(&site, "content-length: 100")) {
        for half in ["", "POST", &head[..head.len() - 2]] {
            let mut raw = Raw::connect(address).await;
            raw.send(half.as_bytes()).await;
            raw.until_closed().await;
        }
        let mut raw = Raw::connect(address).await;
        raw.send(format!("{head}{{").as_bytes()).await;
        let answer = raw.until_closed().await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    site.person("alice", &["analyst"]).create("w-1").await;
}

#[tokio::test]
async fn a_request_that_dribbles_is_ended_on_every_port() {
    let site = Site::on(tempfile::tempdir().unwrap(), impatient).await;
    let lengths = [format!("content-length: {BODY_BYTES_MAX}"), "transfer-encoding: chunked".to_owned()];
    for length in lengths {
        for (address, head) in addresses(&site).into_iter().zip(head(&site, &length)) {
            for begun in
                ["GET / HTTP/1.1\r\nx: ", &format!("{head}{}", if length.starts_with('t') { "7FFFFF\r\n" } else { "" })]
            {
                let mut raw = Raw::connect(address).await;
                raw.send(begun.as_bytes()).await;
                raw.dribble().await;
            }
        }
    }
    site.person("alice", &["analyst"]).create("w-1").await;
}

#[tokio::test]
async fn a_request_that_is_sent_by_half_does_not_keep_a_server_from_ending() {
    let site = Site::on(tempfile::tempdir().unwrap(), |config| {
        patient(config);
        config.patience.drain = Duration::from_millis(200);
    })
    .await;
    let mut halves = Vec::new();
    for (address, head) in addresses(&site).into_iter().zip(head(&site, "content-length: 100")) {
        for half in [&head[..20], &format!("{head}{{")] {
            let mut raw = Raw::connect(address).await;
            raw.send(half.as_bytes()).await;
            halves.push(raw);
        }
    }
    let closed = tokio::time::timeout(crate::site::PATIENCE, site.close()).await;
    // Its database is free for the next one.
    Site::on(closed.expect("the server waits for ever"), |_| {}).await.close().await;
}
