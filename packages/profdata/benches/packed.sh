#!/bin/bash
# How small the packed format is, and how much a git repository grows over refreshes of a profile.
#
#   packages/profdata/benches/packed.sh              profiles of ripgrep, made here
#   packages/profdata/benches/packed.sh FILE...      these profiles, one refresh after the other
#
# Ripgrep is built from its crate, instrumented, with cargo's release profile (16 units, no pinned
# symbols); ten refreshes of one build over a corpus that grows and patterns that change, then one
# after each of three edits: another condition in a hot function, two new functions, a renamed module.
#
# Needs llvm-profdata-22 (Debian package llvm-22), git, xz, python3, about 1 GB in TMPDIR and some
# five minutes.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/../../.."
cargo build --quiet --release -p honing-profdata --examples
target=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')
merge=$target/release/examples/merge
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # NAME
    (cd "$work/rg" && RUSTFLAGS=-Cprofile-generate CARGO_TARGET_DIR="$work/target" \
        cargo build --quiet --release --target x86_64-unknown-linux-gnu)
    cp "$work/target/x86_64-unknown-linux-gnu/release/rg" "$work/$1"
}

train() { # PROGRAM NUMBER
    local raw=$work/raw rg=$work/$1 words=(fn struct impl Result unsafe return match async where trait error)
    rm -rf "$raw"
    (
        export LLVM_PROFILE_FILE=$raw/%p_%m.profraw
        cd "$work/corpus"
        "$rg" -c "${words[$2 % 11]}" .
        "$rg" -n -i "hel+o|wor[ld]+$2" . || true
        "$rg" --json -w self --glob '*.rs' .
        "$rg" -l --type toml version .
        "$rg" -U --multiline 'fn [a-z_]+\(\)\s*\{' .
        # shellcheck disable=SC2016  # $0 is ripgrep's.
        "$rg" -o '[A-Z]\w+Error' -r '<$0>' .
        "$rg" --files .
        printf 'foo\nbar\nbaz%s\nunwrap\n' "$2" >"$work/words"
        "$rg" -F -f "$work/words" .
        "$rg" -S -A2 -B1 --heading --color always todo .
        "$rg" --help
    ) >/dev/null
    "$merge" -o "$work/refreshes/$(printf %02d "$2").profdata" "$raw"/*.profraw
}

edit() { # NUMBER
    python3 - "$work/rg/crates/core" "$1" <<'PYTHON'
import pathlib, re, sys
core, number = pathlib.Path(sys.argv[1]), sys.argv[2]
def change(name, edit):
    path = core / name
    before = path.read_text()
    after = edit(before)
    assert before != after, name
    path.write_text(after)
if number == "1":
    more = r'\1 if std::env::args_os().len() > 1000 { return self.search_path(std::path::Path::new("x")); }'
    change("search.rs", lambda text: re.sub(r"(fn search\([^{]*\{)", more, text, count=1))
elif number == "2":
    words = """
fn words_of<T: AsRef<str>>(items: &[T]) -> Vec<String> {
    let mut words = std::collections::BTreeSet::new();
    for item in items { for word in item.as_ref().split_whitespace() { words.insert(word.to_lowercase()); } }
    words.into_iter().collect()
}
"""
    call = """fn main() -> ExitCode {
    if std::env::var_os("RG_WORDS").is_some() {
        let given: Vec<String> = std::env::args().collect();
        println!("{:?} {:?}", words_of(&given), words_of(&["a b"]));
    }
"""
    change("main.rs", lambda text: text.replace("fn main() -> ExitCode {\n", call) + words)
else:
    (core / "messages.rs").rename(core / "notices.rs")
    for path in core.rglob("*.rs"):
        text = path.read_text()
        path.write_text(re.sub(r"\bmessages::", "notices::", re.sub(r"\bmod messages\b", "mod notices", text)))
PYTHON
}

mkdir "$work/refreshes"
if [ $# -gt 0 ]; then
    at=0
    for file in "$@"; do
        "$merge" -o "$work/refreshes/$(printf %02d $at).profdata" "$(cd "$here" && realpath "$file")"
        at=$((at + 1))
    done
else
    mkdir "$work/scratch"
    cd "$work/scratch"
    cargo init --quiet --vcs none --name scratch .
    echo 'ripgrep = "=14.1.1"' >>Cargo.toml
    cargo vendor --quiet ../vendor >/dev/null
    cd "$work"
    cp -r vendor/ripgrep rg
    mkdir corpus
    cp -r vendor/{regex-automata,serde,libc,bstr,syn,memchr} corpus/
    build rg0
    for refresh in 0 1 2 3 4 5 6 7 8 9; do
        train rg0 $refresh
        cp vendor/aho-corasick/src/lib.rs corpus/more$refresh.rs
    done
    for number in 1 2 3; do
        edit $number
        build rg$number
        train rg$number $((9 + number))
    done
fi
python3 - "$merge" "$work" <<'PYTHON'
import os, statistics, subprocess, sys, time

merge, work = sys.argv[1], sys.argv[2]
refreshes = sorted(f"{work}/refreshes/{name}" for name in os.listdir(f"{work}/refreshes"))


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


def llvm(path):
    run("llvm-profdata-22", "merge", "-o", f"{work}/out", path)
    return read(f"{work}/out")


def packed(path):
    run(merge, "--packed", "-o", f"{work}/packed", path)
    run(merge, "-o", f"{work}/out", f"{work}/packed")
    assert read(f"{work}/out") == read(path), f"{path}: something was lost"
    return read(f"{work}/packed")


forms = {
    "indexed, LLVM 22": llvm,
    "indexed, Honing": read,
    "indexed, xz -9e": lambda path: run("xz", "-9e", "-c", path),
    "packed": packed,
}


def growth(files):
    repository = f"{work}/repository"
    run("rm", "-rf", repository)
    git = lambda *args: run("git", "-C", repository, "-c", "user.name=x", "-c", "user.email=x@x", *args)
    run("git", "init", "--quiet", repository)
    sizes = []
    for bytes in files:
        with open(f"{repository}/profile", "wb") as file:
            file.write(bytes)
        git("add", "profile")
        git("commit", "--quiet", "--allow-empty", "-m", "Refresh")
        git("gc", "--quiet", "--aggressive", "--prune=now")
        pack = f"{repository}/.git/objects/pack"
        sizes.append(sum(os.path.getsize(f"{pack}/{name}") for name in os.listdir(pack) if name.endswith(".pack")))
    return [sizes[0]] + [after - before for before, after in zip(sizes, sizes[1:])]


shown = run("llvm-profdata-22", "show", refreshes[0]).decode()
print(" ".join(line.strip() for line in shown.splitlines() if line.startswith("Total")))
print()
print("| form | first file | LLVM's over it | git, first | git, each refresh | git, all |")
print("|---|---|---|---|---|---|")
whole = len(llvm(refreshes[0]))
for form, make in forms.items():
    files = [make(path) for path in refreshes]
    first, *later = growth(files)
    steps = " ".join(f"{step / 1000:.1f}" for step in later)
    ratio = whole / len(files[0])
    total = (first + sum(later)) / 1000
    print(f"| {form} | {len(files[0]):,} | {ratio:.1f} | {first / 1000:.0f} kB | {steps} kB | {total:.0f} kB |", flush=True)
print()
for label, command in {
    "indexed to packed": [merge, "--threads", "1", "--packed", "-o", f"{work}/out", refreshes[0]],
    "packed to indexed": [merge, "--threads", "1", "-o", f"{work}/out", f"{work}/packed"],
    "indexed to indexed": [merge, "--threads", "1", "-o", f"{work}/out", refreshes[0]],
}.items():
    times = []
    for _ in range(9):
        start = time.monotonic()
        run(*command)
        times.append(time.monotonic() - start)
    print(f"{label}, whole process, median of 9: {statistics.median(times) * 1000:.0f} ms")
PYTHON
