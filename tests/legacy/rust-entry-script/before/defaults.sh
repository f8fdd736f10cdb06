export RUST_LOG="${RUST_LOG:-info}"
