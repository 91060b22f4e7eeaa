//! Any order of events and keys: no panic, bounded memory, and the drawn stage states are
//! those of the model.

use std::collections::HashMap;

use honing_core::{
    ExitCode, Stage, Step,
    event::{Event, Record, StageState},
    outcome::Verdict,
};
use honing_dashboard::{Key, Mode, Msg, Standing, State};
use proptest::prelude::*;

use crate::{
    manifest::{changed_meanwhile, profiles},
    scenes::{drawn, measured, state, status},
};

const PROGRAMS: [&str; 2] = ["tracker", "größe"];

fn stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(Stage::ALL.to_vec())
}

fn program() -> impl Strategy<Value = String> {
    prop::sample::select(PROGRAMS.map(str::to_owned).to_vec())
}

fn event() -> impl Strategy<Value = Event> {
    use StageState as S;
    let states = prop::sample::select(vec![S::Done, S::UpToDate, S::Skipped, S::Failed, S::Cancelled]);
    let exits = prop::sample::select(ExitCode::ALL.to_vec());
    let verdicts = prop::sample::select(vec![
        Verdict::Improved,
        Verdict::NoChange,
        Verdict::Regressed,
        Verdict::Inconclusive,
    ]);
    prop_oneof![
        prop::collection::vec(stage(), 0..8).prop_map(|stages| Event::RunStarted {
            schema: 1,
            command: String::new(),
            version: String::new(),
            run: "20261125T120000Z-1".into(),
            programs: PROGRAMS.map(str::to_owned).to_vec(),
            stages: stages.into_iter().map(Step::from).collect(),
            steps: Default::default(),
        }),
        (program(), stage(), prop::collection::vec("\\PC{0,20}", 0..3)).prop_map(
            |(program, stage, reasons)| Event::StageStarted {
                program,
                stage: stage.into(),
                reasons,
                last_ms: None
            }
        ),
        (program(), stage(), any::<u64>(), any::<Option<u64>>(), "\\PC{0,9}").prop_map(
            |(program, stage, done, total, at)| {
                Event::Progress {
                    program,
                    stage: stage.into(),
                    done,
                    total,
                    unit: "workloads".into(),
                    at,
                    left_ms: None,
                }
            }
        ),
        (program(), stage(), ".{0,200}").prop_map(|(program, stage, line)| Event::Output {
            program,
            stage: stage.into(),
            line
        }),
        (program(), stage(), ".{0,200}").prop_map(|(program, stage, line)| Event::Command {
            program,
            stage: stage.into(),
            line,
            log: "/l".into()
        }),
        (program(), stage(), states, ".{0,40}", any::<u64>()).prop_map(
            |(program, stage, state, detail, elapsed_ms)| {
                Event::StageFinished { program, stage: stage.into(), state, detail, elapsed_ms, cpu_ms: 0 }
            }
        ),
        ".{0,90}".prop_map(|text| Event::Warning { text }),
        Just(Event::Stored { status: Box::new(status()) }),
        (program(), any::<(f64, f64, f64)>(), verdicts).prop_map(|(program, ratio, verdict)| {
            Event::Measured { program, interim: true, measured: measured("w", "cpu", ratio, 3, verdict) }
        }),
        (exits, any::<Option<String>>()).prop_map(|(exit, error)| Event::RunFinished {
            exit,
            code: exit.code(),
            error,
            hint: None,
            builder_ms: 0,
            optimized: Vec::new(),
        }),
    ]
}

fn msg() -> impl Strategy<Value = Msg> {
    let words = "x y n s r a o b p / f w t enter c v m e z tab backtab 1 2 3 4 5 6 up down pageup pagedown home end esc ? ctrl-l ctrl-z ctrl-c q j";
    let keys: Vec<Key> = words.split(' ').map(|word| word.parse().unwrap()).collect();
    prop_oneof![
        4 => (event(), any::<u64>()).prop_map(|(event, at_ms)| Msg::Event(Box::new(Record { at_ms, event }))),
        4 => prop::sample::select(keys).prop_map(Msg::Key),
        1 => (0_u16..140, 0_u16..50).prop_map(|(columns, lines)| Msg::Resize(columns, lines)),
        1 => any::<u64>().prop_map(Msg::Tick),
        1 => prop::sample::select(vec![
            Msg::ManifestRead(Ok(profiles())),
            Msg::ManifestRead(Err(changed_meanwhile())),
            Msg::ManifestWritten(Ok(())),
            Msg::ManifestWritten(Err(changed_meanwhile())),
        ]),
    ]
}

