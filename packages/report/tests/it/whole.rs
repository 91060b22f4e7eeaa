//! What the document holds, and how it is written down.

use honing_core::{
    ExitCode, Stage,
    applied::Applied,
    event::{Event, StageState},
};
use honing_report::Document;

use crate::made::{failed, finished, recorded, run, several, started};

#[test]
fn the_recorded_run_as_json() {
    let mut document = Document::from_events(&recorded(), Vec::new());
    // A hundred functions, and the pairs: one of each is enough.
    for program in &mut document.programs {
        assert_eq!(program.hot.len(), 100);
        program.hot.truncate(1);
        for measured in &mut program.measured {
            assert_eq!(measured.ratios.len(), 8);
            measured.ratios.truncate(1);
        }
    }
    insta::assert_json_snapshot!(document);
}

#[test]
fn a_document_comes_back_as_it_was_written() {
    for document in [Document::from_events(&recorded(), Vec::new()), several()] {
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), document);
    }
}

#[test]
fn a_failed_run_tells_where_and_what_next() {
    let document = Document::from_events(&failed(), Vec::new());
    assert_eq!(document.verdict, "workload or service failed (exit code 11)");
    let end = document.end.unwrap();
    assert!(end.error.unwrap().starts_with("train: the workload"), "{:?}", end.hint);
    let spans: Vec<_> =
        document.programs[0].timeline.iter().map(|span| (span.stage, span.state, span.end_ms)).collect();
    let (done, failed) = (Some(StageState::Done), Some(StageState::Failed));
    assert_eq!(spans, [(Stage::Instrument.into(), done, 2000), (Stage::Train.into(), failed, 4000)]);
    assert_eq!(document.programs[0].refresh, None);
}

#[test]
fn a_run_that_never_ended_has_a_stage_that_did_not() {
    let tail = Event::Warning { text: "late".into() };
    let document = Document::from_events(&run(&["p"], vec![started("p", Stage::Train), tail]), Vec::new());
    assert!(document.verdict.starts_with("not finished"), "{}", document.verdict);
    let span = &document.programs[0].timeline[0];
    assert_eq!((span.state, span.start_ms, span.end_ms, span.elapsed_ms), (None, 1000, 2000, 1000));
}

#[test]
fn stages_do_not_overlap_however_long_they_say_they_took() {
    let mut events = vec![
        finished("p", Stage::Preflight, StageState::UpToDate, ""),
        finished("p", Stage::Train, StageState::Done, ""),
    ];
    if let Event::StageFinished { elapsed_ms, .. } = &mut events[1] {
        *elapsed_ms = 50_000;
    }
    let document = Document::from_events(&run(&["p"], events), Vec::new());
    let spans: Vec<_> =
        document.programs[0].timeline.iter().map(|span| (span.start_ms, span.end_ms)).collect();
    assert_eq!(spans, [(1000, 1000), (1000, 2000)]);
}

#[test]
fn no_events_are_a_document_too() {
    let document = Document::from_events(&[], Vec::new());
    assert_eq!((document.schema, document.programs.len()), (2, 0));
    assert!(document.end.is_none() && document.run.is_none());
}

#[test]
fn a_build_alone_says_what_it_applied() {
    let why = "no trace".to_owned();
    let matched = Event::Matched { program: "p".into(), applied: Applied::Unknown { why } };
    let events = vec![matched, crate::made::ended(ExitCode::Success, None, None)];
    let document = Document::from_events(&run(&["p"], events), Vec::new());
    assert_eq!(document.verdict, "built, applying unknown: no trace");
}

#[test]
fn history_belongs_to_its_program() {
    let document = several();
    let runs: Vec<usize> = document.programs.iter().map(|program| program.history.len()).collect();
    assert_eq!(runs, [2, 0]);
    let own = document.as_past();
    assert_eq!((own.len(), own[0].changes.len(), own[0].outcome.as_str()), (2, 1, "improved"));
    assert!(own[0].refresh.is_some_and(|builds| (builds - 1.75).abs() < 1e-9), "{own:?}");
}
