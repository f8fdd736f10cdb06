//! Plug'n'Play of yarn in start commands. Images have a plain `node_modules`, which can be copied in parts and needs no
//! loader, so what loads Plug'n'Play's files is taken out: they are not there, and Node.js would not start.
//!
//! <https://yarnpkg.com/features/pnp#initializing-pnp>

/// Options of Node.js that load a file.
const LOADS: &[&str] = &["-r", "--require", "--import", "--loader", "--experimental-loader"];

/// A command without what loads Plug'n'Play: `node -r ./.pnp.cjs server.js`, `yarn node server.js`.
pub(super) fn without(words: &[String]) -> Vec<String> {
    // https://yarnpkg.com/cli/node
    let is_node = words.len() > 1 && words[0] == "yarn" && words[1] == "node";
    let mut rest = words.iter().skip(usize::from(is_node)).peekable();
    let mut kept = Vec::new();
    while let Some(word) = rest.next() {
        let loads = LOADS.contains(&word.as_str());
        if loads && rest.next_if(|file| is_its_file(file)).is_some() {
            continue;
        }
        let joined =
            word.split_once('=').is_some_and(|(name, file)| LOADS.contains(&name) && is_its_file(file));
        if !joined {
            kept.push(word.clone());
        }
    }
    kept
}

/// `NODE_OPTIONS` without the same; none where nothing is left.
pub(super) fn without_in(options: &str) -> Option<String> {
    let words: Vec<String> = options.split_whitespace().map(str::to_owned).collect();
    let kept = without(&words);
    match kept.len() {
        0 => None,
        left if left == words.len() => Some(options.to_owned()),
        _ => Some(kept.join(" ")),
    }
}

/// `./.pnp.cjs`, `.pnp.js`, `./.pnp.loader.mjs`, wherever they lie.
fn is_its_file(file: &str) -> bool {
    file.rsplit('/').next().is_some_and(|name| name.starts_with(".pnp."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loads_its_files_is_taken_out() {
        for (line, expected) in [
            ("node -r ./.pnp.cjs server.js", "node server.js"),
            ("node --require ../../.pnp.cjs --loader ../../.pnp.loader.mjs x.js", "node x.js"),
            ("node --import=./.pnp.loader.mjs x.js", "node x.js"),
            ("node -r dotenv/config x.js", "node -r dotenv/config x.js"),
            ("yarn node x.js -r", "node x.js -r"),
            ("yarn start", "yarn start"),
            ("next start", "next start"),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(without(&words).join(" "), expected, "{line}");
        }
        assert_eq!(without_in("--require ./.pnp.cjs"), None);
        assert_eq!(
            without_in("--max-old-space-size=512 -r ./.pnp.cjs").as_deref(),
            Some("--max-old-space-size=512")
        );
        assert_eq!(without_in("--a  --b").as_deref(), Some("--a  --b"));
    }
}
