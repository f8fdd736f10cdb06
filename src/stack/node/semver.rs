//! npm's version ranges, behind one small door: the rest of the stack knows lines, not parsers.
//!
//! <https://github.com/npm/node-semver#ranges>

use js_semver::{Range, Version};

/// A range as npm reads it (`>=18`, `^20 || ^22`, `24.x`).
#[derive(Debug, Clone)]
pub(super) struct Wanted(Range);

impl Wanted {
    /// Reads a range; none when it is not one (`workspace:*`, a git address, a tag).
    pub fn parse(text: &str) -> Option<Self> {
        Range::parse(text.trim()).ok().map(Self)
    }

    /// Does this exact version satisfy the range?
    pub fn takes(&self, version: &str) -> bool {
        version_of(version).is_some_and(|version| self.0.satisfies(&version))
    }

    /// Does some release of a line with two numbers satisfy the range?
    pub fn takes_minor(&self, major: u64, minor: u64) -> bool {
        (0..100).any(|patch| self.0.satisfies(&Version::new(major, minor, patch)))
    }

    /// Does some release of this major line satisfy the range? The images float to the newest one,
    /// which is therefore tried first.
    pub fn takes_line(&self, major: u64) -> bool {
        let newest = Version::new(major, 99, 99);
        self.0.satisfies(&newest)
            || (0..40).any(|minor| (0..10).any(|patch| self.0.satisfies(&Version::new(major, minor, patch))))
    }
}

/// The major number of a version or of something like one (`v18`, `20.x`, `22.3`).
pub(super) fn major(text: &str) -> Option<u64> {
    let digits = text.trim().trim_start_matches(['v', 'V', '=', '^', '~', '>', '<', ' ']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// Is `version` lower than `limit` (`4.46.0` < `5.61.0`)? What is not a version is not lower.
pub(super) fn is_below(version: &str, limit: &str) -> bool {
    match (version_of(version), version_of(limit)) {
        (Some(version), Some(limit)) => version < limit,
        _ => false,
    }
}

fn version_of(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', '=']);
    Version::parse(text).ok().or_else(|| {
        let mut parts = text.split('.').map(|part| part.parse::<u64>().ok());
        let major = parts.next()??;
        Some(Version::new(major, parts.next().flatten().unwrap_or(0), parts.next().flatten().unwrap_or(0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_npms() {
        for (range, takes, refuses) in [
            (">= 18", vec![18, 24, 26], vec![16]),
            (">=20 <23", vec![20, 22], vec![18, 24]),
            ("^20.19.0 || >=22.12.0", vec![20, 22, 24], vec![18, 21]),
            ("24.x", vec![24], vec![22, 26]),
            ("22", vec![22], vec![24]),
            ("*", vec![14, 26], vec![]),
            ("18.17.1", vec![18], vec![20]),
            ("~16.13", vec![16], vec![18]),
            ("14 || 16 - 18", vec![14, 17], vec![20]),
        ] {
            let wanted = Wanted::parse(range).expect(range);
            for line in takes {
                assert!(wanted.takes_line(line), "{range} takes {line}");
            }
            for line in refuses {
                assert!(!wanted.takes_line(line), "{range} refuses {line}");
            }
        }
        assert!(Wanted::parse("lts/*").is_none());
    }

    #[test]
    fn versions_compare_as_numbers() {
        for (version, limit, below) in [
            ("4.46.0", "5.61.0", true),
            ("5.9.0", "5.61.0", true),
            ("10.0.0", "9.0.0", false),
            ("x", "1.0.0", false),
        ] {
            assert_eq!(is_below(version, limit), below, "{version} < {limit}");
        }
        assert_eq!(major("v18.20.1"), Some(18));
        assert_eq!(major("lts/jod"), None);
    }
}
