//! packages/edge is a Go module: Go's own tools judge it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use duct::cmd;

use crate::ci::say;

/// Checks the module at `edge`; false where there is no Go, which is said.
pub(crate) fn check(edge: &Path) -> Result<bool> {
    let Ok(go) = cmd!("go", "env", "GOROOT", "CGO_ENABLED").dir(edge).read() else {
        ensure!(std::env::var_os("HONING_NO_SKIP").is_none(), "go: needs Go, and HONING_NO_SKIP is set");
        say("==> go: SKIPPED, needs Go");
        return Ok(false);
    };
    let (root, cgo) = go.split_once('\n').context("go env gave one line")?;
    say("==> go");
    let badly = cmd!(Path::new(root).join("bin/gofmt"), "-l", ".").dir(edge).read().context("gofmt")?;
    ensure!(badly.is_empty(), "gofmt: {}; again: gofmt -w packages/edge", badly.replace('\n', ", "));
    let again = |words: &[&str]| format!("again, in packages/edge: go {}", words.join(" "));
    // The race detector is C.
    let test: &[&str] = if cgo == "1" { &["test", "-race", "./..."] } else { &["test", "./..."] };
    for words in [&["vet", "./..."], test] {
        cmd("go", words).dir(edge).run().with_context(|| again(words))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::check;

    #[test]
    fn what_go_finds_fails() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("go.mod", "module m\n\ngo 1.24\n");
        let main = "package main\n\nfunc main() {}\n";
        write("main.go", main);
        if !check(folder.path()).unwrap() {
            return;
        }
        for (text, what) in [
            ("package main\nfunc main()  {}\n", "gofmt: main.go"),
            ("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Printf(\"%d\", \"\") }\n", "go vet ./..."),
        ] {
            write("main.go", text);
            let error = format!("{:#}", check(folder.path()).unwrap_err());
            assert!(error.contains(what), "{error}");
        }
        write("main.go", main);
        write(
            "main_test.go",
            "package main\n\nimport \"testing\"\n\nfunc TestNo(t *testing.T) { t.Fail() }\n",
        );
        let error = format!("{:#}", check(folder.path()).unwrap_err());
        assert!(error.contains("go test "), "{error}");
    }
}
