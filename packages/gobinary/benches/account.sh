#!/bin/sh
# Compares the match that is read from a program with the compiler's own account, call by call.
#
#   packages/gobinary/benches/account.sh FOLDER PROFILE build|'test -c' PACKAGE
#
# FOLDER is a Go module that has PACKAGE, PROFILE a CPU profile of it. The compiler is built anew with three more
# fields in what `-d=pgodebug=3` prints: the callee, the line offset, and whether it is a `go` or `defer` statement.
# It takes some minutes, and a gigabyte in a temporary folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=$1 profile=$(realpath "$2") what=$3 package=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

source=$(go env GOROOT)/src/cmd/compile/internal/devirtualize/pgo.go
sed -e 's|^\tCaller string // Linker.*|&\n\tOffset int\n\tCallee string\n\tGoDefer bool|' \
    -e 's|^\toffset := pgoir.NodeLineOffset(call, fn)$|&\n\tstat.Offset, stat.GoDefer = offset, call.GoDefer|' \
    -e 's|^\t\t\tstat.Direct = true$|&\n\t\t\tstat.Callee = ir.LinkFuncName(callee)|' "$source" >"$work/pgo.go"
printf '{"Replace":{"%s":"%s"}}' "$source" "$work/pgo.go" >"$work/overlay"
cat >"$work/tool" <<EOF
#!/bin/sh
case "\$1" in */compile) shift; exec "$work/compile" "\$@" ;; esac
exec "\$@"
EOF
chmod +x "$work/tool"
(cd "$(go env GOROOT)/src" && GOFLAGS='' go build -overlay "$work/overlay" -o "$work/compile" cmd/compile)

cd "$folder"
# What was printed is kept with what was compiled: a cache of its own, or the other compiler's is found.
# shellcheck disable=SC2086 # two words for a test
go $what -pgo=off -o "$work/plain" "$package"
# shellcheck disable=SC2086
GOCACHE=$work/cache go $what -toolexec "$work/tool" -pgo="$profile" -gcflags=all=-d=pgodebug=3 \
    -o "$work/optimized" "$package" >"$work/account" 2>&1
go tool preprofile -i "$profile" -o "$work/edges"
cargo run -q --manifest-path "$here/../Cargo.toml" --example account -- \
    "$work/plain" "$work/optimized" "$work/edges" "$work/account"
