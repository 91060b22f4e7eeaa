//! From a profile to a program that applies it: the part of a chain from instrument (or
//! from a profile that exists) to optimize, and what follows where too little applies.

use std::path::PathBuf;

use honing_core::{
    Error, ExitCode, Result, Stage, Training,
    applied::Applied,
    config::{Rebase, ToolchainChange},
    event::Event,
    outcome::{Asked, Standing},
    staleness, units,
};

use crate::{
    chain::{
        Chain,
        again::Again,
        built::{Built, instrument, trained_changes},
        gather::gather,
        merge::{MergedProfile, forget_spent, import, merge},
        need,
        optimized::{Optimized, check_current, optimize},
        ready::Ready,
        rebase::{rebase, rebased_before},
        session::ProfileSource,
        turns::is_done_here,
    },
    keep::{
        hand_over::hand_over,
        handed::{self, Handed},
        status, stored_profile,
    },
    workloads::train::{RawProfiles, discard_raw, train},
};

/// A profile, and what was built with it.
#[derive(Debug, Default)]
pub(crate) struct ProfileUse {
    pub(crate) profile: Option<MergedProfile>,
    pub(crate) optimized: Option<Optimized>,
}

impl<'a> Chain<'a> {
    /// The profile, and the program built with it where that was asked for. `before` is the baseline, or what
    /// a pass works on.
    pub(crate) fn use_profile(&mut self, ready: &Ready, before: Option<&Built>) -> Result<ProfileUse> {
        let (session, subject) = (self.session, self.subject);
        let mut began_again = false;
        loop {
            let profile = self.profile(ready, before)?;
            if !self.runs(Stage::Optimize) {
                return self.left_before(ready, profile);
            }
            let profile = need(&profile, subject.step(Stage::Merge), Stage::Optimize)?.clone();
            let (profile, optimized) = self.optimize(ready, profile)?;
            // Once in a run, whatever is stored of it.
            let again = self.again(&profile, optimized.applied()).filter(|_| !began_again);
            let Some(again) = again else {
                // A build that the policy refuses is no input of other programs.
                self.enforce_policy(&profile, &optimized).inspect_err(|_| {
                    let refused = subject.step(Stage::Optimize);
                    self.costs.borrow_mut().retain(|cost| cost.stage != refused);
                })?;
                return Ok(ProfileUse { profile: Some(profile), optimized: Some(optimized) });
            };
            let text = format!("{}; starting over with instrument = \"same\"", again.because);
            session.sink.emit(Event::Warning { text });
            session.begin_again(subject, again)?;
            began_again = true;
            // What was done in an earlier turn is done in this one now.
            let anew = [Stage::Instrument, Stage::Train, Stage::Merge].map(|stage| subject.step(stage));
            self.turn.extend(anew.into_iter().filter(|step| self.selected.contains(step)));
        }
    }

    /// What earlier runs built, where nothing is to be built now.
    fn left_before(&mut self, ready: &Ready, profile: Option<MergedProfile>) -> Result<ProfileUse> {
        let (session, subject) = (self.session, self.subject);
        let profile = profile.map(|profile| rebased_before(session, subject, &profile).unwrap_or(profile));
        let optimized = self.stage_or(
            Stage::Optimize,
            || Err(Error::internal("optimize was not selected")),
            || Optimized::load(session, subject),
            |_| String::new(),
        )?;
        if self.runs(Stage::Record) {
            check_current(session, subject, ready, profile.as_ref(), optimized.as_ref())?;
        }
        Ok(ProfileUse { profile, optimized })
    }

