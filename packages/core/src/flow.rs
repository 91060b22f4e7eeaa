//! What a program goes through: its steps, and which of them uses what another one makes.

use crate::{
    error::{Error, Result},
    stage::{Selection, Stage},
    step::{Pass, Step},
};

/// The steps of a program, as a graph. They stand in an order in which each comes after all that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    nodes: Vec<Node>,
    passes: Vec<Pass>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    step: Step,
    uses: Vec<Step>,
}

/// How a program is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Training {
    /// One of its own is, built to leave a profile.
    Instrumented,
    /// The one that is there already.
    Sampled,
}

impl Flow {
    /// A program whose build is trained so, and after it each of the `passes`.
    pub fn new(build: Training, passes: &[(Pass, Training)]) -> Self {
        use Stage::{Baseline, Bench, Preflight, Record};
        let mut flow = Self { nodes: Vec::new(), passes: passes.iter().map(|(pass, _)| *pass).collect() };
        flow.add(Preflight.into(), &[]);
        flow.add(Baseline.into(), &[]);
        flow.trained(None, build, None);
        let mut before: Option<Pass> = None;
        for (pass, training) in passes {
            flow.add(Step { pass: Some(*pass), stage: Preflight }, &[]);
            flow.trained(Some(*pass), *training, Some(Step { pass: before, stage: Stage::Optimize }));
            before = Some(*pass);
        }
        let of_all =
            |stage: Stage| flow.each_pass().map(move |pass| Step { pass, stage }).collect::<Vec<_>>();
        let (mut measured, mut recorded) = (of_all(Stage::Optimize), of_all(Stage::Merge));
        measured.insert(0, Baseline.into());
        recorded.push(Bench.into());
        flow.add(Bench.into(), &measured);
        flow.add(Record.into(), &recorded);
        flow
    }

    /// A program that is built without PGO.
    pub fn plain() -> Self {
        let mut flow = Self { nodes: Vec::new(), passes: Vec::new() };
        flow.add(Stage::Preflight.into(), &[]);
        flow.add(Stage::Baseline.into(), &[]);
        flow
    }

    /// Adds the steps from the program `input` to one that a profile of it made better.
    fn trained(&mut self, pass: Option<Pass>, training: Training, input: Option<Step>) {
        let step = |stage| Step { pass, stage };
        let trainee = match training {
            Training::Instrumented => {
                self.add(step(Stage::Instrument), input.as_slice());
                step(Stage::Instrument)
            }
            Training::Sampled => input.unwrap_or(Stage::Baseline.into()),
        };
        self.add(step(Stage::Train), &[trainee]);
        self.add(step(Stage::Merge), &[step(Stage::Train)]);
        let mut uses = vec![step(Stage::Merge)];
        uses.extend(input);
        self.add(step(Stage::Optimize), &uses);
    }

    fn add(&mut self, step: Step, uses: &[Step]) {
        self.nodes.push(Node { step, uses: uses.to_vec() });
    }

    /// The build itself, and the passes after it, in order.
    pub fn each_pass(&self) -> impl Iterator<Item = Option<Pass>> {
        std::iter::once(None).chain(self.passes.iter().copied().map(Some))
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.nodes.iter().map(|node| node.step)
    }

    /// Whether it has a step.
    pub fn has(&self, step: impl Into<Step>) -> bool {
        let step = step.into();
        self.steps().any(|one| one == step)
    }

    /// The steps whose output a step uses.
    pub fn uses(&self, step: impl Into<Step>) -> &[Step] {
        let step = step.into();
        self.nodes.iter().find(|node| node.step == step).map_or(&[], |node| &node.uses)
    }

    /// The step whose program is trained, by the build itself or by a pass.
    pub fn trainee(&self, pass: Option<Pass>) -> Step {
        let train = Step { pass, stage: Stage::Train };
        self.uses(train).first().copied().unwrap_or(Stage::Baseline.into())
    }

    /// Whether a step is another one, or needs what that makes, be it by way of others.
    pub fn reaches(&self, step: impl Into<Step>, other: impl Into<Step>) -> bool {
        let (step, other) = (step.into(), other.into());
        step == other || self.uses(step).iter().any(|used| self.reaches(*used, other))
    }

    /// The steps that a person selected, in order.
    ///
    /// # Errors
    /// Usage, where a step is named that the flow cannot have, or nothing is left.
    pub fn selected(&self, selection: &Selection) -> Result<Vec<Step>> {
        let place = |step: Option<Step>, or: usize| step.map_or(Ok(or), |step| self.place(step));
        let (first, last) = (place(selection.first(), 0)?, place(selection.last(), usize::MAX)?);
        selection.skipped().iter().try_for_each(|step| self.place(*step).map(drop))?;
        let asked = |step: &Step| {
            self.place(*step).is_ok_and(|at| first <= at && at <= last) && !selection.skipped().contains(step)
        };
        // A wrong word for the last step must fail in the first second.
        let looks = |step: &Step| {
            let has_part = |other: &Step| other.pass == step.pass && asked(other);
            step.stage == Stage::Preflight
                && (step.pass.is_none() || self.steps().any(|other| has_part(&other)))
        };
        let chosen: Vec<Step> = self.steps().filter(|step| asked(step) || looks(step)).collect();
        if !selection.skipped().is_empty() && chosen.iter().all(|step| step.stage == Stage::Preflight) {
            return Err(
                Error::usage("--skip leaves nothing to run").with_hint("leave out less, or ask for more")
            );
        }
        Ok(chosen)
    }

