//! A Go program: its functions, and every call in their code.

use crate::buildinfo::{self, BuildInfo};
use crate::error::Error;
use crate::functions::{self, Function};
use crate::image::{Arch, Image};
use crate::moduledata;
use crate::names::Names;
use crate::part::package;
use crate::sites::{self, Kind, Site};

/// Calls on one line of one function, of the same kind and to the same function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The function that calls, by its linker's name; perhaps inlined into others.
    pub caller: &'a str,
    /// The function that is called; none for calls through interfaces and function values.
    pub callee: Option<&'a str>,
    /// Line of the call, from the caller's `func` on.
    pub offset: i32,
    /// How it was compiled.
    pub kind: Kind,
    /// How many there are in the program's code: a caller that was inlined has several copies.
    pub copies: u32,
}

/// A Go program, read.
#[derive(Debug)]
pub struct Program<'a> {
    /// Its processor.
    pub arch: Arch,
    /// Its modules.
    pub info: BuildInfo,
    /// Functions that have code of their own, by address.
    pub functions: Vec<Function<'a>>,
    pub(crate) names: Names<'a>,
    /// Every call, sorted by caller and line.
    pub(crate) sites: Vec<Site>,
    /// Numbers of functions with code of their own, sorted.
    coded: Vec<u32>,
    /// Numbers of functions that are written in assembly, sorted.
    assembly: Vec<u32>,
    /// Numbers of functions whose bodies stand in another package, sorted.
    elsewhere: Vec<u32>,
}

impl<'a> Program<'a> {
    /// Reads a program out of the bytes of its file.
    ///
    /// # Errors
    /// If it is not a Go program, of another processor, of Go before 1.20, or damaged.
    pub fn read(file: &'a [u8]) -> Result<Self, Error> {
        let image = Image::read(file)?;
        let tables = moduledata::find(&image)?;
        let mut names = Names::new(tables.names);
        let (functions, places) = functions::read(&tables, &mut names)?;
        let sites = sites::read(&image, &tables, &functions, &places, &mut names)?;
        let numbers = |of: fn(&Function<'_>) -> bool| {
            let found = functions.iter().filter(|function| of(function));
            let mut numbers: Vec<_> = found.filter_map(|function| names.number(function.name)).collect();
            numbers.sort_unstable();
            numbers
        };
        let (coded, assembly) = (numbers(|_| true), numbers(|function| function.assembly));
        let (elsewhere, info) = (numbers(linked_elsewhere), buildinfo::read(&image));
        Ok(Program { arch: image.arch, info, functions, names, sites, coded, assembly, elsewhere })
    }

    /// One that no file is read for.
    #[cfg(test)]
    pub(crate) fn of_calls(info: BuildInfo, names: Names<'a>, sites: Vec<Site>) -> Self {
        let (coded, assembly, elsewhere) = (Vec::new(), Vec::new(), Vec::new());
        Program { arch: Arch::Amd64, info, functions: Vec::new(), names, sites, coded, assembly, elsewhere }
    }

    /// Every call, sorted by caller and line.
    pub fn calls(&self) -> impl Iterator<Item = Call<'a>> + '_ {
        self.sites.iter().filter_map(|site| self.call(site))
    }

    /// The calls of one function on one line.
    pub fn calls_at(&self, caller: &str, offset: i32) -> impl Iterator<Item = Call<'a>> + '_ {
        let key = self.names.number(caller).map(|caller| (caller, offset));
        let before = |site: &Site| key.is_some_and(|key| (site.caller, site.offset) < key);
        let here = self.sites.get(self.sites.partition_point(before)..).unwrap_or_default().iter();
        here.take_while(move |site| Some((site.caller, site.offset)) == key)
            .filter_map(|site| self.call(site))
    }

    /// Whether the function is in the program, with code of its own or inlined.
    pub fn has(&self, name: &str) -> bool {
        self.names.number(name).is_some()
    }

    /// Whether the function has code of its own, and is not only inlined.
    pub fn has_code(&self, name: &str) -> bool {
        self.is_one_of(&self.coded, name)
    }

    /// Whether the function was written in assembly.
    pub fn in_assembly(&self, name: &str) -> bool {
        self.is_one_of(&self.assembly, name)
    }

    /// Whether the function's body stands in another package, under another name.
    pub(crate) fn linked_elsewhere(&self, name: &str) -> bool {
        self.is_one_of(&self.elsewhere, name)
    }

    fn is_one_of(&self, numbers: &[u32], name: &str) -> bool {
        self.names.number(name).is_some_and(|number| numbers.binary_search(&number).is_ok())
    }

    fn call(&self, site: &Site) -> Option<Call<'a>> {
        let callee = match site.callee {
            Some(number) => Some(self.names.get(number)?),
            None => None,
        };
        let Site { offset, kind, copies, .. } = *site;
        Some(Call { caller: self.names.get(site.caller)?, callee, offset, kind, copies })
    }
}

/// Whether the body of a function of Go's own packages stands in the folder of another one: `go:linkname`.
fn linked_elsewhere(function: &Function<'_>) -> bool {
    let Some((folder, _)) = function.file.rsplit_once('/') else { return false };
    let own = folder.rsplit_once("/src/").map_or(folder, |(_, behind)| behind);
    // Modules have versions in their folders, and people any folders.
    let of_go = own.split('/').next().is_some_and(|first| !first.is_empty() && !first.contains('.'));
    let package = package(function.name);
    of_go && !function.name.starts_with("main.") && own != package
}