    /// Instrument, train, merge; or a profile from elsewhere.
    pub(crate) fn profile(&mut self, ready: &Ready, before: Option<&Built>) -> Result<Option<MergedProfile>> {
        let (session, subject) = (self.session, self.subject);
        let describe = |profile: &MergedProfile| units::bytes(profile.bytes());
        let uses_profile = self.turn.iter().any(|step| self.flow.reaches(*step, subject.step(Stage::Merge)));
        let source = handed::source(session, subject);
        // Others are trained through it.
        if self.runs(Stage::Instrument)
            && *source != ProfileSource::Training
            && is_done_here(session, subject, Stage::Instrument)?
        {
            self.trainee(ready, before)?;
        }
        match source {
            ProfileSource::Training => {}
            // Another turn takes it, or did.
            _ if !uses_profile && !self.is_last() || self.did(Stage::Merge) => {
                return Ok(MergedProfile::load(session, subject).map(|done| done.output));
            }
            ProfileSource::File(file) => {
                return self.imported((file.clone(), None)).map(Some);
            }
            ProfileSource::Folder(dir) => {
                let Handed { file, trained } = handed::find(session, subject, dir)?;
                return self.imported((file, trained)).map(Some);
            }
            ProfileSource::Parts(given) => {
                let gather = || gather(session, subject, ready, given);
                return self
                    .stage(Stage::Merge, gather, |profile| {
                        let parts: Vec<&str> =
                            profile.parts().iter().map(|part| part.from.as_str()).collect();
                        format!("{} of {}", describe(profile), parts.join(", "))
                    })
                    .map(Some);
            }
            ProfileSource::Stored => {
                let stored = stored_profile::need(session, subject)?;
                return MergedProfile::of_stored(session, subject, stored).map(Some);
            }
        }
        let trainee = self.trainee(ready, before)?;
        let made_by = self.flow.trainee(subject.pass());
        if !self.selected.contains(&made_by) && self.runs(Stage::Train) {
            self.tell_of_older_trainee()?;
        }
        let merges = self.runs(Stage::Merge);
        let raw = self.stage_or(
            Stage::Train,
            || {
                if merges || session.options.shard.is_some() {
                    forget_spent(session, subject, ready)?;
                }
                train(session, subject, need(&trainee, made_by, Stage::Train)?)
            },
            || RawProfiles::load(session, subject),
            RawProfiles::describe,
        )?;
        if let (Some(shard), Some(raw)) = (session.options.shard, &raw) {
            let trainee = need(&trainee, made_by, Stage::Train)?;
            hand_over(session, subject, (shard, ready), trainee, raw)?;
        }
        let merged = self.stage_or(
            Stage::Merge,
            || merge(session, subject, ready, need(&raw, subject.step(Stage::Train), Stage::Merge)?),
            || MergedProfile::load(session, subject),
            describe,
        )?;
        if let (Some(raw), false, true) = (&raw, session.options.keep_raw, merges) {
            discard_raw(session, subject, raw)?;
        }
        Ok(merged)
    }

    /// A merged profile that was made elsewhere, with when it was trained.
    fn imported(&mut self, (file, trained): (PathBuf, Option<String>)) -> Result<MergedProfile> {
        let (session, subject) = (self.session, self.subject);
        self.stage(
            Stage::Merge,
            || import(session, subject, (&file, trained)),
            |profile| format!("{} from elsewhere", units::bytes(profile.bytes())),
        )
    }

    /// The program that is trained, built where that was asked for.
    fn trainee(&mut self, ready: &Ready, before: Option<&Built>) -> Result<Option<Built>> {
        let (session, subject) = (self.session, self.subject);
        if subject.kind().training() == Training::Sampled {
            return Ok(before.cloned());
        }
        let instrumented = self.stage_or(
            Stage::Instrument,
            || instrument(session, subject, ready),
            || Built::load(session, subject, Stage::Instrument),
            |built| {
                let how = if subject.is_light(session) { ", without LTO and debug info" } else { "" };
                format!("{}{how}", units::bytes(built.artifact().bytes))
            },
        )?;
        Ok(instrumented)
    }

    /// Builds with `profile`; where that applies too little and the policy wants it so,
    /// once more with the profile rebased.
    fn optimize(&mut self, ready: &Ready, profile: MergedProfile) -> Result<(MergedProfile, Optimized)> {
        let (session, subject) = (self.session, self.subject);
        let policy = &session.config.policy;
        let rebases = policy.rebase == Rebase::Auto;
        if let Some(rebased) = rebased_before(session, subject, &profile) {
            let built = self.build_with(ready, &rebased)?;
            if built.applied().fulfils(policy.min_match) {
                return Ok((rebased, built));
            }
        }
        let built = self.build_with(ready, &profile)?;
        let fulfils = built.applied().fulfils(policy.min_match);
        if fulfils
            || !rebases
            || self.again(&profile, built.applied()).is_some()
            || built.applied().is_of_another_program()
        {
            return Ok((profile, built));
        }
        let rebased = rebase(session, subject, &profile, &built)?;
        let built = self.build_with(ready, &rebased)?;
        if rebased.stored().is_some() {
            let text =
                honing_core::advise!("the rebased profile is this build's alone; `{pgo} rebase` stores it");
            session.sink.emit(Event::Note { text });
        }
        Ok((rebased, built))
    }

