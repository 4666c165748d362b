//! HTTP by hand: what a browser, or a client that is slow or wrong, sends.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::PATIENCE;

/// Between two bytes of a client that dribbles. It is shorter than the server waits for a client in any test.
const PAUSE: Duration = Duration::from_millis(10);

/// A connection on which a test says every byte.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Sends one byte after the other, with a pause after each, until the server no longer takes any.
    pub(crate) async fn dribble(&mut self) {
        let dribbling = async {
            let mut pause = tokio::time::interval(PAUSE);
            while self.0.write_all(b" ").await.is_ok() {
                pause.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, dribbling).await.expect("the server takes bytes for ever");
    }

    /// What the server sends until it closes the connection.
    pub(crate) async fn until_closed(&mut self) -> String {
        let mut answer = Vec::new();
        // A server that has not read everything resets the connection, which may lose the end of its answer.
        let reading = async { while matches!(self.0.read_buf(&mut answer).await, Ok(1..)) {} };
        tokio::time::timeout(PATIENCE, reading).await.expect("the server keeps the connection");
        String::from_utf8(answer).unwrap()
    }
}

/// Sends a request whole and gives the answer, which ends with the connection.
pub(crate) async fn request(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut head = format!("{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    let mut raw = Raw::connect(address).await;
    raw.send(format!("{head}\r\n{body}").as_bytes()).await;
    raw.until_closed().await
}

/// The address in a URL of the server.
pub(crate) fn address_of(url: &str) -> SocketAddr {
    url.strip_prefix("http://").unwrap().parse().unwrap()
}
