//! What `go build` writes into a program about its modules.
//!
//! Source: `debug/buildinfo` and `runtime/debug/mod.go`. Since Go 1.18 the texts stand in the file after a header of
//! 32 bytes, each behind its length.

use crate::image::{Image, Segment};

/// A program's modules. Empty where it was built without them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// Such as `go1.26.8`.
    pub go: String,
    /// Import path of package main.
    pub path: String,
    /// The main module.
    pub main: Option<Module>,
    /// The modules that it uses.
    pub dependencies: Vec<Module>,
    /// Keys and values of the build, such as `-pgo` and `GOARCH`.
    pub settings: Vec<(String, String)>,
}

/// One module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its path, by which its packages are imported.
    pub path: String,
    /// Its version; `(devel)` for what was built in its own folder.
    pub version: String,
}

const MAGIC: &[u8] = b"\xff Go buildinf:";
const HEADER: usize = 32;
/// Texts are framed by 16 bytes on both sides.
const FRAME: usize = 16;
/// The flag that texts stand in the file.
const IN_PLACE: u8 = 2;

pub(crate) fn read(image: &Image<'_>) -> BuildInfo {
    image.segments.iter().find_map(of_segment).unwrap_or_default()
}

/// Other programs may have the magic as a text, but not what follows.
fn starts(chunk: &[u8]) -> bool {
    chunk.strip_prefix(MAGIC).is_some_and(|rest| matches!(rest, [8, flags] if flags & IN_PLACE != 0))
}

fn of_segment(segment: &Segment<'_>) -> Option<BuildInfo> {
    let skip = (segment.address.wrapping_neg() & 15) as usize;
    let data = segment.data.get(skip..)?;
    let start = data.chunks(16).position(starts)?;
    let mut rest = data.get(start * 16 + HEADER..)?;
    let go = text(&mut rest)?;
    let modules = text(&mut rest).unwrap_or_default();
    let framed = modules.len().checked_sub(FRAME).and_then(|end| modules.get(FRAME..end)).unwrap_or_default();
    Some(BuildInfo {
        go: String::from_utf8_lossy(go).into_owned(),
        ..parse(&String::from_utf8_lossy(framed))
    })
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    for shift in (0..28).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (text, behind) = rest.split_at_checked(length)?;
            *rest = behind;
            return Some(text);
        }
    }
    None
}

fn parse(text: &str) -> BuildInfo {
    let mut info = BuildInfo::default();
    for line in text.lines() {
        let Some((word, rest)) = line.split_once('\t') else { continue };
        match word {
            "path" => rest.clone_into(&mut info.path),
            "mod" => info.main = module(rest),
            "dep" => info.dependencies.extend(module(rest)),
            // Another module in its place, under the same import path: without a version it is a folder.
            "=>" => {
                if let (Some(replaced), Some(by)) = (info.dependencies.last_mut(), module(rest)) {
                    replaced.version = if by.version.is_empty() { "(devel)".to_owned() } else { by.version };
                }
            }
            "build" => {
                info.settings
                    .extend(rest.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())));
            }
            _ => {}
        }
    }
    info
}

fn module(columns: &str) -> Option<Module> {
    let mut columns = columns.split('\t');
    let (path, version) = (columns.next()?.to_owned(), columns.next().unwrap_or_default().to_owned());
    Some(Module { path, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_and_a_folder_in_place_of_one_is_own() {
        let text = "path\tx.org/a/cmd\nmod\tx.org/a\t(devel)\t\ndep\tx.org/b\tv1.0.0\th1:x=\n\
                    dep\tx.org/c\tv1.2.0\n=>\t../c\t\t\nbuild\t-pgo=default.pgo\n";
        let info = parse(text);
        assert_eq!(info.path, "x.org/a/cmd");
        let versions: Vec<_> = info.dependencies.iter().map(|module| module.version.as_str()).collect();
        assert_eq!(versions, ["v1.0.0", "(devel)"]);
        assert_eq!(info.settings, [("-pgo".to_owned(), "default.pgo".to_owned())]);
    }
}
