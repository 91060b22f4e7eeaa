//! Disks that are full, read-only, or not what they seem.

use super::{Case, Row, can_mount, table};
use crate::support::{Fixture, skip};

const DENIED: [Row; 8] = [
    Row {
        name: "a target directory that may not be written",
        breaks: |case| {
            close(&case.outside("closed"));
            case.without_privileges();
            let closed = case.outside("closed");
            case.arg("--target-dir").arg(closed);
        },
        args: &[],
        code: 15,
        says: &["cannot create", "/closed/honing", "Permission denied"],
        hint: "--target-dir",
    },
    Row {
        name: "a target directory that is a file",
        breaks: |case| {
            let file = case.outside("file");
            std::fs::write(&file, "text").unwrap();
            case.arg("--target-dir").arg(file);
        },
        args: &[],
        code: 15,
        says: &["cannot create", "/file/honing", "Not a directory"],
        hint: "--target-dir",
    },
    Row {
        name: "a target directory behind a link to nowhere",
        breaks: |case| {
            let link = case.outside("dangling");
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink("/proc/nowhere", &link).unwrap();
            case.arg("--target-dir").arg(link);
        },
        args: &[],
        code: 15,
        says: &["cannot create", "/dangling/honing"],
        hint: "--target-dir",
    },
    Row {
        name: "a file where the lock belongs",
        breaks: |case| {
            std::fs::create_dir_all(case.outside("odd/honing/lock")).unwrap();
            let odd = case.outside("odd");
            case.arg("--target-dir").arg(odd);
        },
        args: &[],
        code: 15,
        says: &["cannot lock", "/odd/honing/lock", "directory"],
        hint: "--target-dir",
    },
    Row {
        name: "a target directory with a percent sign",
        breaks: |_| {},
        args: &["--target-dir", "100%p"],
        code: 15,
        says: &["100%p/honing", "`%`"],
        hint: "--target-dir",
    },
    Row {
        name: "a repository that may not be written, which only the last stage does",
        breaks: |case| {
            case.at.write("other/pgo.toml", &case.at.read("pgo/pgo.toml"));
            close(&case.at.path("other"));
            case.without_privileges();
        },
        args: &["--config", "other/pgo.toml"],
        code: 15,
        says: &["record: cannot write", "/other", "Permission denied"],
        hint: "--to bench",
    },
    Row {
        name: "a file where profiles are recorded",
        breaks: |case| {
            case.at.write("other/pgo.toml", &case.at.read("pgo/pgo.toml"));
            case.at.write("other/profiles", "text");
        },
        args: &["--config", "other/pgo.toml"],
        code: 15,
        says: &["record: cannot write", "/other/profiles", "not a folder"],
        hint: "--to bench",
    },
    Row {
        name: "init where there is a pgo.toml",
        breaks: |_| {},
        args: &["init"],
        code: 2,
        says: &["pgo/pgo.toml exists already"],
        hint: "show-config",
    },
];

/// No one may write here, not even a privileged user without privileges.
fn close(dir: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(dir).unwrap();
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o555)).unwrap();
}

/// Runs with a file system of `size` as target directory, after `script` in it.
fn small_disk(case: &mut Case<'_>, size: &str, script: &str) {
    let disk = case.outside("disk");
    std::fs::create_dir_all(&disk).unwrap();
    let at = disk.display();
    case.mounted(&format!("mount -t tmpfs -o size={size} tmpfs {at} && (cd {at} && {script})"));
    case.arg("--target-dir").arg(disk);
}

/// As if there had been a run: preflight then asks for less.
const USED: &str = "mkdir -p honing/tiny/baseline";

