//! A fake remote rules engine at byte level: it answers by the contract, or breaks it in any way.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How the engine answers one request.
#[derive(Clone, Debug)]
pub enum Deed {
    /// With 200 and this, as JSON; a member `request_id` that is true becomes that of the question.
    Answer(Value),
    /// With 200 and what this makes of the question.
    Judge(fn(&Value) -> Value),
    /// With 200 and this, and then it closes the connection without having said so.
    AnswerAndLeave(Value),
    /// With these bytes; the connection stays.
    Bytes(Vec<u8>),
    /// With these bytes, and then it closes the connection.
    BytesAndLeave(Vec<u8>),
    /// With these bytes, one by one, so slowly that the last never comes.
    Drip(Vec<u8>),
    /// Not at all, with the connection open.
    Silence,
    /// Only after [`FakeEngine::go_on`], and then with 200 and this.
    Wait(Value),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Request line and headers.
    pub head: String,
    /// The JSON it carried; null when it carried none.
    pub body: Value,
}

/// The engine. It stops when it is dropped.
pub struct FakeEngine {
    /// Where it is.
    pub url: String,
    inside: Arc<Inside>,
    serving: JoinHandle<()>,
}

struct Inside {
    deeds: Mutex<VecDeque<Deed>>,
    always: Mutex<Deed>,
    received: Mutex<Vec<Received>>,
    connections: Mutex<usize>,
    go_on: watch::Sender<bool>,
}

/// Allows any transition, by the rules `fake` 1.
#[must_use]
pub fn a_yes() -> Value {
    json!({
        "request_id": true, "decision": "allow", "reasons": [],
        "ruleset": "fake", "ruleset_version": "1", "evaluated": ["r-1"]
    })
}

/// No, for one reason.
#[must_use]
pub fn a_no() -> Value {
    let mut answer = a_yes();
    answer["decision"] = json!("deny");
    answer["reasons"] = json!([{"rule_id": "r-1", "message": "Not like this."}]);
    answer
}

/// A whole HTTP answer.
#[must_use]
pub fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Every way to give no verdict that takes no time, each with the number of useful repetitions.
#[must_use]
pub fn faults_at_once() -> Vec<(&'static str, Deed, usize)> {
    const JSON: &str = "content-type: application/json\r\n";
    // It answers any question, so only the injected fault is wrong with it.
    let mut yes = a_yes();
    yes.as_object_mut().unwrap().remove("request_id");
    let yes = yes.to_string();
    let ok = |headers: &str, body: &[u8]| Deed::Bytes(http("200 OK", headers, body));
    let status = |status: &str| Deed::Bytes(http(status, JSON, yes.as_bytes()));
    let answer = |member: &str, value: Value| {
        let mut answer = a_yes();
        answer[member] = value;
        Deed::Answer(answer)
    };
    let without = |member: &str| {
        let mut answer = a_yes();
        answer.as_object_mut().unwrap().remove(member);
        Deed::Answer(answer)
    };
    let half = http("200 OK", JSON, yes.as_bytes());
    let half = half[..half.len() - 10].to_vec();
    let chunked =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\n4\r\n{\"de".to_vec();
    // Valid except for its size: a client that reads it completely takes it for an allowance.
    let large = format!("{yes}{}", " ".repeat(10 * 1024 * 1024));
    let denied_without_reasons = {
        let mut answer = a_no();
        answer["reasons"] = json!([]);
        Deed::Answer(answer)
    };
    let mut allowed_with_reasons = a_no();
    allowed_with_reasons["decision"] = json!("allow");
    vec![
        ("it hangs up", Deed::BytesAndLeave(Vec::new()), 2),
        ("half an answer", Deed::BytesAndLeave(half), 2),
        ("half a chunked answer", Deed::BytesAndLeave(chunked), 2),
        ("no HTTP", Deed::BytesAndLeave(b"HELO rules\r\n\r\n".to_vec()), 2),
        ("500", status("500 Internal Server Error"), 2),
        ("503", status("503 Service Unavailable"), 2),
        ("429", status("429 Too Many Requests"), 1),
        ("400", status("400 Bad Request"), 1),
        ("401", status("401 Unauthorized"), 1),
        ("404", status("404 Not Found"), 1),
        ("202", status("202 Accepted"), 1),
        ("204", Deed::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()), 1),
        ("a redirection", Deed::Bytes(http("307 Temporary Redirect", "location: /elsewhere\r\n", b"")), 1),
        ("10 MB", ok(JSON, large.as_bytes()), 1),
        ("no JSON", ok(JSON, b"<html>allow</html>"), 1),
        ("nothing", ok(JSON, b""), 1),
        ("JSON and more", ok(JSON, format!("{yes}{yes}").as_bytes()), 1),
        ("no content type", ok("", yes.as_bytes()), 1),
        ("another content type", ok("content-type: text/html\r\n", yes.as_bytes()), 1),
        ("gzip", ok("content-type: application/json\r\ncontent-encoding: gzip\r\n", yes.as_bytes()), 1),
        ("an unknown encoding", ok("content-type: application/json\r\ncontent-encoding: x\r\n", yes.as_bytes()), 1),
        ("another question's answer", answer("request_id", json!("request-2")), 1),
        ("an unknown decision", answer("decision", json!("maybe")), 1),
        ("a decision in capitals", answer("decision", json!("ALLOW")), 1),
        ("no decision", without("decision"), 1),
        ("a decision of null", answer("decision", Value::Null), 1),
        ("no reasons", without("reasons"), 1),
        ("no ruleset", without("ruleset"), 1),
        ("a ruleset without a name", answer("ruleset", json!("")), 1),
        ("a version of 65 characters", answer("ruleset_version", json!("1".repeat(65))), 1),
        ("101 rules", answer("evaluated", json!(vec!["r"; 101])), 1),
        ("an unknown member", answer("confidence", json!(1)), 1),
        ("a member twice", ok(JSON, yes.replacen('{', "{\"decision\":\"allow\",", 1).as_bytes()), 1),
        ("a no without reasons", denied_without_reasons, 1),
        ("a yes with reasons", Deed::Answer(allowed_with_reasons), 1),
    ]
}

