//! Logs: one JSON object per line on standard output, where Lambda collects them.

use tracing_subscriber::EnvFilter;

use crate::settings::Settings;

/// Sends every log line of this process there, unless an earlier call has already set up logging.
pub(crate) fn write(settings: &Settings) {
    let filter = EnvFilter::builder().parse_lossy(settings.log_filter());
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false);
    // Fails only when there is a subscriber already, and then that one serves.
    let _already_set = lines.with_env_filter(filter).try_init();
}
