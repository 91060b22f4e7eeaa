//! The passes over a program that is built: each has a turn of its own in the program's chain.

use honing_core::{Result, Stage};

use crate::chain::{
    Chain,
    optimized::Optimized,
    preflight::preflight,
    ready::Ready,
    selected::{check_baseline, check_selected},
    subject::Subject,
};

impl<'a> Chain<'a> {
    /// What has to be in place before the first compile.
    pub(crate) fn preflight(&mut self) -> Result<Ready> {
        let (session, subject, selection) = (self.session, self.subject, self.selection);
        let selected = self.selected.clone();
        self.stage(
            Stage::Preflight,
            || {
                if subject.pass().is_none() {
                    check_selected(session, subject, selection, &selected)?;
                    check_baseline(session, subject, &selected)?;
                }
                preflight(session, subject)
            },
            |ready| format!("merges with {ready}"),
        )
    }

    /// A pass, with what preflight finds of it where it takes part.
    pub(crate) fn ready_for(&mut self, pass: Subject<'a>) -> Result<(Subject<'a>, Option<Ready>)> {
        let takes_part = self.selected.contains(&pass.step(Stage::Preflight));
        let ready = if takes_part { Some(self.of_pass(&pass).preflight()?) } else { None };
        Ok((pass, ready))
    }

    /// The same chain, at the turn of a pass.
    fn of_pass<'b>(&self, pass: &'b Subject<'b>) -> Chain<'b>
    where
        'a: 'b,
    {
        Chain { subject: pass, passes: Vec::new(), ..self.clone() }
    }

    /// The program that was optimized, and what each pass makes of it in turn.
    pub(crate) fn after(&mut self, optimized: Optimized) -> Result<Vec<Optimized>> {
        let (mut made, mut before) = (Vec::new(), optimized.built());
        made.push(optimized);
        for (pass, ready) in std::mem::take(&mut self.passes) {
            let pass = pass.working_on(Some(before.input()));
            let mut turn = self.of_pass(&pass);
            let optimized = match &ready {
                Some(ready) => turn.use_profile(ready, Some(&before)).map(|made| made.optimized),
                None => Ok(Optimized::load(turn.session, &pass).map(|done| done.output)),
            };
            // What it made of another program is none of this one's.
            let of_this = |optimized: &Optimized| optimized.input() == Some(before.digest());
            let Some(optimized) = optimized?.filter(of_this) else { break };
            before = optimized.built();
            made.push(optimized);
        }
        Ok(made)
    }
}
