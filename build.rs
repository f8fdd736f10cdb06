//! Turns the catalog of images into JSON, which the program reads in a tenth of the time that its TOML takes. What
//! people edit and read stays `templates/images.toml`; a mistake in it is told by the compiler, with its line.
//! A template that is added must lead to a new embedding as well; the compiler alone sees only changes.

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
    Ok(())
}
