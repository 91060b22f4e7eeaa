#!/usr/bin/env bash
# What a build with a profile costs beside one without: CPU seconds and wall seconds of `go build`, medians of ROUNDS
# (5) builds each, in turns. Cold has an empty GOCACHE, warm has every package in it and links alone.
#   packages/edge/benches/cost.sh PROFILE    (cargo xtask pgo export --program edge -o PROFILE)
set -euo pipefail
profile=$(realpath "${1:?name a profile as go build reads it}")
rounds=${ROUNDS:-5}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp "$profile" "$work/default.pgo"
go mod download
TIMEFORMAT='%U %S %R'

build() { # cache, what, -pgo
    rm -f "$work/edge"
    { time GOCACHE="$work/$1" go build -trimpath -buildvcs=false -pgo="$3" -o "$work/edge" .; } 2>>"$work/$2"
}

for ((round = 0; round < rounds; round++)); do
    order=(off "$work/default.pgo")
    ((round % 2)) && order=("$work/default.pgo" off)
    for pgo in "${order[@]}"; do
        name=$([[ $pgo == off ]] && echo baseline || echo optimized)
        build cache "cold $name" "$pgo"
        build cache "warm $name" "$pgo"
        rm -rf "$work/cache"
    done
done
for what in "cold baseline" "cold optimized" "warm baseline" "warm optimized"; do
    cpu=$(awk '{ print $1 + $2 }' "$work/$what" | sort -n | sed -n "$(((rounds + 1) / 2))p")
    wall=$(awk '{ print $3 }' "$work/$what" | sort -n | sed -n "$(((rounds + 1) / 2))p")
    echo "$what: $cpu s of CPU, $wall s of wall time"
done
