//! What a call of rustc says about its unit, and where cargo's `-C metadata` stands.

use std::{
    ffi::{OsStr, OsString},
    path::{Component, Path, PathBuf},
};

/// The arguments of one call of rustc.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Call {
    args: Vec<OsString>,
    /// Index of the first metadata, and what stands before its value.
    metadata: Option<(usize, &'static str)>,
    for_target: bool,
    /// `--crate-name`.
    pub crate_name: Option<String>,
    /// `--crate-type`.
    pub crate_types: Vec<String>,
    /// Whether `--test` is there.
    pub test: bool,
    /// Whether it compiles a part of the standard library: cargo says so with
    /// `-Zforce-unstable-if-unmarked`.
    pub of_std: bool,
    /// Whether the crate's root file is named relative to the folder that rustc runs in: cargo
    /// does so within the workspace, which is that folder then.
    pub in_workspace: bool,
    /// `--out-dir`.
    pub out_dir: Option<PathBuf>,
    /// `-C extra-filename`: what tells the files of units of one crate apart.
    extra_filename: String,
    root_seen: bool,
}

/// The two ways to write a codegen option as one word.
const JOINED: [&str; 2] = ["-C", "--codegen="];
const METADATA: &str = "metadata=";
const OF_STD: &str = "force-unstable-if-unmarked";
/// Spells type arguments out, where the legacy mangling has no more than a hash of them:
/// with it the instances of a generic function can be told apart in another build.
pub const V0: &str = "-Csymbol-mangling-version=v0";

const EXTRA_FILENAME: &str = "extra-filename=";

impl Call {
    /// Reads the arguments: rustc's, with whatever stands before them.
    pub fn new(args: Vec<OsString>) -> Self {
        let mut call = Self::default();
        let mut at = 0;
        while let Some(word) = args.get(at).map(|word| word.to_str().unwrap_or_default()) {
            let next = args.get(at + 1).and_then(|next| next.to_str()).unwrap_or_default();
            at += call.option(at, word, next);
        }
        call.args = args;
        call
    }

    /// Takes notice of one option; how many words it has.
    fn option(&mut self, at: usize, word: &str, next: &str) -> usize {
        match word {
            "-C" | "--codegen" => self.codegen(at + 1, "", next),
            "-Z" => self.of_std |= next == OF_STD,
            "--target" => self.for_target = true,
            "--crate-name" => self.crate_name = Some(next.to_owned()),
            "--crate-type" => self.types(next),
            "--out-dir" => self.out_dir = Some(next.into()),
            "--test" => {
                self.test = true;
                return 1;
            }
            _ => {
                self.joined(at, word);
                return 1;
            }
        }
        2
    }

    fn joined(&mut self, at: usize, word: &str) {
        if let Some(name) = word.strip_prefix("--crate-name=") {
            self.crate_name = Some(name.to_owned());
        } else if let Some(types) = word.strip_prefix("--crate-type=") {
            self.types(types);
        } else if let Some(dir) = word.strip_prefix("--out-dir=") {
            self.out_dir = Some(dir.into());
        } else if word.starts_with("--target=") {
            self.for_target = true;
        } else if let Some(name) = word.strip_prefix("-Z") {
            self.of_std |= name == OF_STD;
        } else if !self.root_seen && !word.starts_with('-') && word.ends_with(".rs") {
            self.root_seen = true;
            self.in_workspace = Path::new(word).is_relative();
        } else {
            for prefix in JOINED {
                if let Some(option) = word.strip_prefix(prefix) {
                    self.codegen(at, prefix, option);
                }
            }
        }
    }

    fn types(&mut self, list: &str) {
        self.crate_types.extend(list.split(',').map(str::to_owned));
    }

    /// The first metadata is cargo's; what rustflags add comes after it and stays.
    fn codegen(&mut self, at: usize, prefix: &'static str, option: &str) {
        if self.metadata.is_none() && option.starts_with(METADATA) {
            self.metadata = Some((at, prefix));
        }
        if self.extra_filename.is_empty()
            && let Some(extra) = option.strip_prefix(EXTRA_FILENAME)
        {
            self.extra_filename = extra.to_owned();
        }
    }

    /// Whether cargo calls to compile a unit of the build in `target_dir`: its files go exactly where
    /// cargo puts one. A cargo that a build script runs has inherited the wrapper, and works in other
    /// folders, though maybe below these; a question about rustc has no metadata.
    pub fn is_unit_in(&self, target_dir: &Path) -> bool {
        let inside = self.out_dir.as_deref().and_then(|dir| dir.strip_prefix(target_dir).ok());
        let Some(inside) = inside.filter(|_| self.metadata.is_some() && self.crate_name.is_some()) else {
            return false;
        };
        // Before that stand the triple, where there is one, and the folder of the Cargo profile.
        let folders: Vec<Component<'_>> =
            inside.components().skip(1 + usize::from(self.for_target)).collect();
        let names: Vec<&str> =
            folders.iter().map(|one| one.as_os_str().to_str().unwrap_or_default()).collect();
        // The last is a newer layout of cargo's.
        matches!(names.as_slice(), ["deps" | "examples"] | ["build", _] | ["build", _, _, "out"])
    }

