//! The fingerprint line in generated files.
//!
//! `# dockgen:generated 1.4.0 sha256:0123456789abcdef` tells later runs whether a person
//! has changed the file since. The version is for people: a file of an older dockgen is
//! as untouched as one of today. Files that carry a stamp have `#` comments, or `//`.

use sha2::{Digest, Sha256};

use super::Standing;

const MARK: &str = "# dockgen:generated";

/// The same where comments begin otherwise: JSON with comments.
const SLASHES: &str = "// dockgen:generated";

/// Comments on top of a Dockerfile that steer its parser. Any other comment ends them, so
/// the stamp comes below: <https://docs.docker.com/reference/dockerfile/#parser-directives>.
const DIRECTIVES: &[&str] = &["syntax", "escape", "check"];

/// The text with its stamp line. An old stamp is replaced, so stamping twice changes nothing.
pub fn stamp(text: &str) -> String {
    let body: String = (text.split_inclusive('\n')).filter(|line| !is_stamp(line)).collect();
    let line = format!("{MARK} {} sha256:{}\n", env!("CARGO_PKG_VERSION"), fingerprint(&body));
    let directives = body.split_inclusive('\n').take_while(|line| is_directive(line));
    let (head, rest) = body.split_at(directives.map(str::len).sum());
    [head, &line, rest].concat()
}

/// The same for JSON with comments.
pub fn stamp_json(text: &str) -> String {
    let body = unstamped(text);
    format!("{SLASHES} {} sha256:{}\n{body}", env!("CARGO_PKG_VERSION"), fingerprint(&body))
}

/// The text without a stamp: a file that will be filled in by somebody else is theirs.
pub fn unstamped(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !is_stamp(line)).collect()
}

/// What the text at a path is to dockgen. `None` is no file.
///
/// Line endings do not count: git on Windows changes them, not a person.
pub fn standing(existing: Option<&str>) -> Standing {
    let Some(text) = existing else {
        return Standing::Absent;
    };
    let Some(stamp) = text.split_inclusive('\n').find(|line| is_stamp(line)) else {
        return Standing::Foreign;
    };
    // Only the first stamp is left out: a second one was pasted by a person.
    let start = stamp.as_ptr().addr() - text.as_ptr().addr();
    let body = [&text[..start], &text[start + stamp.len()..]].concat();
    let written = stamp.trim().rsplit_once(" sha256:");
    match written {
        Some((_, written)) if written == fingerprint(&body) => Standing::Untouched,
        _ => Standing::Edited,
    }
}

/// The line that the stamp stands on, and the hash in it: of two texts with the same, one was printed as the other.
pub fn stamped(text: &str) -> Option<(u32, &str)> {
    let (number, line) = (1..).zip(text.lines()).find(|(_, line)| is_stamp(line))?;
    Some((number, line.split_whitespace().last()?))
}

