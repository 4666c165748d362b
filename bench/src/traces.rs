//! What traces cost: the processor time of one request's spans and log lines, with traces off, on and sampled, and on
//! and not sampled, against a receiver on this machine. Each is measured in a process of its own, as a function has them
//! either on or off for its life. What the request does beside is left out.

use alims_operations::ports::Clock;
use alims_runtime::SystemClock;
use alims_testing::built_binary;
use anyhow::{Context as _, Result, ensure};
use lambda_http::Context;
use serde::Serialize;
use std::fmt;
use std::fs;
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The calls of a move: two reads and the append.
const CALLS: [&str; 3] = ["Query", "Query", "PutItem"];

/// What traces cost.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    requests: usize,
    off_micros: f64,
    not_sampled_micros: f64,
    sampled_micros: f64,
    /// Documents that the receiver got, a request. Fewer than spans mean that it was too slow, not that they are free.
    received: f64,
}

/// Measures the three kinds.
pub(crate) fn measure(requests: usize) -> Result<Figures> {
    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    let daemon = receiver.local_addr()?.to_string();
    let received = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&received);
    std::thread::spawn(move || {
        let mut packet = [0; 65536];
        while receiver.recv(&mut packet).is_ok() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let off = child(requests, "off", "1", &daemon)?;
    let not_sampled = child(requests, "on", "0", &daemon)?;
    ensure!(received.load(Ordering::Relaxed) == 0, "something was sent that is not sampled");
    let sampled = child(requests, "on", "1", &daemon)?;
    let received = received.load(Ordering::Relaxed);
    ensure!(received > 0, "nothing was sent");
    let each = |nanos: u64| Ok::<f64, anyhow::Error>(float(nanos)? / float(u64::try_from(requests)?)? / 1000.0);
    Ok(Figures {
        requests,
        off_micros: each(off)?,
        not_sampled_micros: each(not_sampled)?,
        sampled_micros: each(sampled)?,
        received: float(received)? / float(u64::try_from(requests)?)?,
    })
}

fn float(number: u64) -> Result<f64> {
    Ok(format!("{number}").parse()?)
}

/// The processor time of one kind, in nanoseconds.
fn child(requests: usize, tracing: &str, sampled: &str, daemon: &str) -> Result<u64> {
    let mut child = Command::new(built_binary("alims-bench")?);
    child.args(["traces", "--requests", &requests.to_string(), "--sampled", sampled]);
    child.env("ALIMS_TRACING", tracing).env("AWS_XRAY_DAEMON_ADDRESS", daemon).env("RUST_LOG", "info");
    let done = child.stdout(Stdio::null()).output()?;
    let told = String::from_utf8(done.stderr)?;
    ensure!(done.status.success(), "the measured process failed: {told}");
    told.trim().parse().with_context(|| format!("the measured process said: {told}"))
}

/// Does the requests in this process, and writes its processor time to standard error.
#[allow(clippy::print_stderr, reason = "standard output has the log, as in a function")]
pub(crate) fn measured(requests: usize, sampled: &str) -> Result<()> {
    let _settings = alims_runtime::start();
    let seconds = SystemClock.now().unix_millis() / 1000;
    let mut context = Context::default();
    context.request_id = "8b1e1d0e-7c3c-4b0a-9a6e-0c6a1b1f7d11".to_owned();
    context.xray_trace_id =
        Some(format!("Root=1-{seconds:08x}-a006649127e371903a2de979;Parent=53995c3f42cd8ad8;Sampled={sampled}"));
    let before = processor_nanos()?;
    (0..requests).for_each(|_| request(&context));
    eprintln!("{}", processor_nanos()?.saturating_sub(before));
    Ok(())
}

/// The spans and lines of a move.
fn request(context: &Context) {
    let _invocation = alims_runtime::invocation(context).entered();
    let _request = tracing::info_span!(
        target: "alims_edge::exchange",
        "request",
        operation = "request-state-transition",
        request_id = "JKJaXmPLvHcESHA=",
        correlation_id = "c-1",
        tenant = "lab",
        workflow_id = "wf-1",
    )
    .entered();
    for call in CALLS {
        let _call = tracing::debug_span!(
            target: "aws_sdk_any::operation::call",
            "DynamoDB",
            "rpc.service" = "DynamoDB",
            "rpc.method" = call,
            "rpc.system" = "aws-api",
        )
        .entered();
    }
    drop(tracing::debug_span!(target: "alims_rules::choice", "rules.judge").entered());
    tracing::info!(principal = "alice", action = "activate-workflow", decision = "permitted", "access decided");
    tracing::info!(status = 200, "answered");
}

/// What this thread has used of a processor.
fn processor_nanos() -> Result<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("this measurement needs Linux")?;
    Ok(text.split_whitespace().next().context("no figure")?.parse()?)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, off_micros, not_sampled_micros, sampled_micros, received } = self;
        writeln!(f, "traces, processor time a request, {requests} requests of 6 spans and 2 log lines")?;
        writeln!(f, "  off                  {off_micros:8.1} µs")?;
        writeln!(f, "  on, not sampled      {not_sampled_micros:8.1} µs")?;
        writeln!(f, "  on, sampled          {sampled_micros:8.1} µs ({received:.1} documents received)")
    }
}
