//! Logs: one JSON object per line on standard output, where Lambda collects them.

use serde_json::{Map, Value};
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_serde::fields::AsMap as _;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt as lines};

use crate::settings::Settings;
use crate::traces;

/// The runtime of Lambda has a span of its own for each invocation, with ids that the spans of this service have too.
const OF_THE_RUNTIME: &str = "lambda_runtime=warn";

/// Sends every log line of this process there, and its spans to the daemon of traces if those are on, unless an earlier call has already set up logging.
pub(crate) fn write(settings: &Settings) {
    let filter = EnvFilter::builder().parse_lossy(format!("{OF_THE_RUNTIME},{}", settings.log_filter()));
    // Fails only when there is a subscriber already, and then that one serves.
    let logs = Registry::default().with(layer().with_filter(filter));
    let _already_set = match settings.trace_daemon().map(traces::layer) {
        Some(Ok(traces)) => logs.with(traces).try_init(),
        Some(Err(_)) | None => logs.try_init(),
    };
}

/// Logs where a panic happened, and not what it says: that may hold data of the request.
pub(crate) fn locate_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "the function panicked");
    }));
}

/// Writes each event of the log as one object.
fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> lines::Layer<S, JsonFields, OneObject> {
    lines::layer().fmt_fields(JsonFields::new()).event_format(OneObject)
}

/// A line as one flat object: the fields of the event, and those of the spans around it. So every line of a request has
/// its ids under the same names, whatever wrote it.
struct OneObject;

impl<S, N> FormatEvent<S, N> for OneObject
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Map::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>().map(|fields| fields.as_str());
            line.extend(
                fields.and_then(|fields| serde_json::from_str::<Map<String, Value>>(fields).ok()).into_iter().flatten(),
            );
        }
        if let Ok(Value::Object(fields)) = serde_json::to_value(event.field_map()) {
            line.extend(fields);
        }
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        line.insert("timestamp".to_owned(), timestamp.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        writeln!(writer, "{}", Value::Object(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("a sound lock").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(work: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let written = layer().with_writer(move || writer.clone()).with_filter(EnvFilter::new("info"));
        tracing::subscriber::with_default(Registry::default().with(written), work);
        let text = String::from_utf8(lines.0.lock().expect("a sound lock").clone()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    #[test]
    fn a_panic_is_located_and_its_message_is_not_told() {
        let lines = lines_of(|| {
            let before = std::panic::take_hook();
            locate_panics();
            let caught = std::panic::catch_unwind(|| panic!("PLANTED"));
            std::panic::set_hook(before);
            assert!(caught.is_err());
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(line["location"].as_str().is_some_and(|place| place.contains("logs.rs")), "{line}");
        assert!(!line.to_string().contains("PLANTED"), "{line}");
    }

    #[test]
    fn a_line_carries_the_fields_of_every_span_around_it_once_each() {
        let lines = lines_of(|| {
            let outer = tracing::info_span!("request", request_id = "r-1", workflow_id = tracing::field::Empty);
            let _outer = outer.enter();
            let _inner = tracing::info_span!("turn", correlation_id = "c-1", request_id = "r-2").entered();
            outer.record("workflow_id", "wf-1");
            tracing::info!(request_id = "r-3", status = 200, level = "lie", "answered");
            let _hidden = tracing::debug_span!("call", secret = "s").entered();
            tracing::warn!("said");
        });
        let [answered, said] = lines.as_slice() else { panic!("{lines:?}") };
        for (name, value) in [
            ("message", "answered".into()),
            ("level", "INFO".into()),
            ("request_id", "r-3".into()),
            ("correlation_id", "c-1".into()),
            ("workflow_id", "wf-1".into()),
            ("status", Value::from(200)),
        ] {
            assert_eq!(answered[name], value, "{name}");
        }
        assert_eq!((&said["request_id"], &said["correlation_id"]), (&"r-2".into(), &"c-1".into()));
        assert_eq!((&said["level"], &said["secret"]), (&"WARN".into(), &Value::Null));
        assert!(said["timestamp"].as_str().is_some_and(|text| text.ends_with('Z')), "{said}");
    }
}
