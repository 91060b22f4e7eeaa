//! With real instrumented processes: 300, or as many as `HONING_PROCESSES` says.

use std::{io::Read, os::unix::process::CommandExt, process::Command};

use super::*;
use crate::profiles::{
    Input, Sorter,
    llvm::{Sums, profile_files::merge_files},
};

const PROGRAM: &str = "
    fn double(n: u64) -> u64 { n * 2 }
    fn add(n: u64) -> u64 { n + 7 }
    fn main() {
        let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
        let steps: [fn(u64) -> u64; 2] = [double, add];
        let mut sum = 0_u64;
        for at in 0..n * 10 { sum = steps[(at % 3 / 2) as usize](sum) % 1000; }
        std::process::exit((sum > 1000) as i32);
    }";

/// An instrumented program, and folders for its profiles.
struct World {
    folder: tempfile::TempDir,
    cancel: Cancel,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("raw")).unwrap();
        fs::write(folder.path().join("p.rs"), PROGRAM).unwrap();
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
        let built =
            Command::new(rustc).args(["-O", "-Cprofile-generate", "p.rs"]).current_dir(&folder).output();
        let built = built.unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Self { folder, cancel: Cancel::default() }
    }

    fn raw(&self) -> PathBuf {
        self.folder.path().join("raw")
    }

    fn process(&self, number: u64, pattern: &str, into: &Path) {
        let mut process = Command::new(self.folder.path().join("p"));
        process.arg((number % 7).to_string()).env("LLVM_PROFILE_FILE", into.join(pattern));
        assert!(process.status().unwrap().success());
    }

    /// The bytes of a profile by one process.
    fn profile(&self, number: u64) -> Vec<u8> {
        let path = self.folder.path().join("one.profraw");
        self.process(number, "one.profraw", self.folder.path());
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        bytes
    }

    fn start(&self, sorter: Option<Box<dyn Sorter>>) -> Gathering {
        let room = Room::new(&Suspend::default());
        Gathering::start(Box::new(Sums::new(sorter)), self.raw(), false, room, &self.cancel)
    }
}

fn merged(inputs: &[Input]) -> (Vec<u8>, bool) {
    let strict = merge_files(inputs, 0.0).is_ok();
    (merge_files(inputs, 100.0).unwrap().bytes().to_vec(), strict)
}

fn input(path: PathBuf) -> Input {
    Input { path, weight: 3, sum_of: None }
}

/// What is in a folder, with the sum of it told from the rest.
fn found(raw: &Path, gathered: Option<&(Gathered, Sum)>) -> Vec<Input> {
    let of = |path: &Path| gathered.filter(|(_, sum)| sum.path == path).map(|(gathered, _)| gathered.bytes);
    let paths = fs::read_dir(raw).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| Input { sum_of: of(&path), ..input(path) }).collect()
}

fn wait_until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(20), "it does not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Without leases nothing is merged before the end.
fn has_leases(world: &World) -> bool {
    let probe = world.folder.path().join("p.rs");
    in_use(&probe) == Use::Free
}

#[test]
fn no_count_of_many_processes_is_lost_and_the_disk_stays_free() {
    let world = World::new();
    let many: u64 = std::env::var("HONING_PROCESSES").map_or(300, |many| many.parse().unwrap());
    let apart = world.folder.path().join("apart");
    fs::create_dir(&apart).unwrap();
    let run = |into: &Path| {
        let start = Instant::now();
        (0..many).for_each(|number| world.process(number, "%p_%m.profraw", into));
        start.elapsed()
    };
    let plain = run(&apart);
    let gathering = world.start(None);
    let beside = run(&world.raw());
    let gathered = gathering.finish().unwrap();
    let (of, sum) = gathered.as_ref().unwrap();
    let one = world.profile(6).len() as u64;
    println!("{many} processes: {plain:.1?}, merged meanwhile {beside:.1?}; one has {one} bytes; {of:?}");
    assert_eq!(of.files, many);
    assert_eq!(fs::read_dir(world.raw()).unwrap().count(), 1, "something else is left beside {sum:?}");
    assert!(merged(&found(&world.raw(), gathered.as_ref())) == merged(&found(&apart, None)), "counts differ");
    if has_leases(&world) {
        // Where the machine is busy with something else, more of them wait.
        assert!(of.peak < of.bytes / 5, "{of:?}");
    }
}

