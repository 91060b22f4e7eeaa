//! The passes over a program that is built: each has a turn of its own in the program's chain.

use honing_core::{Result, Stage};

use crate::chain::{
    Chain, optimized::Optimized, preflight::preflight, ready::Ready, selected::check_selected,
    subject::Subject,
};

impl<'a> Chain<'a> {
    /// What has to be in place before the first compile.
    pub(crate) fn preflight(&mut self) -> Result<Ready> {
        let (session, subject, selection) = (self.session, self.subject, self.selection);
        self.stage(
            Stage::Preflight,
            || {
                if subject.pass().is_none() {
                    check_selected(session, subject, selection)?;
                }
                preflight(session, subject)
            },
            |ready| format!("merges with {ready}"),
        )
    }

    /// A pass, with what preflight finds of it where it takes part.
    pub(crate) fn ready_for(&mut self, pass: Subject<'a>) -> Result<(Subject<'a>, Option<Ready>)> {
        let takes_part = self.selected.contains(&pass.step(Stage::Preflight));
        let mut turn = self.turn(&pass);
        let ready = if takes_part { turn.preflight().map(Some) } else { Ok(None) };
        self.costs = turn.costs;
        Ok((pass, ready?))
    }

    /// The same chain, at the turn of a pass; its costs are to be taken back.
    fn turn<'b>(&mut self, pass: &'b Subject<'b>) -> Chain<'b>
    where
        'a: 'b,
    {
        Chain {
            session: self.session,
            subject: pass,
            selection: self.selection,
            flow: self.flow.clone(),
            selected: self.selected.clone(),
            passes: Vec::new(),
            costs: std::mem::take(&mut self.costs),
            later: self.later,
        }
    }

    /// The program that was optimized, and what each pass makes of it in turn.
    pub(crate) fn after(&mut self, optimized: Optimized) -> Result<Vec<Optimized>> {
        let (mut made, mut before) = (Vec::new(), optimized.built());
        made.push(optimized);
        for (pass, ready) in std::mem::take(&mut self.passes) {
            let pass = pass.working_on(Some(before.input()));
            let mut turn = self.turn(&pass);
            let optimized = match &ready {
                Some(ready) => turn.use_profile(ready, Some(&before)).map(|made| made.optimized),
                None => Ok(Optimized::load(turn.session, &pass).map(|done| done.output)),
            };
            self.costs = turn.costs;
            // What it made of another program is none of this one's.
            let of_this = |optimized: &Optimized| optimized.input() == Some(before.digest());
            let Some(optimized) = optimized?.filter(of_this) else { break };
            before = optimized.built();
            made.push(optimized);
        }
        Ok(made)
    }
}
