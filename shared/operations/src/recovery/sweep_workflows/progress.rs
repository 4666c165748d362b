//! What a sweep says of its progress.

use alims_domain::timestamp::Timestamp;

use super::look::Swept;
use crate::metrics;
use crate::ports::SweepPosition;

/// The share of the open workflows that one sweep compared, in percent. Their number is that of the last complete walk,
/// or of this one as far as it has come, if that is more. A walk that is not complete covers less than all.
pub(super) fn coverage(compared: u64, position: &SweepPosition) -> f64 {
    let ended = position.open.is_none();
    let known = position.open_total.max(position.open_met).max(compared);
    if known == 0 || (ended && compared >= position.open_total) {
        return 100.0;
    }
    let unknown = u64::from(!ended && known == compared);
    #[allow(clippy::cast_precision_loss, reason = "a share is not exact to the last workflow")]
    let share = compared as f64 / (known + unknown) as f64;
    share * 100.0
}

/// Rounded down: only all of them are 100 percent.
pub(super) fn whole_percent(coverage: f64) -> u8 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is between 0 and 100")]
    let percent = coverage.clamp(0.0, 100.0) as u8;
    percent
}

/// How long ago the last complete round ended, in seconds; before the first one did, how long ago this one began.
pub(super) fn round_age(position: &SweepPosition, now: Timestamp) -> u64 {
    let since = position.round_ended.or(position.round_began).unwrap_or(now);
    u64::try_from(now.unix_millis().saturating_sub(since.unix_millis()) / 1000).unwrap_or_default()
}

impl Swept {
    /// Counts what this sweep did.
    pub(super) fn tell(&self) {
        metrics::SWEPT.add(self.open + self.workflows, &[]);
        metrics::SWEEP_BEHIND.add(self.behind, &[]);
        // Without the index of open workflows it has compared none of them.
        metrics::SWEEP_COVERAGE.set(self.coverage.unwrap_or_default(), &[]);
        #[allow(clippy::cast_precision_loss, reason = "an age is not exact to the last second")]
        metrics::SWEEP_ROUND.set(self.round_age_seconds as f64, &[]);
    }
}
