# What the scripts share; each begins with `. "$(dirname "$0")/common.sh"`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
target=${DOCKGEN_TARGET:-$(uname -m)-unknown-linux-musl}
dist=${DOCKGEN_DIST:-target/dist}
mkdir -p "$dist"

# The program to pack. What is said about the build goes to stderr.
binary() {
  if [ -n "${DOCKGEN_BINARY:-}" ]; then
    echo "$DOCKGEN_BINARY"
  else
    packaging/binary
  fi
}

# Manual pages and completions into share/ of a folder, as the program itself prints them.
share() {
  "$1" man "$2/share/man/man1" >&2
  gzip -9n "$2"/share/man/man1/*.1
  mkdir -p "$2/share/bash-completion/completions" "$2/share/zsh/vendor-completions" "$2/share/fish/vendor_completions.d"
  "$1" completions bash >"$2/share/bash-completion/completions/dockgen"
  "$1" completions zsh >"$2/share/zsh/vendor-completions/_dockgen"
  "$1" completions fish >"$2/share/fish/vendor_completions.d/dockgen.fish"
}
