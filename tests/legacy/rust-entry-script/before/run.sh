#!/bin/bash
set -euo pipefail
cd "$(dirname "$0")"
. ./defaults.sh
exec ./target/release/linkd