#[test]
fn what_is_still_open_is_not_taken() {
    use std::io::Write;
    let world = World::new();
    let profile = world.profile(3);
    let gathering = world.start(None);
    let (first, rest) = profile.split_at(profile.len() / 2);
    let path = world.raw().join("7_1.profraw");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(first).unwrap();
    fs::write(world.raw().join("8_1.profraw"), &profile).unwrap();
    if has_leases(&world) {
        wait_until(|| !world.raw().join("8_1.profraw").exists());
        assert!(path.exists());
    }
    file.write_all(rest).unwrap();
    drop(file);
    // A process of the same number begins a file of its own.
    if has_leases(&world) {
        wait_until(|| !path.exists());
        fs::write(&path, &profile).unwrap();
        wait_until(|| !path.exists());
    } else {
        fs::write(world.raw().join("9_1.profraw"), &profile).unwrap();
    }
    let (of, sum) = gathering.finish().unwrap().unwrap();
    assert_eq!(of.files, 3);
    fs::write(world.folder.path().join("one"), &profile).unwrap();
    let one = input(world.folder.path().join("one"));
    let whole = merged(&[one.clone(), one.clone(), one]);
    assert!(merged(&[input(sum.path)]) == whole);
}

/// What is named so was written by another program.
struct Named(&'static str);

impl Sorter for Named {
    fn strangers(&self, files: &[PathBuf], _: usize) -> Option<(Vec<PathBuf>, String)> {
        let strange = |file: &&PathBuf| file.to_string_lossy().ends_with(self.0);
        let strangers: Vec<PathBuf> = files.iter().filter(strange).cloned().collect();
        (!strangers.is_empty()).then(|| (strangers, "strangers".into()))
    }
}

#[test]
fn what_the_merge_has_to_judge_is_left_to_it() {
    let world = World::new();
    let (apart, raw) = (world.folder.path().join("apart"), world.raw());
    fs::create_dir(&apart).unwrap();
    let (whole, torn) = (world.profile(5), world.profile(4));
    let is_partly_read =
        |end: &usize| honing_profdata::read(&torn[..*end]).is_ok_and(|read| read.report.weight_lost() > 0);
    // A counter that cannot be, in a file that is whole.
    let patched = |at: &usize| {
        let mut bytes = torn.clone();
        bytes.get_mut(*at..at + 8).unwrap().copy_from_slice(&(1_u64 << 60).to_le_bytes());
        bytes
    };
    let is_impossible = |at: &usize| {
        let read = honing_profdata::read(&patched(at));
        let kinds = read.map(|read| read.report.losses.iter().map(|loss| loss.kind).collect::<Vec<_>>());
        kinds.is_ok_and(|kinds| kinds == [honing_profdata::LossKind::ImpossibleCounter])
    };
    let impossible = (0..torn.len() - 8).step_by(8).find(is_impossible).unwrap();
    let cut = (0..torn.len()).rev().find(is_partly_read).unwrap();
    for folder in [&apart, &raw] {
        for number in 0..40 {
            fs::write(folder.join(format!("{number}_1.profraw")), &whole).unwrap();
        }
        fs::write(folder.join("50_1.profraw"), &torn[..cut]).unwrap();
        fs::write(folder.join("49_1.profraw"), patched(&impossible)).unwrap();
        for number in 51..61 {
            fs::write(folder.join(format!("{number}_1.profraw")), &torn[..100]).unwrap();
        }
    }
    fs::write(raw.join("70_stranger.profraw"), &torn[..100]).unwrap();
    fs::write(raw.join("71_stranger.profraw"), &torn).unwrap();
    fs::write(raw.join("72_1.profraw"), b"").unwrap();
    let gathered = world.start(Some(Box::new(Named("stranger.profraw")))).finish().unwrap();
    assert_eq!(gathered.as_ref().unwrap().0.files, 40);
    let mut left = found(&raw, gathered.as_ref());
    let before = left.len();
    left.retain(|input| !input.path.to_string_lossy().contains("stranger") && files::size(&input.path) > 0);
    assert_eq!((before, left.len()), (16, 13));
    let (all, kept) = (merged(&found(&apart, None)), merged(&left));
    assert!(all.0 == kept.0, "counts differ");
    // As much is lost, so the same limit holds.
    let limits: Vec<f64> = (0..120).map(|step| f64::from(step) / 4.0).collect();
    let accepted = |inputs: &[Input]| -> Vec<bool> {
        limits.iter().map(|limit| merge_files(inputs, *limit).is_ok()).collect()
    };
    assert_eq!(accepted(&found(&apart, None)), accepted(&left));
    assert!(!all.1 && !accepted(&left)[0] && accepted(&left)[119]);
}

#[test]
fn nothing_but_torn_files_has_no_sum_and_a_cancelled_run_none() {
    let world = World::new();
    let profile = world.profile(1);
    fs::write(world.raw().join("1_1.profraw"), &profile[..80]).unwrap();
    assert_eq!(world.start(None).finish().unwrap(), None);
    assert_eq!(fs::read_dir(world.raw()).unwrap().count(), 1);
    fs::write(world.raw().join("2_1.profraw"), &profile).unwrap();
    world.cancel.request();
    // Files may be gone already: nobody must go on without their sum.
    assert_eq!(world.start(None).finish().unwrap_err().code(), honing_core::ExitCode::Interrupted);
}

/// A merge that takes longer than a process of the workload.
struct Slow(Sums);

impl Gather for Slow {
    fn add(&mut self, files: &[PathBuf]) -> Vec<PathBuf> {
        std::thread::sleep(Duration::from_millis(8) * u32::try_from(files.len()).unwrap());
        self.0.add(files)
    }

    fn finish(self: Box<Self>, raw: &Path) -> Result<Option<Sum>> {
        Box::new(self.0).finish(raw)
    }
}

/// Does what a launcher does with the signals that it is sent.
fn obeyed_by(suspend: &Suspend, group: i32) -> Arc<Mutex<Option<os_pipe::PipeWriter>>> {
    use nix::{sys::signal::Signal, unistd::Pid};

    use crate::children::halt;
    let (mut reader, writer) = os_pipe::pipe().unwrap();
    let control = Arc::new(Mutex::new(Some(writer)));
    suspend.register(&control);
    std::thread::spawn(move || {
        let mut signal = [0];
        while reader.read_exact(&mut signal).is_ok() {
            match Signal::try_from(i32::from(signal[0])).unwrap() {
                Signal::SIGSTOP => halt::stop(Pid::from_raw(group), &group.to_string()),
                _ => halt::go_on(Pid::from_raw(group), &group.to_string()),
            }
        }
    });
    control
}

/// Runs `script`, which has processes leave `many` profiles, where 48 of them may wait and a merge is slow. Gives what
/// was merged, the size of one profile, and how often the script was stopped.
fn run_with_little_room(world: &World, many: u64, script: &str) -> (Gathered, u64, u64) {
    let (one, suspend) = (world.profile(6).len() as u64, Suspend::default());
    let room = Room { waiting: 48 * one, ..Room::new(&suspend) };
    let gather = Box::new(Slow(Sums::new(None)));
    let gathering = Gathering::start(gather, world.raw(), false, room, &world.cancel);
    let mut workload = Command::new("sh");
    workload.args(["-c", script]).env("LLVM_PROFILE_FILE", world.raw().join("%p_%m.profraw"));
    let mut workload = workload.current_dir(&world.folder).process_group(0).spawn().unwrap();
    let control = obeyed_by(&suspend, i32::try_from(workload.id()).unwrap());
    assert!(workload.wait().unwrap().success());
    let (of, sum) = gathering.finish().unwrap().unwrap();
    drop(control);
    assert_eq!(of.files, many);
    fs::remove_file(sum.path).unwrap();
    (of, one, suspend.resumed())
}

#[test]
fn a_workload_that_writes_faster_than_is_merged_stands_still_meanwhile() {
    let world = World::new();
    if !has_leases(&world) {
        println!("SKIPPED: no leases here, so nothing is merged before the workload's end");
        return;
    }
    let many = 300;
    // In a process group that is not the child's; then many at the same time, which a part is slower than.
    let alone = format!("setsid -w sh -c 'for i in $(seq {many}); do ./p 3; done'; exit $?");
    let parallel = format!("seq {many} | timeout 60 xargs -P8 -n1 sh -c './p 3'");
    for script in [alone, parallel] {
        let (of, one, resumed) = run_with_little_room(&world, many, &script);
        assert!(resumed > 3, "it was stopped {resumed} times: {script}");
        assert!(of.stopped > Duration::from_millis(50), "{of:?}");
        // Some are written while it is not looked: as many as a part takes to merge.
        assert!(of.peak < 100 * one, "{of:?}, one has {one}: {script}");
    }
}

#[test]
fn what_a_person_stopped_is_not_said_to_be_for_room() {
    let suspend = Suspend::default();
    let mut room = Room::new(&suspend);
    room.note(2 * WAITING);
    std::thread::sleep(Duration::from_millis(20));
    suspend.stop();
    std::thread::sleep(Duration::from_millis(400));
    suspend.go_on();
    room.note(0);
    assert!(suspend.resumed() == 1 && room.hold.is_none());
    let (least, most) = (Duration::from_millis(20), Duration::from_millis(350));
    assert!(least <= room.stopped && room.stopped < most, "{:?}", room.stopped);
}
