//! Seeds: what decides a run, and how one run is repeated.

use std::ops::Range;

/// Names the one seed that is to be run again.
pub const VARIABLE: &str = "ALIMS_SEED";

/// These seeds, or the one that the environment names.
///
/// # Panics
/// When the environment names what is no number.
#[must_use]
pub fn seeds(usual: Range<u64>) -> Vec<u64> {
    match std::env::var_os(VARIABLE) {
        None => usual.collect(),
        Some(named) => {
            vec![named.to_str().and_then(|text| text.parse().ok()).expect("ALIMS_SEED is a number")]
        }
    }
}

/// Runs a future on one thread and a paused clock, everything random seeded: the run is a function of the seed.
///
/// # Panics
/// When there is no runtime to be had, and when the future panics; the seed is printed then.
pub fn on_a_paused_clock<F: Future>(seed: u64, future: F) -> F::Output {
    let printed = Printed(seed);
    // The pauses between the SDK's attempts are drawn from this thread's generator.
    fastrand::seed(seed);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let output = runtime.enable_time().start_paused(true).build().expect("a runtime").block_on(future);
    std::mem::forget(printed);
    output
}

/// Prints the seed of a run that panics.
struct Printed(u64);

impl Drop for Printed {
    #[allow(clippy::print_stderr, reason = "a reader of the failure has to learn how to repeat it")]
    fn drop(&mut self) {
        eprintln!("the run had the seed {seed}; to repeat it alone: {VARIABLE}={seed}", seed = self.0);
    }
}
