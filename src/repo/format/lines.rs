//! From byte offsets, which the parsers report, to lines, which people read.

/// Where the lines of a text begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1));
        Lines { text, starts: starts.collect() }
    }

    /// The text between two byte offsets; empty if they do not fit the text.
    pub(super) fn slice(&self, span: std::ops::Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// The 1-based line of a byte offset. Offsets behind the end belong to the last line.
    pub(super) fn line(&self, offset: usize) -> u32 {
        let line = self.starts.partition_point(|&start| start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The 1-based line and column (in characters) of a byte offset.
    pub(super) fn place(&self, offset: usize) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.starts[line as usize - 1];
        let before = self.text.get(start..offset.min(self.text.len()));
        let column = before.map_or(1, |before| before.chars().count() + 1);
        (line, u32::try_from(column).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn offsets_become_lines_and_columns() {
        let lines = Lines::new("ab\r\nä = 1\n\nx");
        for (offset, place) in [
            (0, (1, 1)),
            (3, (1, 4)),
            (4, (2, 1)),
            (7, (2, 3)),
            (11, (3, 1)),
            (12, (4, 1)),
            (13, (4, 2)),
            (99, (4, 2)),
        ] {
            assert_eq!(lines.place(offset), place, "offset {offset}");
        }
    }
}