    /// Whether it is for the target. Without `--target` a unit is the host's (a build script, a
    /// proc-macro and what they use), which no profile is about.
    pub fn is_for_target(&self) -> bool {
        self.for_target
    }

    /// The name that the unit's files share, `lib` before and suffixes after it apart.
    pub fn stem(&self) -> String {
        format!("{}{}", self.crate_name.as_deref().unwrap_or_default(), self.extra_filename)
    }

    /// The arguments.
    pub fn args(&self) -> &[OsString] {
        &self.args
    }

    /// The arguments with another metadata, with v0 mangling, and with `also`. What follows (a
    /// person's rustflags) has the last word.
    #[must_use]
    pub fn pinned(mut self, key: &str, also: Vec<OsString>) -> Vec<OsString> {
        if let Some((at, prefix)) = self.metadata {
            self.args[at] = format!("{prefix}{METADATA}{key}").into();
            self.args.splice(at + 1..=at, [V0.into()].into_iter().chain(also));
        }
        self.args
    }

    /// The arguments with v0 mangling and cargo's own metadata.
    #[must_use]
    pub fn mangled(mut self) -> Vec<OsString> {
        if let Some((at, _)) = self.metadata {
            self.args.insert(at + 1, V0.into());
        }
        self.args
    }

    /// The arguments as they were.
    #[must_use]
    pub fn into_args(self) -> Vec<OsString> {
        self.args
    }
}

