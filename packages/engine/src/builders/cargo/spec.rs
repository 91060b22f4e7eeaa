//! Cargo's package id specifications, for members: `name`, `name@1.2`, `file:///w/name`,
//! `path+file:///w/dir#name@1.2.3`. Source: "Package ID Specifications" in cargo's reference.

use cargo_metadata::Package;

/// What a person calls a package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spec<'a> {
    name: Option<&'a str>,
    /// All of the version, or its first numbers.
    version: Option<&'a str>,
    /// The folder's URL, without the kind of source.
    url: Option<&'a str>,
}

impl<'a> Spec<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let Some((_, path)) = text.split_once("://") else {
            let (name, version) = name_and_version(text);
            return Self { name: Some(name), version, url: None };
        };
        let url = text.strip_prefix("path+").unwrap_or(text);
        let (url, fragment) = url.split_once('#').map_or((url, None), |(url, rest)| (url, Some(rest)));
        let url = Some(if path.len() > 1 { url.trim_end_matches('/') } else { url });
        match fragment {
            None => Self { name: None, version: None, url },
            Some(version) if version.starts_with(|first: char| first.is_ascii_digit()) => {
                Self { name: None, version: Some(version), url }
            }
            Some(fragment) => {
                let (name, version) = name_and_version(fragment);
                Self { name: Some(name), version, url }
            }
        }
    }

    /// Whether the package is called so.
    pub(super) fn is_of(&self, package: &Package) -> bool {
        self.fits(&package.name, &package.version.to_string(), &package.id.repr)
    }

    fn fits(&self, name: &str, version: &str, id: &str) -> bool {
        self.name.is_none_or(|wanted| wanted == name)
            && self.version.is_none_or(|wanted| fits_version(wanted, version))
            && self.url.is_none_or(|wanted| Spec::parse(id).url == Some(wanted))
    }
}

/// `name@version`, or `name:version` as cargo wrote it once.
fn name_and_version(text: &str) -> (&str, Option<&str>) {
    text.split_once(['@', ':']).map_or((text, None), |(name, version)| (name, Some(version)))
}

/// Whether `version` is all of `wanted`, or begins with its numbers; a pre-release has to be named whole.
fn fits_version(wanted: &str, version: &str) -> bool {
    let without_build = version.split('+').next().unwrap_or(version);
    if wanted == version || wanted == without_build {
        return true;
    }
    let rest = without_build.strip_prefix(wanted);
    !without_build.contains('-') && rest.is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use crate::builders::cargo::spec::Spec;

    #[test]
    fn members_are_called_as_cargo_calls_them() {
        let (in_own, in_other) = ("path+file:///w/tool#0.1.2", "path+file:///w#tool@0.1.2");
        for (spec, id, fits) in [
            ("tool", in_own, true),
            ("tools", in_own, false),
            ("tool@0.1.2", in_own, true),
            ("tool:0.1.2", in_own, true),
            ("tool@0.1", in_own, true),
            ("tool@0", in_own, true),
            ("tool@0.1.20", in_own, false),
            ("tool@0.1.", in_own, false),
            ("tool@1", in_own, false),
            (in_own, in_own, true),
            (in_other, in_other, true),
            (in_own, in_other, false),
            ("file:///w/tool", in_own, true),
            ("file:///w/tool/", in_own, true),
            ("path+file:///w/tool#tool", in_own, true),
            ("file:///w#tool@0.1", in_other, true),
            ("file:///w#other", in_other, false),
            ("git+https://localhost/w#tool", in_other, false),
        ] {
            assert_eq!(Spec::parse(spec).fits("tool", "0.1.2", id), fits, "{spec} {id}");
        }
    }

    #[test]
    fn a_pre_release_is_named_whole() {
        let fits = |wanted: &str, version: &str| super::fits_version(wanted, version);
        assert!(fits("1.0.0-rc.1", "1.0.0-rc.1") && fits("1.0.0", "1.0.0+build"));
        assert!(!fits("1.0.0", "1.0.0-rc.1") && !fits("1", "1.0.0-rc.1"));
    }
}