    /// Where a step stands, or would in a flow that has it: without an instrument, `--from instrument` begins
    /// with what comes after it.
    fn place(&self, step: Step) -> Result<usize> {
        let about_all = matches!(step.stage, Stage::Baseline | Stage::Bench | Stage::Record);
        let pass = match step.pass {
            None if step.stage == Stage::Bench || step.stage == Stage::Record => self.passes.len(),
            None => 0,
            Some(pass) if !about_all && let Some(at) = self.passes.iter().position(|one| *one == pass) => {
                at + 1
            }
            Some(_) => return Err(self.has_no(step)),
        };
        Ok(pass * Stage::ALL.len() + step.stage as usize)
    }

    /// The error that there is no such step.
    pub fn has_no(&self, step: Step) -> Error {
        let steps: Vec<String> = self.steps().map(|step| step.to_string()).collect();
        Error::usage(format!("there is no step {step}")).with_hint(format!("steps are {}", steps.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use Training::{Instrumented, Sampled};

    use super::*;

    fn flows() -> [Flow; 4] {
        let pass = Pass::named("bolt");
        [
            Flow::new(Instrumented, &[]),
            Flow::new(Sampled, &[]),
            Flow::new(Instrumented, &[(pass, Instrumented)]),
            Flow::new(Sampled, &[(pass, Sampled), (Pass::named("other"), Instrumented)]),
        ]
    }

    fn step(text: &str) -> Step {
        text.parse().unwrap()
    }

    #[test]
    fn each_step_comes_after_what_it_uses() {
        for flow in flows() {
            let steps: Vec<Step> = flow.steps().collect();
            for (at, step) in steps.iter().enumerate() {
                assert!(flow.uses(*step).iter().all(|used| steps[..at].contains(used)), "{step}: {flow:?}");
            }
            // The listing is that of the places.
            assert!(steps.iter().map(|step| flow.place(*step).unwrap()).is_sorted(), "{flow:?}");
        }
        let [own, ..] = flows();
        assert!(own.steps().eq(Stage::ALL.map(Step::from)));
    }

    #[test]
    fn what_is_trained_and_what_needs_it() {
        let [own, shipped, two, three] = flows();
        let bolt = Some(Pass::named("bolt"));
        for (flow, pass, expected) in [
            (&own, None, "instrument"),
            (&shipped, None, "baseline"),
            (&two, bolt, "bolt.instrument"),
            (&three, bolt, "optimize"),
        ] {
            assert_eq!(flow.trainee(pass), step(expected));
        }
        // Also where the pass is not trained again.
        assert_eq!(two.uses(step("bolt.optimize")), [step("bolt.merge"), step("optimize")]);
        assert!(own.has(Stage::Instrument) && !shipped.has(Stage::Instrument));
        for (flow, one, other, expected) in [
            (&own, "record", "instrument", true),
            (&own, "record", "baseline", true),
            (&own, "optimize", "baseline", false),
            (&shipped, "optimize", "baseline", true),
            (&own, "merge", "optimize", false),
            (&own, "bench", "bench", true),
            (&two, "bolt.optimize", "instrument", true),
            (&two, "optimize", "bolt.train", false),
            (&two, "bench", "bolt.optimize", true),
            (&three, "other.optimize", "bolt.merge", true),
        ] {
            assert_eq!(flow.reaches(step(one), step(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_is_selected_of_a_flow() {
        let [own, shipped, two, _] = flows();
        let of = |flow: &Flow, from: Option<&str>, to: Option<&str>, skip: &[&str]| {
            let parse = |text: Option<&str>| text.map(step);
            let skip: Vec<Step> = skip.iter().map(|text| step(text)).collect();
            let selection = Selection::new(parse(from), parse(to)).unwrap().without(&skip).unwrap();
            flow.selected(&selection).map(|steps| steps.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(of(&own, Some("merge"), Some("merge"), &[]).unwrap(), ["preflight", "merge"]);
        assert_eq!(
            of(&shipped, Some("instrument"), Some("merge"), &[]).unwrap(),
            ["preflight", "train", "merge"]
        );
        assert_eq!(
            of(&two, Some("bolt.merge"), Some("bolt.merge"), &[]).unwrap(),
            ["preflight", "bolt.preflight", "bolt.merge"]
        );
        assert_eq!(
            of(&two, Some("optimize"), None, &["bolt.train", "record"]).unwrap(),
            [
                "preflight",
                "optimize",
                "bolt.preflight",
                "bolt.instrument",
                "bolt.merge",
                "bolt.optimize",
                "bench"
            ]
        );
        assert!(of(&two, Some("train"), Some("merge"), &["train", "merge"]).is_err());
        for wrong in ["thin.train", "bolt.bench"] {
            assert!(of(&two, Some(wrong), None, &[]).is_err(), "{wrong}");
        }
    }
}
