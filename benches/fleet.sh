#!/usr/bin/env bash
# How long `dockgen migrate` takes to plan and diff many small repositories, and how much memory it needs: for 100,
# 1,000 and 10,000 of them (goal: 1,000 in under 10 s; memory that does not grow with their number).
# `benches/fleet.sh --check` exits 1 when a goal is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet
dockgen=$PWD/target/release/dockgen
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

repository() { # folder, number
    mkdir -p "$1"
    case $(($2 % 4)) in
    0)
        printf 'module example.com/hello\n\ngo 1.26\n' >"$1/go.mod"
        printf 'package main\n\nimport "net/http"\n\nfunc main() {\n\tpanic(http.ListenAndServe(":8080", nil))\n}\n' >"$1/main.go"
        printf 'FROM golang:1.12\nLABEL n=%s\nEXPOSE 8080\nCOPY . .\nRUN go build -o app\nCMD ["./app"]\n' "$2" >"$1/Dockerfile"
        ;;
    1)
        printf '{"name":"x","scripts":{"start":"node server.js"},"dependencies":{"express":"4.18.2"}}' >"$1/package.json"
        printf 'require("express")().listen(3000)\n' >"$1/server.js"
        printf 'FROM node:20\nENV N %s\nCOPY . .\nRUN npm install\nCMD npm start\n' "$2" >"$1/Dockerfile"
        ;;
    2)
        printf 'flask==3.1.0\n' >"$1/requirements.txt"
        printf 'from flask import Flask\napp = Flask(__name__)\n' >"$1/app.py"
        printf 'FROM python:3.6\nENV N %s\nADD . /app\nWORKDIR /app\nRUN pip install -r requirements.txt\nCMD python app.py\n' "$2" >"$1/Dockerfile"
        ;;
    3)
        printf 'from registry.example.com/base:%s\nENV a b\nRUN apt-get update && apt-get install -y curl\nCMD x\n' "$2" >"$1/Dockerfile"
        ;;
    esac
}

for ((number = 0; number < 10000; number++)); do
    repository "$work/fleet/r$number" "$number"
    echo "fleet/r$number" >>"$work/all.txt"
done

missed=0
printf '%12s %10s %14s %10s\n' repositories seconds per_repository peak_MiB
for count in 100 1000 10000; do
    head -n "$count" "$work/all.txt" >"$work/list.txt"
    # Once to have the files in memory, as after a checkout.
    "$dockgen" migrate --repos "$work/list.txt" >/dev/null 2>&1 || true
    begun=$(date +%s%N)
    "$dockgen" migrate --repos "$work/list.txt" >/dev/null 2>"$work/said" &
    running=$!
    peak=0
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$running/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.01
    done
    wait "$running" || true
    took=$(($(date +%s%N) - begun))
    awk -v n="$count" -v ns="$took" -v kib="$peak" 'BEGIN {
        printf "%12d %10.2f %11.2f ms %10.1f\n", n, ns / 1e9, ns / 1e6 / n, kib / 1024 }'
    [ "$count" != 1000 ] || [ "$took" -lt 10000000000 ] || missed=1
    [ "$count" != 1000 ] || flat=$peak
    [ "$count" != 10000 ] || [ "$peak" -lt $((flat * 3 / 2)) ] || missed=1
    tail -n 2 "$work/said" | head -n 1
done
[ "${1:-}" != --check ] || exit "$missed"
