//! Start scripts that run a program beside what watches its sources: `serve public & rollup -c -w`, or `concurrently` with one
//! command for each. An image runs the program; what the other makes is the build's.

use crate::repo::dir::Dir;
use crate::stack::node::manifest::Package;
use crate::stack::node::start::{Decoded, Start, base_name, decode_at};

/// Programs that run several commands at once, with what they want to be told for that.
/// <https://github.com/open-cli-tools/concurrently>, <https://github.com/mysticatea/npm-run-all>
const RUNNERS: &[(&str, &[&str])] =
    &[("concurrently", &[]), ("run-p", &[]), ("npm-run-all", &["-p", "--parallel"])];

/// Options that make a compiler watch.
const WATCHES: &[&str] = &["-w", "--watch", "--watch=always"];

/// The one program among the commands of a line that run at once, where everything else watches.
pub(super) fn program(
    line: &str,
    package: Option<&Package<'_>>,
    dir: &Dir<'_>,
    depth: usize,
) -> Option<Decoded> {
    let parts = parts(line, package)?;
    let mut programs = Vec::new();
    for part in parts {
        let decoded = decode_at(&part, package, dir, depth + 1)?;
        match &decoded.start {
            Start::Tool { args, .. } if args.iter().any(|word| WATCHES.contains(&word.as_str())) => {}
            Start::Shell(_) => return None,
            _ => programs.push(decoded),
        }
    }
    let one = programs.pop()?;
    programs.is_empty().then_some(one)
}

/// The commands that a line runs at once; none where it runs one.
fn parts(line: &str, package: Option<&Package<'_>>) -> Option<Vec<String>> {
    if line.contains("&&") || line.contains(['|', ';', '`', '<', '>', '(']) {
        return None;
    }
    let words = shell_words::split(line).ok()?;
    let Some((_, wanted)) =
        RUNNERS.iter().find(|(name, _)| words.first().is_some_and(|word| base_name(word) == *name))
    else {
        let parts: Vec<String> = line
            .split('&')
            .map(str::trim)
            .filter(|part| !part.is_empty() && *part != "wait")
            .map(str::to_owned)
            .collect();
        return (parts.len() > 1).then_some(parts);
    };
    if !wanted.is_empty() && !words.iter().any(|word| wanted.contains(&word.as_str())) {
        return None;
    }
    let commands = words[1..].iter().filter(|word| !word.starts_with('-'));
    let script = |name: &str| Some(package?.script(name)?.value);
    Some(
        commands
            .map(|word| script(word.trim_start_matches("npm:")).unwrap_or_else(|| word.clone()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Inventory, RelPath};

    #[test]
    fn what_watches_is_no_program() {
        let manifest =
            r#"{"scripts":{"css":"tailwindcss -i a.css -o b.css --watch","serve":"node server.js"}}"#;
        let inventory = Inventory::from_files([("package.json", manifest), ("server.js", "")]);
        let dir = inventory.dir(RelPath::root());
        let package = Package::of(&dir).expect("a manifest");
        for (line, expected) in [
            ("serve public -l 5000 -s & rollup -w -c", Some("public")),
            ("rollup -c -w & serve public", Some("public")),
            ("concurrently \"tsc -w\" \"nodemon dist/app.js\"", Some("dist/app.js")),
            ("concurrently -k npm:css npm:serve", Some("server.js")),
            ("run-p css serve", Some("server.js")),
            ("npm-run-all -p css serve", Some("server.js")),
            ("npm-run-all css serve", None),
            // Two programs, or one whose end is not known.
            ("node a.js & node b.js", None),
            ("node a.js & exit $?", None),
            ("node a.js && node b.js", None),
            ("node a.js", None),
        ] {
            let found = program(line, Some(&package), &dir, 0).map(|decoded| match decoded.start {
                Start::Node(node) => node.file,
                Start::Files { folder } => folder,
                Start::Tool { name, .. } => name,
                Start::Shell(line) => line,
            });
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }
}
