//! Stand-ins for the two images that the Containerfile starts from: Debian, and Debian with Rust.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use duct::cmd;

use super::tools::Tools;
use crate::ci::say;

pub(super) struct Bases {
    pub(super) runtime: &'static str,
    pub(super) build: &'static str,
    /// Where the toolchain of this machine is; it is mounted, not copied.
    pub(super) sysroot: PathBuf,
}

/// What Rust's image has beside Debian, but for the toolchain itself.
const RUST: &str = "\
FROM localhost/honing-debian
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
ENV CARGO_HOME=/usr/local/cargo PATH=/toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
";

pub(super) fn make(tools: &Tools) -> Result<Bases> {
    let sysroot = cmd!("rustc", "--print", "sysroot").read().context("rustc --print sysroot")?;
    let bases =
        Bases { runtime: "localhost/honing-debian", build: "localhost/honing-rust", sysroot: sysroot.into() };
    if !exists(tools, bases.runtime)? {
        debian(tools, bases.runtime)?;
    }
    if !exists(tools, bases.build)? {
        say("==> base image with gcc");
        let args =
            ["build", "--isolation", "chroot", "--network", "host", "--tag", bases.build, "-f", "-", "."];
        tools.buildah(&args).dir(&tools.folder).stdin_bytes(RUST).stdout_null().run()?;
    }
    Ok(bases)
}

fn exists(tools: &Tools, image: &str) -> Result<bool> {
    let found = tools.buildah(&["inspect", "--type", "image", image]).stdout_null().stderr_null();
    Ok(found.unchecked().run()?.status.success())
}

fn debian(tools: &Tools, image: &str) -> Result<()> {
    say("==> base image by debootstrap");
    let root = tools.folder.join("debian");
    if root.exists() {
        // What an interrupted run left.
        fs::remove_dir_all(&root).with_context(|| root.display().to_string())?;
    }
    let release = fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
    let suite = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or("stable");
    let mirror = mirror(suite)?;
    let args = ["--variant=minbase", "--include=ca-certificates", suite];
    cmd!("debootstrap", args[0], args[1], args[2], &root, mirror)
        .stdout_null()
        .run()
        .context("debootstrap")?;
    // Whoever this machine trusts, so that cargo gets at the dependencies as it does here.
    let trusted = "etc/ssl/certs/ca-certificates.crt";
    fs::copy(format!("/{trusted}"), root.join(trusted)).context("this machine's certificates")?;

    let container = tools.buildah(&["from", "scratch"]).read()?;
    let from = root.to_str().context("a path that is no text")?;
    tools.buildah(&["add", "--quiet", &container, from, "/"]).stdout_null().run()?;
    tools.buildah(&["commit", "--quiet", "--rm", &container, image]).stdout_null().run()?;
    fs::remove_dir_all(&root).with_context(|| root.display().to_string())
}

/// The mirror that this machine installs `suite` from.
fn mirror(suite: &str) -> Result<String> {
    let targets = cmd!("apt-get", "indextargets", "--format", "$(CODENAME) $(SITE)", "Created-By: Packages");
    let targets = targets.read().context("apt-get indextargets")?;
    let of_suite =
        |line: &str| line.split_once(' ').filter(|(name, _)| *name == suite).map(|(_, site)| site.to_owned());
    targets
        .lines()
        .find_map(of_suite)
        .with_context(|| format!("apt has no source of {suite}: apt-get update"))
}
