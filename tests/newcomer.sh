#!/usr/bin/env bash
# The README's first page, word by word, as a newcomer would: in a clean container, from what the repository tracks. The
# commands are taken out of README.md, and what it says they print is compared, so that a page that changes is what is
# tried. It installs dockgen from the archive that `packaging/archive` makes here, and cargo's lines stand for that one;
# from source they are run as they are, with everything the compiler does.
#
#   tests/newcomer.sh                  builds a release to pack, unless DOCKGEN_BINARY names a program
#   NEWCOMER_FROM=source               cargo's lines as they stand, in NEWCOMER_IMAGE (rust:1-slim-trixie)
#   DOCKGEN_E2E_ENGINE=podman          another engine than docker
#   DOCKGEN_E2E_ENGINE_NETWORK=host    where the engine has no network of its own
#   DOCKGEN_E2E_PREPARE='…'            a command that makes the base images of the Dockerfile behind it
set -euo pipefail
cd "$(dirname "$0")/.."
from=${NEWCOMER_FROM:-archive}
engine=$(command -v "${DOCKGEN_E2E_ENGINE:-docker}") && "$engine" version >/dev/null 2>&1 ||
  { echo "newcomer: no container engine answers" >&2; exit 4; }
case $from in
  archive) image=${NEWCOMER_IMAGE:-debian:trixie-slim} network=none ;;
  source) image=${NEWCOMER_IMAGE:-rust:1-slim-trixie} network=${DOCKGEN_E2E_ENGINE_NETWORK:-bridge} ;;
  *) echo "newcomer: NEWCOMER_FROM is archive or source" >&2; exit 2 ;;
esac
fail() { echo "newcomer: $*" >&2; exit 1; }

work=$(mktemp -d)
container=newcomer-$$
clean() {
  "$engine" rm --force "$container" >/dev/null 2>&1 || true
  [ -z "${name:-}" ] || "$engine" rmi --force "$name" >/dev/null 2>&1 || true
  [ -z "${there:-}" ] || "$engine" tag "$there" "$name"
  rm -rf "$work"
}
trap clean EXIT
mkdir "$work/checkout" "$work/bin" "$work/dist"
# A source package has no history to ask.
tracked() { git ls-files -z 2>/dev/null || find . -path ./target -prune -o -type f -print0; }
tracked | tar --null --files-from - -cf - | tar -xf - -C "$work/checkout"
cp -r tests/fixtures/go-hello "$work/hello"
prepare() { [ -z "${DOCKGEN_E2E_PREPARE:-}" ] || $DOCKGEN_E2E_PREPARE "$1"; }

# The page in three pieces: the conversation on top, the indented commands of "Try it", the table of "Use".
part() { sed -n "/$1/,/$2/p" README.md; }
part '^```console' '^```$' | sed '/^```/d' >"$work/conversation"
part '^## Try it' '^## Use' | sed -n 's/^    \([a-z].*\)/\1/p' >"$work/try"
part '^## Use' '^[^|]*--yes' | sed -n 's/^| `\(dockgen [^`]*\)`.*/\1/p' | sed 's/ \[[^]]*\]//g' >"$work/use"
for piece in conversation:'^\$ dockgen init$' conversation:'^next: ' try:'^cargo install ' try:'^cargo run ' use:'^dockgen check$'; do
  grep -q "${piece#*:}" "$work/${piece%%:*}" || fail "the README has no ${piece#*:} where it had one"
done

if [ "$from" = archive ]; then
  DOCKGEN_DIST=$work/dist packaging/archive >&2
  sed -i -e '/^cargo install /d' -e '/^cargo test$/d' -e 's/^cargo run --release -- /dockgen /' "$work/try"
fi

cat >"$work/inside" <<'INSIDE'
set -eu
try() {
  echo "newcomer> $1"
  status=0
  sh -euc "$1" </dev/null >/tmp/said 2>&1 || status=$?
  case " $2 " in *" $status "*) ;; *) tail -50 /tmp/said; echo "newcomer: exit $status of: $1"; exit 1 ;; esac
}
for archive in /newcomer/dist/*.tar.gz; do
  [ ! -e "$archive" ] || tar -xzf "$archive" -C /usr/local --strip-components=1
done
# Whoever has a checkout has git; its tests make repositories. Nothing is installed where there is no network.
[ -e /newcomer/dist/*.tar.gz ] || command -v git >/dev/null ||
  { apt-get update && apt-get install -y --no-install-recommends git; } >/dev/null
cp -r /newcomer/checkout /tmp/dockgen
cd /tmp/dockgen
while read -r command; do try "$command" 0; done </newcomer/try
cd /newcomer/hello
sed -n 's/^\$ //p' /newcomer/conversation | while read -r command; do
  printf '$ %s\n' "$command"
  sh -euc "$command" </dev/null 2>&1
done >/tmp/conversation
diff -u /newcomer/conversation /tmp/conversation || { echo "newcomer: the README shows something else"; exit 1; }
# 1 is a finding; 4 says that an engine is missing, which is so in here.
while read -r command; do try "$command" "0 1 4"; done </newcomer/use
INSIDE
echo "FROM $image" >"$work/Dockerfile"
prepare "$work/Dockerfile"
"$engine" run --rm --name "$container" --network "$network" -v "$work:/newcomer" "$image" sh /newcomer/inside

# What the page says comes next, with the engine: the image is built, and the program answers.
cat >"$work/bin/docker" <<DOCKER
#!/bin/sh
command=\$1
shift
case \$command in
  build) set -- ${DOCKGEN_E2E_ENGINE_NETWORK:+--network $DOCKGEN_E2E_ENGINE_NETWORK} "\$@" ;;
  run) set -- --name $container ${DOCKGEN_E2E_ENGINE_NETWORK:+--network $DOCKGEN_E2E_ENGINE_NETWORK} "\$@" ;;
esac
exec $engine "\$command" "\$@"
DOCKER
chmod +x "$work/bin/docker"
prepare "$work/hello/Dockerfile"
next=$(sed -n 's/^next: //p' "$work/conversation")
echo "newcomer> $next"
name=${next##* }
there=$("$engine" images --quiet "$name" | head -1)
(cd "$work/hello" && PATH=$work/bin:$PATH sh -euc "$next" >"$work/next" 2>&1) &
port=$(echo "$next" | sed -n 's/.*-p \([0-9]*\):.*/\1/p')
for _ in $(seq 600); do
  answer=$(curl --silent --fail "http://127.0.0.1:$port/?name=newcomer") && break
  kill -0 $! 2>/dev/null || { cat "$work/next"; fail "it ended: $next"; }
  sleep 0.5
done
case ${answer:-} in
  *newcomer*) ;;
  *) cat "$work/next"; fail "no answer on port $port" ;;
esac
"$engine" stop "$container" >/dev/null
wait $! || true
echo "newcomer: everything is as the README says"
