//! Traces for AWS X-Ray, while the settings switch them on. See `docs/decisions/traces.md`.
//!
//! The spans of the logs are the spans of the traces, and the AWS SDK and the rules add theirs. Only names and ids are
//! attributes: events, which hold texts, are left out.

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_aws::trace::{XrayIdGenerator, XrayPropagator};
use opentelemetry_aws::xray_exporter::daemon_client::XrayDaemonClient;
use opentelemetry_aws::xray_exporter::{SegmentTranslator, XrayExporter};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// Attributes by which a person finds a trace.
const SEARCHED: [&str; 4] = ["correlation_id", "operation", "request_id", "workflow_id"];

/// The header of AWS X-Ray.
const HEADER: &str = "x-amzn-trace-id";

/// Lives as long as the process, and says whether traces are on.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// A layer that sends each span to the daemon at this address, when the span ends.
///
/// # Errors
/// When no socket can be made.
pub(crate) fn layer<S>(daemon: SocketAddr) -> io::Result<impl Layer<S>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let searched = SEARCHED.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let translator = searched.into_iter().fold(SegmentTranslator::new(), SegmentTranslator::with_indexed_attr);
    let exporter = XrayExporter::new(XrayDaemonClient::new(daemon)?).with_translator(translator);
    let provider = SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        // Lambda has decided which invocations are sampled.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)))
        .with_simple_exporter(exporter)
        .build();
    let tracer = provider.tracer("alims");
    let _already_set = PROVIDER.set(provider);
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    let layer = layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false);
    Ok(layer.with_filter(filter_fn(is_traced)))
}

/// The spans of this service, the calls of AWS, and the judgements of the rules.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let is_call = target.starts_with("aws_sdk_") && target.contains("::operation::");
    let is_ours = *metadata.level() <= Level::INFO && !target.starts_with("lambda_runtime");
    metadata.is_span() && (is_call || is_ours || target.starts_with("alims_rules"))
}

/// Makes a span a part of the trace that a header of AWS X-Ray names, when traces are on.
pub(crate) fn continues(span: &Span, header: Option<&str>) {
    if PROVIDER.get().is_none() {
        return;
    }
    let carrier: HashMap<String, String> =
        header.map(|header| (HEADER.to_owned(), header.to_owned())).into_iter().collect();
    let _not_traced = span.set_parent(XrayPropagator::default().extract(&carrier));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::net::UdpSocket;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt;

    const PARENT: &str = "53995c3f42cd8ad8";

    /// A trace of this moment: X-Ray takes none of another month.
    fn trace_id() -> String {
        #[expect(clippy::disallowed_methods, reason = "a trace must be young")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
        format!("1-{now:08x}-a006649127e371903a2de979")
    }

    /// The documents that a daemon gets meanwhile. UDP on one machine: what was sent is there when the work is done.
    fn sent(work: impl FnOnce()) -> Vec<Value> {
        let daemon = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        daemon.set_read_timeout(Some(Duration::from_millis(200))).expect("a socket with a timeout");
        let layer = layer(daemon.local_addr().expect("an address")).expect("a layer");
        tracing::subscriber::with_default(Registry::default().with(layer), work);
        let mut documents = Vec::new();
        let mut packet = [0; 65536];
        while let Ok(length) = daemon.recv(&mut packet) {
            let text = std::str::from_utf8(&packet[..length]).expect("text");
            let (header, document) = text.split_once('\n').expect("a header and a document");
            assert_eq!(serde_json::from_str::<Value>(header).expect("JSON")["format"], "json");
            documents.push(serde_json::from_str(document).expect("JSON"));
        }
        documents
    }

    fn traced(sampled: &str) -> (String, Vec<Value>) {
        let trace_id = trace_id();
        let documents = sent(|| {
            let span = tracing::info_span!("invocation", request_id = "r-1");
            continues(&span, Some(&format!("Root={trace_id};Parent={PARENT};Sampled={sampled}")));
            let _invocation = span.entered();
            let _request = tracing::info_span!("request", correlation_id = "c-1", operation = "o").entered();
            tracing::info!(why = "PLANTED", "PLANTED");
            tracing::error!(error = "PLANTED", "PLANTED");
            let _judging = tracing::debug_span!(target: "alims_rules::choice", "rules.judge").entered();
            let _noise = tracing::debug_span!(target: "hyper::client", "connect").entered();
        });
        (trace_id, documents)
    }

    #[test]
    fn a_sampled_invocation_sends_its_spans_as_parts_of_lambdas_own_and_no_text() {
        let (trace_id, documents) = traced("1");
        // A span is sent when it ends, so the innermost comes first.
        let [judging, request, invocation] = documents.as_slice() else { panic!("{documents:?}") };
        for document in &documents {
            assert_eq!((&document["trace_id"], &document["type"]), (&trace_id.as_str().into(), &"subsegment".into()));
            assert!(document["end_time"].as_f64() >= document["start_time"].as_f64(), "{document}");
            assert!(!document.to_string().contains("PLANTED"), "{document}");
        }
        assert_eq!(invocation["parent_id"], PARENT);
        assert_eq!((&request["parent_id"], &judging["parent_id"]), (&invocation["id"], &request["id"]));
        assert_eq!(judging["name"], "rules.judge");
        assert_eq!(request["annotations"]["correlation_id"], "c-1");
    }

    #[test]
    fn an_invocation_that_lambda_does_not_sample_sends_nothing() {
        for sampled in ["0", "?", ""] {
            assert_eq!(traced(sampled).1, [] as [Value; 0], "{sampled}");
        }
        assert_eq!(sent(|| drop(tracing::info_span!("invocation").entered())), [] as [Value; 0]);
    }
}