impl FakeEngine {
    /// An engine that does this with every request.
    pub async fn that(always: Deed) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inside = Arc::new(Inside {
            deeds: Mutex::default(),
            always: Mutex::new(always),
            received: Mutex::default(),
            connections: Mutex::default(),
            go_on: watch::Sender::new(false),
        });
        let here = inside.clone();
        let serving = tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *here.connections.lock().unwrap() += 1;
                let inside = here.clone();
                connections.spawn(async move { inside.serve(stream).await });
            }
        });
        Self { url, inside, serving }
    }

    /// Its behaviour for the next requests, one each, before the permanent one.
    pub fn next(&self, deeds: impl IntoIterator<Item = Deed>) {
        self.inside.deeds.lock().unwrap().extend(deeds);
    }

    /// Its behaviour from now on.
    pub fn from_now_on(&self, deed: Deed) {
        *self.inside.always.lock().unwrap() = deed;
    }

    /// Answers what waits.
    pub fn go_on(&self) {
        self.inside.go_on.send_replace(true);
    }

    /// Every question it was asked.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.inside.received.lock().unwrap().clone()
    }

    /// How many questions those are.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.inside.received.lock().unwrap().len()
    }

    /// Over how many connections they came.
    #[must_use]
    pub fn connections(&self) -> usize {
        *self.inside.connections.lock().unwrap()
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Inside {
    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(received) = receive(&mut stream).await {
            if received.head.starts_with("HEAD ") {
                let _ = stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n").await;
                continue;
            }
            let question = received.body.clone();
            let asked = question["request_id"].clone();
            self.received.lock().unwrap().push(received);
            let next = self.deeds.lock().unwrap().pop_front();
            let deed = next.unwrap_or_else(|| self.always.lock().unwrap().clone());
            let (bytes, stays) = match deed {
                Deed::Answer(answer) => (whole(answer, asked), true),
                Deed::Judge(judge) => (whole(judge(&question), asked), true),
                Deed::AnswerAndLeave(answer) => (whole(answer, asked), false),
                Deed::Bytes(bytes) => (bytes, true),
                Deed::BytesAndLeave(bytes) => (bytes, false),
                Deed::Drip(bytes) => return drip(&mut stream, &bytes).await,
                Deed::Silence => return std::future::pending().await,
                Deed::Wait(answer) => {
                    let _ = self.go_on.subscribe().wait_for(|go_on| *go_on).await;
                    (whole(answer, asked), true)
                }
            };
            // A client that has read enough closes the connection.
            if stream.write_all(&bytes).await.is_err() || !stays {
                return;
            }
        }
    }
}

fn whole(mut answer: Value, asked: Value) -> Vec<u8> {
    if answer["request_id"] == json!(true) {
        answer["request_id"] = asked;
    }
    http("200 OK", "content-type: application/json\r\n", answer.to_string().as_bytes())
}

async fn drip(stream: &mut BufReader<TcpStream>, bytes: &[u8]) {
    for byte in bytes.iter().chain(std::iter::repeat(&b' ')) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
}

/// One request; none when the connection is over.
async fn receive(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { head, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}
