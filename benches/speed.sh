#!/usr/bin/env bash
# How long `dockgen plan` takes, as ratios from one run on one machine:
#   - on a monorepo of 100,000 files and 200 manifests, against `rg --files` on the same tree (goal: 1.2 times)
#   - on a small repository, in CPU time (goal: 5 ms)
# Needs hyperfine and ripgrep. `benches/speed.sh --check` exits 1 when a goal is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in hyperfine rg; do
    command -v "$tool" >/dev/null || { echo "benches/speed.sh needs $tool" >&2; exit 4; }
done
cargo build --release --quiet
dockgen=$PWD/target/release/dockgen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One project of 500 files in 25 folders.
project() { # folder, manifest, its text, ending of the sources
    local folder file
    for folder in "$1"/part-{1..25}; do
        mkdir -p "$folder"
        for file in "$folder"/file-{1..20}; do
            printf '%s' "$5" >"$file.$4"
        done
    done
    printf '%s' "$3" >"$1/$2"
}

monorepo() { # folder
    local i
    for i in {1..40}; do
        project "$1/go/service-$i" go.mod $'module example.com/service\n\ngo 1.26\n' go $'package part\n'
        project "$1/java/service-$i" pom.xml \
            '<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>' \
            java $'package part;\n'
        project "$1/node/service-$i" package.json \
            '{"name":"service","version":"1.0.0","scripts":{"start":"node part-1/file-1.js"},"dependencies":{"express":"^5.0.0"}}' \
            js $'module.exports = 1\n'
        project "$1/python/service-$i" requirements.txt $'flask==3.1.0\n' py $'part = 1\n'
        project "$1/rust/service-$i" Cargo.toml \
            $'[package]\nname = "service"\nversion = "0.1.0"\nedition = "2024"\n' rs $'fn part() {}\n'
    done
    printf 'node_modules\n*.log\ntarget\n' >"$1/.gitignore"
}

mean() { # what of the JSON that hyperfine wrote: `mean`, `user`, `system`
    grep -o "\"$1\": [0-9.e-]*" "$2" | head -"${3:-1}" | tail -1 | cut -d' ' -f2
}

monorepo "$work/monorepo"
echo "monorepo: $(find "$work/monorepo" -type f | wc -l) files"
# `rg` is given the rules of dockgen's walk: hidden files count.
hyperfine --warmup 3 --runs 15 --ignore-failure --style basic --export-json "$work/large.json" \
    "rg --files --hidden $work/monorepo" "$dockgen plan --format json $work/monorepo"
hyperfine --warmup 10 --runs 100 --shell none --style basic --export-json "$work/small.json" \
    "$dockgen plan --format json tests/fixtures/go-hello"

awk -v rg="$(mean mean "$work/large.json" 1)" -v dockgen="$(mean mean "$work/large.json" 2)" \
    -v in_user="$(mean user "$work/small.json")" -v in_kernel="$(mean system "$work/small.json")" \
    -v check="${1:-}" 'BEGIN {
    ratio = dockgen / rg
    cpu = (in_user + in_kernel) * 1000
    printf "monorepo: %.2f times as long as rg --files (goal 1.2)\n", ratio
    printf "small repository: %.1f ms of CPU (goal 5)\n", cpu
    exit check == "--check" && (ratio > 1.2 || cpu > 5)
}'
