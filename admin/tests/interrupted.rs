//! Ctrl-C in the middle of a rebuild.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect must fail"
)]

use alims_local::folder::DataFolder;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(30);

/// A log that never ends: every part is empty and has a next one. Tells of every part it was asked for.
async fn endless_log() -> (String, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, parts) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let asked = asked.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.split();
                let mut read = BufReader::new(read);
                let body =
                    json!({"Items": [], "LastEvaluatedKey": {"pk": {"S": "t#w"}, "entry": {"S": "r#1"}}}).to_string();
                loop {
                    let mut length = 0;
                    loop {
                        let mut line = String::new();
                        if read.read_line(&mut line).await.unwrap_or(0) == 0 {
                            return;
                        }
                        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        if line == "\r\n" {
                            break;
                        }
                    }
                    read.read_exact(&mut vec![0; length]).await.unwrap();
                    asked.send(()).unwrap();
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    write.write_all((head + &body).as_bytes()).await.unwrap();
                }
            });
        }
    });
    (url, parts)
}

#[tokio::test]
async fn it_ends_cleanly_and_says_what_was_done() {
    let data = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(data.path()).unwrap();
    let _lock = folder.lock().unwrap();
    let (url, mut parts) = endless_log().await;
    let endpoints = json!({"access_key_id": "a", "secret_access_key": "s", "dynamodb": url, "eventbridge": url,
        "log_table": "l", "index_table": "i", "event_bus": "b"});
    std::fs::write(folder.endpoints(), endpoints.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_alims-admin"));
    command.args(["rebuild-index", "--local", "--data"]).arg(data.path()).stdout(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().unwrap();
    let work = async {
        for _ in 0..3 {
            parts.recv().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, work).await.expect("it does not begin");
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().await.unwrap().success());
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it does not end").unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("0 workflows looked at") && said.contains("it may be run again"), "{said}");
}
