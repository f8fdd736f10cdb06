//! The old and the new image of every migrated file as targets of one `docker-bake.hcl`, for an engine that is somewhere
//! else: `docker buildx bake` runs it on any builder. Pure text; where the files are put is the caller's business.
//!
//! <https://docs.docker.com/build/bake/reference/>

use std::fmt::Write as _;

/// One image that is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Letters, digits, dashes: `shop-api`.
    pub name: String,
    /// The build context.
    pub context: String,
    /// The Dockerfile.
    pub dockerfile: String,
}

/// A migrated file: what it was and what it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// As it is in the repository.
    pub old: Target,
    /// As it would be.
    pub new: Target,
}

/// The whole file, one pair after the other.
pub fn text(pairs: &[Pair]) -> String {
    let mut text = String::from(
        "# Both images of every file: docker buildx bake. Only the new ones: docker buildx bake new.\n\
         # REGISTRY=registry.example.com/migration/ docker buildx bake --push\n\
         variable \"REGISTRY\" {\n  default = \"\"\n}\n\n",
    );
    let names = |which: fn(&Pair) -> &Target| -> String {
        pairs.iter().map(|pair| quoted(&which(pair).name)).collect::<Vec<_>>().join(", ")
    };
    let _ = writeln!(text, "group \"default\" {{\n  targets = [\"old\", \"new\"]\n}}\n");
    let _ = writeln!(text, "group \"old\" {{\n  targets = [{}]\n}}\n", names(|pair| &pair.old));
    let _ = writeln!(text, "group \"new\" {{\n  targets = [{}]\n}}", names(|pair| &pair.new));
    for target in pairs.iter().flat_map(|pair| [&pair.old, &pair.new]) {
        let tag = target.name.to_ascii_lowercase();
        let _ = writeln!(
            text,
            "\ntarget {} {{\n  context    = {}\n  dockerfile = {}\n  tags       = [\"${{REGISTRY}}{tag}\"]\n}}",
            quoted(&target.name),
            quoted(&target.context),
            quoted(&target.dockerfile),
        );
    }
    text
}

/// A text in quotes, with nothing in it that HCL would put a value for.
fn quoted(text: &str) -> String {
    let plain = serde_json::Value::from(text).to_string();
    plain.replace("${", "$${").replace("%{", "%%{")
}

/// A name that a target may have.
pub fn name(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = text.chars().map(plain).collect();
    let mut words = name.split('-').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or("image").to_owned();
    words.fold(first, |name, word| format!("{name}-{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_quotes_hold() {
        assert_eq!(name("shop/api.v2/Dockerfile"), "shop-api-v2-Dockerfile");
        assert_eq!(name("--"), "image");
        assert_eq!(quoted("a\"${b}%{c}"), "\"a\\\"$${b}%%{c}\"");
    }
}
