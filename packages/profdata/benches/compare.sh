#!/bin/bash
# Merges made-up profiles with the xtask, as cargo builds it for `cargo xtask pgo`, and with llvm-profdata 22,
# in rounds that take turns: wall and CPU time of whole processes, medians of ROUNDS rounds.
#
#   packages/profdata/benches/compare.sh [ROUNDS]
#   HONING="PROGRAM pgo" packages/profdata/benches/compare.sh   # another xtask, such as one outside of a workspace
#
# Needs llvm-profdata-22 (Debian package llvm-22), python3 and about 1 GB in TMPDIR.
set -euo pipefail
cd "$(dirname "$0")/../../.."
rounds=${1:-7}
cargo build --quiet --package xtask
cargo build --quiet --release -p honing-profdata --example make_profiles
target=$(cargo metadata --format-version 1 --no-deps | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$target/release/examples/make_profiles" "$work/small" 10000 100
"$target/release/examples/make_profiles" "$work/large" 100000 1
python3 - "${HONING:-$target/debug/xtask pgo}" "$work" "$rounds" <<'PYTHON'
import os, statistics, subprocess, sys, time

ours, work, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
small = sorted(f"{work}/small/{name}" for name in os.listdir(f"{work}/small"))
large = [f"{work}/large/0000.profraw"]


def run(command):
    start = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime


print("| merge of | honing, wall | CPU | LLVM 22, wall | CPU | wall, LLVM over ours |")
print("|---|---|---|---|---|---|")
for name, files in [
    ("1 file, 10,000 functions", small[:1]),
    ("20 files, 10,000 functions", small[:20]),
    ("100 files, 10,000 functions", small),
    ("1 file, 100,000 functions", large),
]:
    commands = {
        "honing": [*ours.split(), "merge", "-o", f"{work}/ours", "--from", *files],
        "LLVM 22": ["llvm-profdata-22", "merge", "-o", f"{work}/theirs", *files],
    }
    results = {tool: [] for tool in commands}
    for _ in range(rounds):
        for tool, command in commands.items():
            results[tool].append(run(command))
    medians = {tool: [statistics.median(column) for column in zip(*rows)] for tool, rows in results.items()}
    cells = [f"{seconds * 1000:.0f} ms" for times in medians.values() for seconds in times]
    ratio = medians["LLVM 22"][0] / medians["honing"][0]
    print(f"| {name} | {' | '.join(cells)} | {ratio:.1f} |", flush=True)
PYTHON
