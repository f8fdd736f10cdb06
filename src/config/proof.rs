//! The settings of `[verify]`: what `dockgen verify` does without flags. They decide nothing about the files.

use std::fmt;
use std::time::Duration;

use crate::key::{Key, Shape, text};

/// The engines by their names.
pub const ENGINES: &[&str] = &["auto", "docker", "podman", "nerdctl", "buildah"];

/// Who builds and runs.
pub static ENGINE: Key<String> = Key {
    name: "verify.engine",
    shape: Shape::OneOf(ENGINES),
    doc: "the engine that `dockgen verify` builds and runs with; auto takes the first that answers",
    parse: |value| {
        let name = value.as_str().filter(|name| ENGINES.contains(name));
        name.map(str::to_owned).ok_or_else(|| format!("expected {}", ENGINES.join(", ")))
    },
};

/// The longest build.
pub static TIMEOUT: Key<Seconds> = Key {
    name: "verify.timeout",
    shape: Shape::Text,
    doc: "the longest time for one build, such as \"10m\"",
    parse: |value| text(value).and_then(|text| seconds(&text)),
};

/// The longest start.
pub static BOOT_TIMEOUT: Key<Seconds> = Key {
    name: "verify.boot_timeout",
    shape: Shape::Text,
    doc: "the longest time until the program answers, such as \"90s\"",
    parse: |value| text(value).and_then(|text| seconds(&text)),
};

/// What is asked.
pub static PROBE: Key<String> = Key {
    name: "verify.probe",
    shape: Shape::Text,
    doc: "what the running program is asked: \"http://:3000/healthz\", \"tcp://:5432\" or \"none\"",
    parse: |value| {
        let probe = text(value)?;
        let is_one = probe == "none" || ["http", "tcp", "/"].iter().any(|start| probe.starts_with(start));
        if is_one && reads(&probe) {
            Ok(probe)
        } else {
            Err("expected http://:PORT/PATH, tcp://:PORT or none".to_owned())
        }
    },
};

/// The largest image.
pub static MAX_SIZE: Key<Bytes> = Key {
    name: "verify.max_size",
    shape: Shape::Text,
    doc: "the largest image that passes, such as \"300MB\"",
    parse: |value| text(value).and_then(|text| bytes(&text)),
};

/// Does whoever asks understand it? A library that verifies nothing leaves that open.
fn reads(probe: &str) -> bool {
    #[cfg(feature = "cli")]
    return crate::verify::Probe::parse(probe).is_ok();
    #[cfg(not(feature = "cli"))]
    return !probe.is_empty();
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl Seconds {
    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

/// A size as engines count it: a megabyte has a million bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

/// Reads `90`, `90s`, `10m` or `1h`.
pub fn seconds(text: &str) -> Result<Seconds, String> {
    let units = &[("", 1), ("s", 1), ("m", 60), ("h", 3600)];
    counted(text, units).map(Seconds).ok_or_else(|| "expected a time such as 90s, 10m or 1h".to_owned())
}

/// A time that the program's health is measured in: from a second to a day.
pub(super) fn health_time(value: &toml::Value) -> Result<Seconds, String> {
    text(value).and_then(|text| health_seconds(&text))
}

/// Reads such a time.
pub fn health_seconds(text: &str) -> Result<Seconds, String> {
    const DAY: u64 = 86_400;
    let time = seconds(text)?;
    if time.0 <= DAY { Ok(time) } else { Err("expected a day at most".to_owned()) }
}

/// Reads `300MB`, `1.5 GB` or plain bytes.
pub fn bytes(text: &str) -> Result<Bytes, String> {
    let units = &[("", 1), ("B", 1), ("kB", 1_000), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    counted(text, units).map(Bytes).ok_or_else(|| "expected a size such as 300MB or 1.5GB".to_owned())
}

/// A number above zero with a unit, and up to three digits behind a point.
fn counted(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..split], text[split..].trim());
    let (_, times) = units.iter().find(|(name, _)| *name == unit)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let thousandths: u64 = format!("{part:0<3}").get(..3).filter(|_| part.len() <= 3)?.parse().ok()?;
    let total =
        whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(thousandths)?.checked_mul(*times)?;
    Some(total / 1000).filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "cli")]
    fn a_probe_is_one_that_is_understood() {
        let read = |text: &str| (PROBE.parse)(&toml::Value::from(text)).is_ok();
        assert!(["none", "/healthz", "http", "http://:3000/x", "tcp://:5432"].into_iter().all(read));
        assert!(
            !["", "httpx", "https://a.example/", "tcp://:x", "http://a.example:80/"].into_iter().any(read)
        );
    }

    #[test]
    fn times_and_sizes_have_units() {
        for (text, wanted) in [
            ("90", Some(90)),
            ("90s", Some(90)),
            ("10m", Some(600)),
            ("1.5h", Some(5400)),
            ("0", None),
            ("m", None),
        ] {
            assert_eq!(seconds(text).ok(), wanted.map(Seconds), "{text}");
        }
        for (text, wanted) in [
            ("300MB", Some(300_000_000)),
            ("1.25 GB", Some(1_250_000_000)),
            ("8000", Some(8000)),
            ("12kB", Some(12_000)),
            ("300mb", None),
            ("-1MB", None),
            ("1.2.3MB", None),
            ("99999999999999999999GB", None),
        ] {
            assert_eq!(bytes(text).ok(), wanted.map(Bytes), "{text}");
        }
    }
}
