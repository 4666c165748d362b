//! What a sweep says of its progress.

use alims_domain::timestamp::Timestamp;

use super::look::Swept;
use crate::metrics;
use crate::ports::SweepPosition;

/// The share of the open workflows that one sweep compared, in percent. Their number is that of the last complete walk,
/// or of this one as far as it has come, if that is more. A walk that is not complete covers less than all.
pub(super) fn coverage(compared: u64, position: &SweepPosition) -> f64 {
    let (compared, all) = compared_of_all(compared, position);
    #[allow(clippy::cast_precision_loss, reason = "a share is not exact to the last workflow")]
    let share = compared as f64 / all as f64;
    share * 100.0
}

/// The coverage in whole percent, rounded down: only all of them are 100.
pub(super) fn whole_percent(compared: u64, position: &SweepPosition) -> u8 {
    let (compared, all) = compared_of_all(compared, position);
    (u128::from(compared) * 100 / u128::from(all)).try_into().unwrap_or(100)
}

/// How many one sweep compared, and of how many, which is never none.
fn compared_of_all(compared: u64, position: &SweepPosition) -> (u64, u64) {
    let ended = position.open.is_none();
    let known = position.open_total.max(position.open_met).max(compared);
    if known == 0 || (ended && compared >= position.open_total) {
        return (1, 1);
    }
    (compared, known + u64::from(!ended && known == compared))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::WalkPosition;

    #[test]
    fn a_percentage_is_exact_where_it_is_whole_and_else_rounded_down() {
        let of = |compared, open_total| {
            let open = Some(WalkPosition("x".to_owned()));
            whole_percent(compared, &SweepPosition { open, open_total, ..SweepPosition::default() })
        };
        // A share in floating point makes 28 of the first, and 56 of the second.
        for (compared, all, percent) in [(29, 100, 29), (57, 100, 57), (99_999, 100_000, 99), (1, 3, 33), (0, 7, 0)] {
            assert_eq!(of(compared, all), percent, "{compared} of {all}");
        }
        assert_eq!(of(u64::MAX / 2, u64::MAX), 49, "no number is too large");
        assert_eq!(of(7, 7), 87, "a walk that has not ended has at least one more");
        let ended = SweepPosition { open_total: 7, ..SweepPosition::default() };
        assert_eq!((whole_percent(7, &ended), whole_percent(0, &SweepPosition::default())), (100, 100));
    }
}
