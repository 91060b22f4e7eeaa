//! The programs of a session: those that were asked for, and can be built here.

use std::sync::Arc;

use honing_core::{Error, Part, Result, Stage, config::Program, event::Event, unknown};

use crate::{
    builders::Opened,
    chain::{
        session::{ProfileSource, Session},
        subject::Subject,
    },
    keep::stored_profile,
};

impl Session {
    /// The programs that were asked for, each after what it needs. Where all were, those that cannot be built on
    /// this machine are left out, which is told; but for the only one.
    ///
    /// # Errors
    /// Usage, where a name or a thing that it refers to does not exist.
    pub fn subjects(&self) -> Result<Vec<Subject<'_>>> {
        let names: Vec<&str> = self.config.program.keys().map(String::as_str).collect();
        for name in &self.options.programs {
            if !names.contains(&name.as_str()) {
                let file = self.config_path.display().to_string();
                return Err(unknown("program", name, &file, &names));
            }
        }
        let wanted = |name: &str| {
            self.options.programs.is_empty() || self.options.programs.iter().any(|wanted| wanted == name)
        };
        let programs = self.config.in_order().into_iter().filter(|(name, _)| wanted(name));
        let (mut found, mut absent) = (Vec::new(), Vec::new());
        for (name, program) in programs {
            match self.absent(program).filter(|_| self.options.programs.is_empty()) {
                Some(why) => absent.push(((name, program), why)),
                None => found.push(self.subject(name, program)?),
            }
        }
        // Of nothing else, the error says what is missing.
        if found.is_empty() {
            return absent.into_iter().map(|((name, program), _)| self.subject(name, program)).collect();
        }
        self.told_absent.call_once(|| {
            for ((name, _), why) in absent {
                self.sink.emit(Event::Warning { text: format!("program `{name}` is skipped: {why}") });
            }
        });
        Ok(found)
    }

    /// Why a program cannot be built on this machine at all.
    fn absent(&self, program: &Program) -> Option<String> {
        self.opened(program.own.craft()).ok()?.builder.absent()
    }

    pub(crate) fn subject<'a>(&'a self, name: &'a str, program: &'a Program) -> Result<Subject<'a>> {
        let at = |error: Error| error.at(format!("program `{name}`"));
        let Opened { builder, passes, .. } = self.opened(program.own.craft()).map_err(at)?;
        let (artifact, triple) = builder.look_up(self, program).map_err(at)?;
        Ok(Subject {
            name,
            program,
            artifact,
            triple,
            builder: Arc::clone(builder),
            passes: passes.iter().filter(|pass| pass.is_for(program)).map(Arc::clone).collect(),
            at: None,
            input: None,
            needs: Vec::new(),
            alone: None,
            plain: self.is_plain(name, program),
        })
    }
    /// Whether a program is built without PGO: where pgo.toml says so; or where it has no training and no profile,
    /// and others use nothing of it but what is built without one.
    fn is_plain(&self, name: &str, program: &Program) -> bool {
        let trains = || program.workload.values().any(|workload| workload.role.trains());
        let given = || {
            self.options.manual.is_some()
                || match &self.options.profile {
                    ProfileSource::Training | ProfileSource::Stored => false,
                    ProfileSource::Folder(dir) => self.around.dir.join(dir).join(name).exists(),
                    ProfileSource::File(_) | ProfileSource::Parts(_) => true,
                }
                || self.root.join(stored_profile::folders(self, name)).exists()
        };
        if !program.pgo || trains() || given() {
            return !program.pgo;
        }
        let others = self.config.program.keys().flat_map(|other| self.config.needed(other));
        let mut used = others.filter(|needed| needed.other.program == name).peekable();
        let plain = |part: Part| part == Part::Shipped || part == Part::Made(Stage::Baseline.into());
        used.peek().is_some() && used.all(|needed| plain(needed.other.part))
    }
}
