//! A template that is added must lead to a new embedding; the compiler alone sees only changes.

fn main() {
    println!("cargo:rerun-if-changed=templates");
}
