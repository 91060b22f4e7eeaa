//! The folders of this machine, and what stands for them in a binary: panics and debug
//! information then say the same wherever it was built, and so do its bytes.
//!
//! The names are those that cargo's `trim-paths` (unstable) gives, but for registries: there a
//! package is called the same wherever it was unpacked or vendored to.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

/// Where one call of rustc finds its crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The folder that rustc runs in.
    pub dir: &'a Path,
    /// Whether that is the workspace's, and the package is in it.
    pub in_workspace: bool,
    /// The folder of the package.
    pub package_dir: &'a Path,
    /// Name of the package.
    pub package: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Where its build script wrote to.
    pub out_dir: Option<&'a Path>,
}

/// The arguments that take the folders of `place` out of what rustc writes. Of several that fit,
/// rustc takes the last.
pub fn remapped(place: &Place<'_>) -> Vec<OsString> {
    let name = format!("{}-{}", place.package, place.version);
    let source = match place.in_workspace {
        true => (place.dir, "."),
        false => (place.package_dir, name.as_str()),
    };
    // What is generated is mostly below the workspace, in the target directory.
    let generated = format!("{name}/out");
    let generated = place.out_dir.map(|dir| (dir, generated.as_str()));
    let argument = |(from, to): (&Path, &str)| {
        let parts = [OsStr::new("--remap-path-prefix="), from.as_os_str(), OsStr::new("="), OsStr::new(to)];
        parts.into_iter().collect::<OsString>()
    };
    [source].into_iter().chain(generated).map(argument).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(place: &Place<'_>) -> Vec<String> {
        remapped(place).into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn a_member_is_seen_from_the_workspace_and_others_by_name() {
        let member = Place {
            dir: Path::new("/w"),
            in_workspace: true,
            package_dir: Path::new("/w/app"),
            package: "app",
            version: "0.1.0",
            out_dir: Some(Path::new("/w/target/build/app-1f/out")),
        };
        assert_eq!(
            lines(&member),
            ["--remap-path-prefix=/w=.", "--remap-path-prefix=/w/target/build/app-1f/out=app-0.1.0/out"]
        );
        let package_dir = Path::new("/home/me/.cargo/registry/src/r/serde-1.0.2");
        let other = Place {
            dir: package_dir,
            in_workspace: false,
            package_dir,
            package: "serde",
            version: "1.0.2",
            out_dir: None,
        };
        assert_eq!(
            lines(&other),
            ["--remap-path-prefix=/home/me/.cargo/registry/src/r/serde-1.0.2=serde-1.0.2"]
        );
    }
}