const MOUNTED: [Row; 11] = [
    Row {
        name: "a target directory on a disk of 4 MiB",
        breaks: |case| small_disk(case, "4m", "true"),
        args: &[],
        code: 15,
        says: &["B free in", "/disk/honing", "1.0 GiB"],
        hint: "--target-dir",
    },
    Row {
        name: "a disk that is full from the start",
        breaks: |case| {
            small_disk(case, "1m", "mkdir -p honing && (head -c 2M /dev/zero > fill 2>/dev/null || true)")
        },
        args: &[],
        code: 15,
        says: &["/disk/honing"],
        hint: "--target-dir",
    },
    Row {
        name: "a disk that fills up during a build",
        breaks: |case| {
            small_disk(case, "160m", USED);
            let fill = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                        std::fs::write(out + \"/fill\", vec![1; 170 << 20]).unwrap();\n}\n";
            case.at.write("build.rs", fill);
        },
        args: &[],
        code: 15,
        says: &["baseline: ", "full", "/disk/honing"],
        hint: "--target-dir",
    },
    Row {
        name: "a disk that fills up during the training",
        breaks: |case| {
            small_disk(case, "160m", USED);
            let fill = "prepare = [[\"sh\", \"-c\", \"head -c 170M /dev/zero > {dir}/fill || true\"]]";
            case.config("seed = 7", &format!("seed = 7\n{fill}"));
        },
        args: &[],
        code: 15,
        says: &["train: ", "full", "/disk/honing"],
        hint: "--target-dir",
    },
    Row {
        name: "a disk that is full for a while during the training, so that profiles are empty",
        breaks: |case| {
            small_disk(case, "160m", USED);
            let script = "\"$0\" 2000; head -c 170M /dev/zero > \"$1\" 2>&-; \"$0\" 2000; \"$0\" 2000; \
                          rm \"$1\"; \"$0\" 2000";
            case.train_on(&["sh", "-c", script, "{program}", "{dir}/fill"]);
        },
        args: &[],
        code: 15,
        says: &["train: workload `", "the disk of", "/disk/honing was full meanwhile: 0 B left"],
        hint: "--target-dir",
    },
    Row {
        name: "a disk that is full for a while during a training that fails of it",
        breaks: |case| {
            small_disk(case, "160m", USED);
            let script = "head -c 170M /dev/zero > \"$1\" 2>&-; rm \"$1\"; exit 4";
            case.train_on(&["sh", "-c", script, "{program}", "{dir}/fill"]);
        },
        args: &[],
        code: 15,
        says: &["train: workload `", "the disk of", "/disk/honing was full meanwhile: 0 B left"],
        hint: "ended with exit code 4",
    },
    Row {
        name: "a disk that fills up while an eval workload runs",
        breaks: |case| {
            small_disk(case, "160m", USED);
            let fill = r#"["sh", "-c", "head -c 170M /dev/zero > {dir}/fill; exit 1", "{program}"]"#;
            case.config(r#"["{program}", "3000"]"#, fill);
        },
        args: &[],
        code: 15,
        says: &["baseline: ", "full", "/disk/honing"],
        hint: "--target-dir",
    },
    Row {
        name: "a target directory on a file system that starts no programs",
        breaks: |case| {
            let disk = case.outside("disk");
            std::fs::create_dir_all(&disk).unwrap();
            case.mounted(&format!("mount -t tmpfs -o noexec,size=64m tmpfs {}", disk.display()));
            case.arg("--target-dir").arg(disk);
        },
        args: &[],
        code: 15,
        says: &["/disk/honing", "mounted noexec"],
        hint: "--target-dir",
    },
    Row {
        name: "a program on a file system that starts none",
        breaks: |case| {
            let disk = case.outside("disk");
            std::fs::create_dir_all(&disk).unwrap();
            let load = format!("{}/load.sh", disk.display());
            let copy = format!("printf '#!/bin/sh\\nexec \"$@\"\\n' > {load} && chmod +x {load}");
            case.mounted(&format!("mount -t tmpfs -o noexec,size=64m tmpfs {} && {copy}", disk.display()));
            case.train_on(&[&load, "{program}", "2000"]);
        },
        args: &[],
        code: 15,
        says: &["cannot run `", "/disk/load.sh", "mounted noexec"],
        hint: "move it",
    },
    Row {
        name: "a target directory that is read-only",
        breaks: |case| {
            let target = case.at.path("target");
            case.mounted(&format!("mount --bind {0} {0} && mount -o remount,bind,ro {0}", target.display()));
        },
        args: &[],
        code: 15,
        says: &["target/honing", "Read-only file system"],
        hint: "--target-dir",
    },
    Row {
        name: "a read-only checkout, which only the last stage writes",
        breaks: |case| {
            let pgo = case.at.path("pgo");
            case.mounted(&format!("mount --bind {0} {0} && mount -o remount,bind,ro {0}", pgo.display()));
        },
        args: &[],
        code: 15,
        says: &["record: cannot write", "pgo/profiles/tiny", "Read-only file system"],
        hint: "--to bench",
    },
];

#[test]
fn folders_that_cannot_be_used() {
    table(&Fixture::tiny(), &DENIED);
}

#[test]
fn full_and_read_only_disks() {
    if !can_mount() {
        return skip("unshare and mount, to make small and read-only disks");
    }
    table(&Fixture::tiny(), &MOUNTED);
}

/// What other runs left half-done, or what was damaged since, is made again.
#[test]
fn leftovers_and_damage_are_no_error() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&[]);
    fixture.write("target/honing/tiny/merge/manifest.json", "{\"schema\": 1, \"fin");
    fixture.write("target/honing/tiny/bench.partial/manifest.json", "{}");
    fixture.write("target/honing/tiny/train.replaced/manifest.json", "{}");
    std::fs::remove_file(fixture.path("target/honing/tiny/optimize/tiny")).unwrap();
    let states = fixture.stages(&[]);
    let redone: Vec<&str> =
        states.iter().filter(|(_, state)| state == "done").map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(redone, ["merge", "optimize"]);
    assert!(fixture.path("target/honing/tiny/optimize/tiny").is_file());
}