/// What the events say of each stage, told as plainly as can be.
#[derive(Default)]
struct Model(HashMap<(String, Stage), Standing>);

impl Model {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted { programs, stages, .. } => {
                for program in programs {
                    for stage in Stage::ALL {
                        let skipped = Standing::Ended(StageState::Skipped);
                        let standing =
                            if stages.contains(&Step::from(stage)) { Standing::Waiting } else { skipped };
                        self.0.insert((program.clone(), stage), standing);
                    }
                }
            }
            Event::StageStarted { program, stage, .. } => {
                self.0.insert((program.clone(), stage.stage), Standing::Running);
            }
            Event::StageFinished { program, stage, state, .. } => {
                self.0.insert((program.clone(), stage.stage), Standing::Ended(*state));
            }
            Event::RunFinished { exit, .. } => {
                let cancelled = *exit == ExitCode::Interrupted;
                let ended = if cancelled { StageState::Cancelled } else { StageState::Failed };
                for standing in self.0.values_mut().filter(|standing| **standing == Standing::Running) {
                    *standing = Standing::Ended(ended);
                }
            }
            _ => {}
        }
    }
}

/// The symbol and the word of each stage where the pane has the terminal to itself.
fn seen(state: &mut State) -> HashMap<(String, Stage), String> {
    let text = drawn(state, (90, 28));
    // One program alone has no heading.
    let known = |name: &&str| state.standing(name, Stage::Preflight).is_some();
    let mut program = PROGRAMS.into_iter().find(known).unwrap_or_default().to_owned();
    let mut found = HashMap::new();
    for line in text.lines() {
        if let Some(name) = PROGRAMS.iter().find(|name| line.trim() == **name) {
            program = (*name).to_owned();
        }
        let rest = line.trim_start_matches(['▶', ' ']);
        let Some((symbol, rest)) = rest.split_once(' ') else { continue };
        let Some(stage) = Stage::ALL.into_iter().find(|stage| rest.starts_with(stage.name())) else {
            continue;
        };
        let word: String = rest.chars().skip(11).take(10).collect();
        found.insert((program.clone(), stage), format!("{symbol} {}", word.trim()));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_and_keys(messages in prop::collection::vec(msg(), 0..60)) {
        let mut state = state(Mode::Run);
        let mut model = Model::default();
        for message in messages {
            if let Msg::Event(record) = &message {
                model.event(&record.event);
            }
            let size = if let Msg::Resize(columns, lines) = message { (columns, lines) } else { (90, 28) };
            state.update(message);
            drawn(&mut state, size);
        }
        for ((program, stage), standing) in &model.0 {
            prop_assert_eq!(state.standing(program, *stage), Some(*standing));
        }
        // Back to the panes, Stages alone, whatever was open.
        for key in ["esc", "esc", "esc", "n", "esc", "1"] {
            state.update(Msg::Key(key.parse().unwrap()));
        }
        for (at, word) in seen(&mut state) {
            let standing = model.0.get(&at).copied().unwrap_or(Standing::Waiting);
            prop_assert_eq!(word, format!("{} {}", standing.symbol(), standing.word()), "{:?}", at);
        }
    }

    /// The same by drawing from scratch: the drawing depends on the state alone.
    #[test]
    fn drawing_changes_nothing(messages in prop::collection::vec(msg(), 0..30)) {
        let mut state = state(Mode::Run);
        for message in messages {
            state.update(message);
        }
        let once = drawn(&mut state, (120, 40));
        prop_assert_eq!(once, drawn(&mut state, (120, 40)));
    }
}
