#!/bin/sh
# How much of a profile arrives in a newer version of a public module, before and after a rebase:
#   packages/gobinary/benches/versions.sh github.com/expr-lang/expr v1.16.7 v1.17.8 \
#       packages/gobinary/benches/versions/expr.go
# The last number says how much of what was moved the newer program was seen to do itself.
set -eu
[ $# = 4 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
module=$1 old=$2 new=$3 main=$(realpath "$4")
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for version in "$old" "$new"; do
    mkdir -p "$work/$version"
    cd "$work/$version"
    cp "$main" main.go
    printf 'module example.org/drive\n\ngo 1.22\n\nrequire %s %s\n' "$module" "$version" >go.mod
    GOFLAGS=-mod=mod go mod tidy
    GOFLAGS=-buildvcs=false go build -trimpath -o program .
    ./program cpu
    go tool preprofile -o edges -i cpu
done
cd "$here"
cargo run -q --release --example rebase -- "$work/$new/program" "$work/$old/edges" "$work/$new/edges"
