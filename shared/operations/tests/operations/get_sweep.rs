//! Reading how far the sweep has come: for callers who may, and what the last sweep kept.

use alims_operations::get_sweep::{GetSweepError, Ports, SweepState, get_sweep};
use alims_operations::ports::{SweepPosition, SweepPositions, WalkPosition};
use alims_testing::builders::at;
use alims_testing::{CallFault, EverybodyMay, Faulty, MemoryPositions, NobodyMay, Script};
use std::sync::Arc;

use crate::alice;

#[tokio::test]
async fn what_the_last_sweep_kept_is_told() {
    let store = MemoryPositions::default();
    let ports = Ports { store: store.clone(), policy: Arc::new(EverybodyMay) };
    let never = SweepState { swept_at: None, open_percent: None, round_began_at: None, round_ended_at: None };
    assert_eq!(get_sweep(&ports, &alice()).await.unwrap(), never);
    let kept = SweepPosition {
        round: Some(WalkPosition("x".to_owned())),
        round_began: Some(at(2)),
        round_ended: Some(at(1)),
        open: None,
        open_met: 0,
        open_total: 4,
        swept_at: Some(at(3)),
        open_percent: Some(75),
    };
    store.keep_sweep_position(&kept).await.unwrap();
    let told = SweepState {
        swept_at: Some(at(3)),
        open_percent: Some(75),
        round_began_at: Some(at(2)),
        round_ended_at: Some(at(1)),
    };
    assert_eq!(get_sweep(&ports, &alice()).await.unwrap(), told);
}

#[tokio::test]
async fn a_store_that_fails_is_no_sweep_that_never_ran() {
    let script = Script::failing(0, CallFault::BeforeEffect);
    let store = Faulty::new(MemoryPositions::default(), &script);
    let answer = get_sweep(&Ports { store, policy: Arc::new(EverybodyMay) }, &alice()).await;
    assert!(matches!(answer, Err(GetSweepError::Store(_))), "{answer:?}");
}

#[tokio::test]
async fn get_sweep_is_refused_without_permission() {
    let script = Script::default();
    let ports = Ports { store: Faulty::new(MemoryPositions::default(), &script), policy: Arc::new(NobodyMay) };
    let answer = get_sweep(&ports, &alice()).await;
    assert!(matches!(answer, Err(GetSweepError::Forbidden(_))), "{answer:?}");
    assert_eq!(script.calls(), Vec::<&str>::new());
}
