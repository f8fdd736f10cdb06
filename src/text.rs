//! How words of a repository are quoted to people, and how things are counted for them.

/// One line without control characters and with single spaces, cut where it is longer than `longest`.
pub(crate) fn brief(words: &str, longest: usize) -> String {
    let words = words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    line.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// `1 file`, `2 files`.
#[cfg(feature = "cli")]
pub(crate) fn count(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_one_line_and_short() {
        for (words, expected) in [
            (" npm  run\n\tall ", "npm run all"),
            ("\u{1b}[31mred", "[31mred"),
            ("twelve chars", "twelve chars"),
            ("fourteen chars", "fourteen ch…"),
            ("ééééééééééééé", "ééééééééééé…"),
            ("", ""),
        ] {
            assert_eq!(brief(words, 12), expected);
        }
    }
}
