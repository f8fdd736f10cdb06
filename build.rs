//! Turns the catalog of images into JSON, which the program reads in a tenth of the time that its TOML takes. What
//! people edit and read stays `templates/images.toml`; a mistake in it is told by the compiler, with its line.
//! A template that is added must lead to a new embedding as well; the compiler alone sees only changes.
//! And the program is linked at a fixed address where that is a matter of one flag, see [`fix_address`].

#![expect(clippy::disallowed_methods, reason = "the border is the program's; this runs before there is one")]

use std::path::Path;
use std::{env, fs};

const CATALOG: &str = "templates/images.toml";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=build.rs");
    let catalog: toml::Table = fs::read_to_string(CATALOG)?.parse()?;
    let out = env::var_os("OUT_DIR").ok_or("cargo says where to write")?;
    fs::write(Path::new(&out).join("images.json"), serde_json::to_string(&catalog)?)?;
    fix_address();
    Ok(())
}

/// A program that may lie anywhere has its 17,000 pointers moved by the loader at every start: half of the time that
/// a small repository takes. What the random address protects against, memory written out of bounds, the language
/// rules out here. Static programs (musl) start with other objects; `packaging/binary` asks for the same there.
fn fix_address() {
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    // A static program of the GNU C library starts with other objects too, and asks for a loader when it is told this.
    let is_static = env::var("CARGO_CFG_TARGET_FEATURE")
        .is_ok_and(|on| on.split(',').any(|feature| feature == "crt-static"));
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !is_static {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