fn is_stamp(line: &str) -> bool {
    let marks = [MARK, SLASHES];
    let rest = marks.iter().find_map(|mark| line.trim().strip_prefix(mark));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn is_directive(line: &str) -> bool {
    let comment = line.trim_start_matches('\u{feff}').trim_start().strip_prefix('#');
    let name = comment.and_then(|comment| comment.split_once('='));
    name.is_some_and(|(name, _)| {
        let name = name.trim();
        DIRECTIVES.iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// The first 16 hex digits of the hash of the text with `\n` line endings. It guards
/// against accidents, not against forgers. Digests of images do not count: update bots change them, and a file with
/// nothing but newer digests is as dockgen wrote it.
pub fn fingerprint(body: &str) -> String {
    let body = without_digests(&body.trim_start_matches('\u{feff}').replace("\r\n", "\n"));
    let hash = Sha256::digest(body.as_bytes());
    let start = (hash.iter().take(8)).fold(0_u64, |start, &byte| start << 8 | u64::from(byte));
    format!("{start:016x}")
}

fn without_digests(body: &str) -> String {
    const MARK: &str = "@sha256:";
    const HEX: usize = 64;
    let mut pieces = body.split(MARK);
    let mut rest = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_digest = piece.len() >= HEX && piece.bytes().take(HEX).all(|byte| byte.is_ascii_hexdigit());
        rest.push_str(if is_digest { "" } else { MARK });
        rest.push_str(if is_digest { &piece[HEX..] } else { piece });
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# syntax=docker/dockerfile:1\n\nFROM scratch\n";

    #[test]
    fn a_newer_digest_is_nobodys_edit() {
        let pinned = |hex: &str| format!("FROM golang:1.26@sha256:{} AS build\n", hex.repeat(64));
        let ours = stamp(&pinned("a"));
        assert_eq!(standing(Some(&ours.replace(&"a".repeat(64), &"b".repeat(64)))), Standing::Untouched);
        assert_eq!(standing(Some(&ours.replace("1.26@", "1.27@"))), Standing::Edited);
        assert_eq!(standing(Some(&ours.replace("@sha256:a", "@sha256:"))), Standing::Edited);
    }

    #[test]
    fn the_stamp_stands_below_the_directives() {
        for (text, line) in [
            (TEXT, 1),
            ("# syntax=docker/dockerfile:1\n# escape=`\nFROM scratch\n", 2),
            ("# Check = skip=all\n#syntax=x\nFROM scratch\n", 2),
            ("# made=here\nFROM scratch\n", 0),
            ("FROM scratch\n", 0),
            ("", 0),
        ] {
            let stamped = stamp(text);
            assert!(is_stamp(stamped.lines().nth(line).unwrap()), "{stamped}");
            assert_eq!(stamped.lines().count(), text.lines().count() + 1);
            assert_eq!(stamp(&stamped), stamped);
            assert_eq!(standing(Some(&stamped)), Standing::Untouched);
        }
    }

    #[test]
    fn the_stamp_is_stable() {
        // Files in repositories carry this; a change of the hash would make them all edited.
        let expected = format!("{MARK} {} sha256:bb57c7da220a8753", env!("CARGO_PKG_VERSION"));
        assert_eq!(stamp("FROM scratch\n").lines().next(), Some(expected.as_str()));
    }

    #[test]
    fn standing_follows_from_the_stamp() {
        let stamped = stamp(TEXT);
        let version = env!("CARGO_PKG_VERSION");
        let crlf = stamped.replace('\n', "\r\n");
        for (what, text, expected) in [
            ("as written", stamped.clone(), Standing::Untouched),
            ("older version", stamped.replacen(version, "0.0.1", 1), Standing::Untouched),
            ("checked out on Windows", crlf.clone(), Standing::Untouched),
            ("byte order mark", format!("\u{feff}{stamped}"), Standing::Untouched),
            ("line added", stamped.clone() + "USER app\n", Standing::Edited),
            ("line added on Windows", crlf + "USER app\r\n", Standing::Edited),
            ("line removed", stamped.replace("FROM scratch\n", ""), Standing::Edited),
            ("space added", stamped.replace("FROM ", "FROM  "), Standing::Edited),
            ("header added", format!("# Copyright\n{stamped}"), Standing::Edited),
            ("hash changed", stamped.replace("sha256:", "sha256:0"), Standing::Edited),
            ("hash removed", format!("{MARK}\nFROM scratch\n"), Standing::Edited),
            ("stamped twice", format!("{stamped}{stamped}"), Standing::Edited),
            ("newline at the end removed", stamped.trim_end().to_owned(), Standing::Edited),
            ("no stamp", TEXT.to_owned(), Standing::Foreign),
            ("another word", format!("{MARK}-by-hand\n"), Standing::Foreign),
            ("empty", String::new(), Standing::Foreign),
        ] {
            assert_eq!(standing(Some(&text)), expected, "{what}: {text}");
        }
        assert_eq!(standing(None), Standing::Absent);
    }
}
