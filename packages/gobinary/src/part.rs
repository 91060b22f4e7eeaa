//! Whose code a function is, by its package and the modules that the program names.

use crate::buildinfo::BuildInfo;
use std::borrow::Cow;

/// Whose code a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Package main, the main module, and modules that are built in their own folders.
    Own,
    /// Other modules of the program.
    Dependency,
    /// Modules that the program does not have, or any module where it names none.
    Foreign,
    /// The runtime.
    Runtime,
    /// The rest of the standard library.
    Standard,
}

impl Part {
    /// All parts, in the order in which they are told.
    pub const ALL: [Part; 5] = [Part::Own, Part::Dependency, Part::Foreign, Part::Runtime, Part::Standard];
}

/// Import path of the package of a function, as people write it.
pub fn package(function: &str) -> Cow<'_, str> {
    let (path, _) = split(function);
    if path.contains('%') { Cow::Owned(unescape(path)) } else { Cow::Borrowed(path) }
}

/// The package of a function as the linker writes it, and what stands behind the dot.
///
/// In the linker's names a dot in the last element of a path is `%2e`, so that the first dot there ends it.
pub(crate) fn split(function: &str) -> (&str, &str) {
    // Slashes in receivers and type arguments belong to other packages.
    let head = function.find(['[', '(']).map_or(function, |end| function.get(..end).unwrap_or(function));
    let last = head.rfind('/').map_or(0, |slash| slash + 1);
    let dot = head.get(last..).and_then(|element| element.find('.')).map_or(head.len(), |dot| last + dot);
    let (path, behind) = function.split_at_checked(dot).unwrap_or((function, ""));
    (path, behind.strip_prefix('.').unwrap_or(behind))
}

fn unescape(path: &str) -> String {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part
            .split_at_checked(2)
            .and_then(|(code, rest)| Some((u8::from_str_radix(code, 16).ok()?, rest)))
        {
            Some((byte, rest)) => {
                bytes.push(byte);
                bytes.extend_from_slice(rest.as_bytes());
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl BuildInfo {
    /// Whose code a function is.
    pub fn part(&self, function: &str) -> Part {
        let package = package(function);
        let package = package.strip_suffix("_test").unwrap_or(&package);
        let within = |module: &str| {
            package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let developed = self.dependencies.iter().filter(|module| module.version == "(devel)");
        let own = self.main.iter().chain(developed).any(|module| within(&module.path));
        let first = package.split('/').next().unwrap_or_default();
        if own || package == "main" || (!self.path.is_empty() && within(&self.path)) {
            Part::Own
        } else if self.dependencies.iter().any(|module| within(&module.path)) {
            Part::Dependency
        } else if within("runtime")
            && !within("runtime/pprof")
            && !within("runtime/debug")
            && !within("runtime/trace")
            || within("internal/runtime")
        {
            Part::Runtime
        } else if first.contains('.') {
            Part::Foreign
        } else {
            Part::Standard
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildinfo::Module;

    #[test]
    fn packages_and_their_parts() {
        let module = |path: &str, version: &str| Module { path: path.into(), version: version.into() };
        let info = BuildInfo {
            main: Some(module("shop", "(devel)")),
            dependencies: vec![module("gopkg.in/yaml.v3", "v3.0.1"), module("x.org/near", "(devel)")],
            ..BuildInfo::default()
        };
        let table = [
            ("main.main.func1", "main", Part::Own),
            ("shop/cart.(*Cart).Add", "shop/cart", Part::Own),
            ("shop_test.BenchmarkX", "shop_test", Part::Own),
            ("shopping.F", "shopping", Part::Standard),
            ("x.org/near.F", "x.org/near", Part::Own),
            ("gopkg.in/yaml%2ev3.(*parser).next", "gopkg.in/yaml.v3", Part::Dependency),
            ("slices.insertionSort[go.shape.struct { x.org/a.T }]", "slices", Part::Standard),
            ("runtime.mallocgc", "runtime", Part::Runtime),
            ("runtime/pprof.StartCPUProfile", "runtime/pprof", Part::Standard),
            ("internal/runtime/maps.(*Map).Get", "internal/runtime/maps", Part::Runtime),
            (
                "vendor/golang.org/x/net/http/httpguts.F",
                "vendor/golang.org/x/net/http/httpguts",
                Part::Standard,
            ),
            ("x.org/far%zz%2", "x.org/far%zz%2", Part::Foreign),
        ];
        for (function, path, part) in table {
            assert_eq!((package(function).as_ref(), info.part(function)), (path, part), "{function}");
        }
    }
}