    /// Training what is there is what was asked for; that it is not what the sources say is not seen otherwise.
    fn tell_of_older_trainee(&self) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let changes = trained_changes(session, subject)?.unwrap_or_default();
        if let Some(change) = changes.first() {
            let text = format!(
                "{}: the program that is trained is older than this: {change}; --from {} builds it again",
                subject.name,
                self.flow.trainee(subject.pass())
            );
            session.sink.emit(Event::Warning { text });
        }
        Ok(())
    }

    pub(crate) fn build_with(&mut self, ready: &Ready, profile: &MergedProfile) -> Result<Optimized> {
        let (session, subject) = (self.session, self.subject);
        let optimized = self.stage(
            Stage::Optimize,
            || optimize(session, subject, ready, profile),
            |built| units::bytes(built.artifact().bytes),
        )?;
        let (program, applied) = (subject.name.to_owned(), optimized.applied().clone());
        session.sink.emit(Event::Matched { program, applied });
        let (program, functions) = (subject.name.to_owned(), optimized.hottest().to_vec());
        session.sink.emit(Event::Hot { program, functions });
        Ok(optimized)
    }

    /// Whether a profile that was just trained on a light build does not fit, so that instrument begins again.
    fn again(&self, profile: &MergedProfile, applied: &Applied) -> Option<Again> {
        let (session, subject) = (self.session, self.subject);
        let does_not_fit = profile.is_trained_here()
            && self.selected.contains(&subject.step(Stage::Instrument))
            && subject.is_light(session)
            && !session.began_again(subject, Stage::Instrument)
            && matches!(applied, Applied::Measured(_))
            && !applied.fulfils(session.config.policy.min_match);
        does_not_fit.then(|| Again {
            from: subject.step(Stage::Instrument),
            because: format!("with the light instrumented build the program applied {}", applied.words()),
        })
    }

    /// What the policy says to the build, and to the stored profile if it was made with that.
    fn enforce_policy(&self, profile: &MergedProfile, optimized: &Optimized) -> Result<()> {
        let (session, subject) = (self.session, self.subject);
        let (policy, applied) = (&session.config.policy, optimized.applied());
        let stored = profile.stored();
        let reasons = if let Some(stored) = stored {
            let facts = status::facts(session, subject, stored)?;
            if !facts.toolchain.is_empty() && policy.toolchain_change == ToolchainChange::Warn {
                let (name, changes) = (subject.name, facts.toolchain.join(", "));
                let text = format!(
                    "{name}: the toolchain changed since the profile was recorded: {changes}; the match decides"
                );
                session.sink.emit(Event::Warning { text });
            }
            staleness::reasons(&staleness::Facts { applied: Some(applied.clone()), ..facts }, policy)
        } else {
            staleness::below(applied, policy).into_iter().collect()
        };
        if reasons.is_empty() {
            return Ok(());
        }
        let what = if stored.is_some() { "the stored profile is stale" } else { "the profile does not fit" };
        let message = format!("{}: {what}: {}", subject.name, reasons.join("; "));
        let fits = applied.fulfils(policy.min_match);
        let standing = match applied {
            _ if applied.is_of_another_program() => Standing::NoKin,
            _ if fits => Standing::Old,
            _ => Standing::BelowMatch,
        };
        let asked = if session.options.ships { Asked::Ship } else { Asked::Use };
        let exit = standing.exit(asked, session.options.strict);
        if exit != ExitCode::Success {
            let mut hint = self.hint(applied);
            if session.options.ships && standing.may_be_accepted() {
                hint += &honing_core::advise!("; or ship with it as it is: `{pgo} build --accept-stale`");
            }
            let error = Error::new(exit, message).with_hint(hint);
            let manifest = stored_profile::folder(session, subject).join(stored_profile::MANIFEST);
            return Err(if stored.is_some() { error.in_file(manifest, None) } else { error });
        }
        session.sink.emit(Event::Warning { text: format!("{message}\n  {}", self.hint(applied)) });
        Ok(())
    }

    fn hint(&self, applied: &Applied) -> String {
        let name = self.subject.name;
        let least = self.session.config.policy.min_match;
        if applied.is_of_another_program() && !applied.fulfils(least) {
            return "hardly any of its functions are in packages that this program has: is it the profile of another \
                    program, or was the package renamed?"
                .into();
        }
        // No rebase makes a profile younger.
        let may_be_carried = self.subject.builder().renames() && applied.may_be_carried(least);
        if may_be_carried && !applied.fulfils(least) {
            return honing_core::advise!(
                "`{pgo} rebase --program {name}` carries the profile over to what functions are \
                 called now; `{pgo} --program {name}` trains anew"
            );
        }
        honing_core::advise!("train anew: `{pgo} --program {name}`")
    }
}