/// The file that cargo put rustc's arguments into, where they were too long for a
/// command line: it is then the last word, and its name is cargo's. One that a person
/// wrote into rustflags stands among others, and is rustc's business.
pub fn argument_file(args: &[OsString]) -> Option<&OsStr> {
    let path = args.last()?.to_str()?.strip_prefix('@')?;
    let name = path.rsplit(['/', '\\']).next()?;
    name.starts_with("cargo-argfile.").then(|| OsStr::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn line(args: &[OsString]) -> String {
        args.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn metadata_is_replaced_in_every_form() {
        for (before, after) in [
            (
                "rustc --crate-name a -C metadata=x --target t",
                "rustc --crate-name a -C metadata=K V0 --target t",
            ),
            (
                "rustc --crate-name=a -Cmetadata=x --target=t",
                "rustc --crate-name=a -Cmetadata=K V0 --target=t",
            ),
            (
                "rustc --crate-name a --codegen metadata=x --target t",
                "rustc --crate-name a --codegen metadata=K V0 --target t",
            ),
            (
                "rustc --crate-name a --codegen=metadata=x --target t",
                "rustc --crate-name a --codegen=metadata=K V0 --target t",
            ),
            // A person's own comes later, in rustflags.
            (
                "w rustc --crate-name a -C metadata=x -C extra-filename=-y --target t -Cmetadata=mine",
                "w rustc --crate-name a -C metadata=K V0 -C extra-filename=-y --target t -Cmetadata=mine",
            ),
        ] {
            let call = Call::new(words(before));
            assert!(call.is_for_target(), "{before}");
            assert_eq!(line(&call.pinned("K", Vec::new())), after.replace("V0", V0));
        }
    }

    #[test]
    fn units_of_the_build_are_told_from_other_calls() {
        let unit = |line: &str| Call::new(words(line)).is_unit_in(Path::new("/w/t"));
        for own in [
            "rustc --crate-name a -C metadata=x --out-dir /w/t/T/release/deps --target T",
            "w rustc --crate-name=a -Cmetadata=x --out-dir=/w/t/T/release/examples --target=T",
            // The host's.
            "rustc --crate-name build_script_build -C metadata=x --out-dir /w/t/release/build/a-1",
            // A Cargo profile of that name, and the folders of newer cargos.
            "rustc --crate-name a -C metadata=x --out-dir /w/t/T/out/deps --target T",
            "rustc --crate-name a -C metadata=x --out-dir /w/t/out/deps",
            "rustc --crate-name a -C metadata=x --out-dir /w/t/T/release/build/a/1f/out --target T",
        ] {
            assert!(unit(own), "{own}");
        }
        for other in [
            "rustc -vV",
            "rustc - --crate-name ___ --print=file-names --target T --crate-type bin",
            "rustc --crate-name probe --out-dir /w/t/T/release/build/a-1/out --target T",
            "rustc --target T -C metadata=x --out-dir /w/t/T/release/deps",
            "rustc --crate-name a --target T -C linker-metadata=x --out-dir /w/t/T/release/deps",
            // A cargo below a build script.
            "rustc --crate-name a -C metadata=x --out-dir /w/t/T/release/build/a-1/out/T/release/deps --target T",
            "rustc --crate-name a -C metadata=x --out-dir /w/t/release/build/a-1/out/t/release/deps",
            "rustc --crate-name a -C metadata=x --out-dir /w/target/T/release/deps --target T",
            "rustc --crate-name a -C metadata=x --out-dir /w/t/T/release/helper/T/release/deps --target T",
            "rustc --crate-name a -C metadata=x --out-dir /w/t/T/helper/T/release/deps --target T",
            "rustc --crate-name a -C metadata=x --out-dir /w/t/helper/T/release/deps --target T",
            "rustc --crate-name a -C metadata=x --out-dir /w/t/helper/release/deps",
            // A script's own call.
            "rustc --crate-name a -C metadata=x --out-dir /w/t/T/release/build/a-1/out --target T",
            "rustc -C",
            "rustc @/tmp/file",
            "",
        ] {
            assert!(!unit(other), "{other}");
        }
    }

    #[test]
    fn files_of_a_unit_share_a_name() {
        let stem = |line: &str| Call::new(words(line)).stem();
        assert_eq!(stem("rustc --crate-name a -C metadata=x -C extra-filename=-1f --out-dir d"), "a-1f");
        assert_eq!(stem("rustc --crate-name a -Cextra-filename=-1f -Cextra-filename=-mine"), "a-1f");
        assert_eq!(stem("rustc --crate-name a"), "a");
    }

    #[test]
    fn the_unit_is_read() {
        let call = Call::new(words(
            "rustc --crate-name a --test --crate-type cdylib --crate-type=rlib,lib -Z force-unstable-if-unmarked",
        ));
        assert_eq!(call.crate_name.as_deref(), Some("a"));
        assert_eq!(call.crate_types, ["cdylib", "rlib", "lib"]);
        assert!(call.test && call.of_std);
        for (line, inside) in [
            ("rustc --crate-name a --edition=2024 app/src/lib.rs --crate-type lib", true),
            ("rustc --crate-name a --edition=2024 /r/a-1.0.0/src/lib.rs --out-dir x.rs", false),
            ("rustc --crate-name a -", false),
        ] {
            assert_eq!(Call::new(words(line)).in_workspace, inside, "{line}");
        }
        // The value of an option is not an option.
        let call = Call::new(words("rustc --crate-name --test -C --test"));
        assert!(!call.test);
    }

    #[test]
    fn only_cargos_own_argument_file_is_taken() {
        let file = |line: &str| argument_file(&words(line)).map(|path| path.to_string_lossy().into_owned());
        assert_eq!(file("rustc @/tmp/cargo-argfile.Xy1"), Some("/tmp/cargo-argfile.Xy1".into()));
        assert_eq!(file("w rustc @C:\\Temp\\cargo-argfile.Xy1"), Some("C:\\Temp\\cargo-argfile.Xy1".into()));
        assert_eq!(file("rustc @/home/me/flags"), None);
        assert_eq!(file("rustc @/tmp/cargo-argfile.Xy1 --verbose"), None);
        assert_eq!(file(""), None);
    }

    #[cfg(unix)]
    #[test]
    fn words_that_are_not_text_stay() {
        use std::os::unix::ffi::OsStringExt;
        let strange = OsString::from_vec(vec![b'-', b'L', 0xff]);
        let mut args = words("rustc --crate-name a -C metadata=x --target t");
        args.push(strange.clone());
        assert_eq!(Call::new(args).pinned("K", Vec::new()).last(), Some(&strange));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]
        #[test]
        fn nothing_else_changes(
            before in proptest::collection::vec("(-C|-L|--cfg|metadata=[a-z]|-Cmetadata=[a-z]|--target|--test|[a-z=.-]{0,6})", 0..12),
        ) {
            let args: Vec<OsString> = before.iter().map(OsString::from).collect();
            let call = Call::new(args.clone());
            assert_eq!(call.clone().into_args(), args);
            let has_metadata = call.metadata.is_some();
            let mut changed = call.pinned("K", Vec::new());
            if has_metadata {
                let at = changed.iter().position(|word| word == V0).unwrap();
                changed.remove(at);
            }
            let differ = changed.iter().zip(&args).filter(|(a, b)| a != b).count();
            assert_eq!(changed.len(), args.len());
            assert_eq!(differ, usize::from(has_metadata));
        }
    }
}
