//! The programs that are measured, compiled here, and the hogs that disturb them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

const SOURCE: &str = include_str!("spin.rs");
/// How long a program runs.
const WANTED: Duration = Duration::from_millis(50);
/// Turns that the calibration begins with.
const FIRST_TURNS: u64 = 10_000_000;
/// A hog ends by itself after so long, in seconds.
const LONGEST: u64 = 900;

/// The programs, by what they do.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) dir: PathBuf,
    /// Turns of the program that the others are compared with.
    turns: u64,
}

impl Programs {
    /// Compiles them below `dir`, where that has not been done.
    pub(super) fn ready(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir)?;
        fs::write(dir.join("spin.rs"), SOURCE)?;
        let kept = dir.join("turns");
        let turns = match fs::read_to_string(&kept) {
            Ok(text) => text.trim().parse().context("turns")?,
            Err(_) => {
                let turns = calibrate(dir)?;
                fs::write(&kept, turns.to_string())?;
                turns
            }
        };
        Ok(Self { dir: dir.to_owned(), turns })
    }

    /// One that does so many thousandths of the turns.
    pub(super) fn with(&self, thousandths: u64) -> Result<PathBuf> {
        compile(&self.dir, &format!("spin-{thousandths}"), self.turns * thousandths / 1000, None)
    }

    /// One that leaves `flag` while it runs.
    pub(super) fn flagging(&self, flag: &Path) -> Result<PathBuf> {
        compile(&self.dir, "spin-flag", self.turns, Some(flag))
    }

    /// The same program in another file: a byte more at its end, so that nobody takes it for a copy.
    pub(super) fn same(&self) -> Result<PathBuf> {
        let path = self.dir.join("spin-same");
        let mut bytes = fs::read(self.with(1000)?)?;
        bytes.push(0);
        if !fs::read(&path).is_ok_and(|there| there == bytes) {
            fs::write(&path, bytes)?;
            fs::set_permissions(&path, fs::metadata(self.with(1000)?)?.permissions())?;
        }
        Ok(path)
    }

    /// Keeps a core busy; with `flag`, while that file exists.
    pub(super) fn hog(&self, flag: Option<&Path>) -> Result<Hog> {
        let mut command = Command::new(self.with(1000)?);
        Hog::start(command.args(["hog", &LONGEST.to_string()]).args(flag))
    }

    /// Keeps a core busy now and then.
    pub(super) fn bursts(&self, seed: usize) -> Result<Hog> {
        let mut command = Command::new(self.with(1000)?);
        Hog::start(command.args(["bursts", &LONGEST.to_string(), &seed.to_string()]))
    }
}

/// A process that keeps a core busy until it is dropped; it also ends when this process does.
#[derive(Debug)]
pub(super) struct Hog(Child);

impl Hog {
    fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("a hog")?))
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn compile(dir: &Path, name: &str, turns: u64, flag: Option<&Path>) -> Result<PathBuf> {
    let (path, source) = (dir.join(name), dir.join("spin.rs"));
    if path.exists() {
        return Ok(path);
    }
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(["--edition", "2024", "-O", "--crate-name", "spin", "-o"]).args([&path, &source]);
    command.env("TURNS", turns.to_string()).envs(flag.map(|flag| ("FLAG", flag)));
    let output = command.output().context("rustc")?;
    ensure!(output.status.success(), "rustc: {}", String::from_utf8_lossy(&output.stderr));
    Ok(path)
}

/// Turns that take about as long as wanted, by the fastest of some runs.
fn calibrate(dir: &Path) -> Result<u64> {
    let program = compile(dir, "spin-first", FIRST_TURNS, None)?;
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        ensure!(Command::new(&program).stdout(Stdio::null()).status()?.success(), "spin failed");
        fastest = fastest.min(start.elapsed());
    }
    Ok((FIRST_TURNS as f64 * WANTED.as_secs_f64() / fastest.as_secs_f64()) as u64)
}
