//! The settings of `[policy]`: what a company holds its projects to.

use std::fmt;

use crate::config::keys::Globs;
use crate::key::{Key, Shape, texts};

/// Are tags enough, or are digests kept behind them?
pub static PIN: Key<Pin> = Key {
    name: "policy.pin",
    shape: Shape::OneOf(&["tag", "digest"]),
    doc: "what base images are held to: tag, or digest, which `--pin` asks registries for and the Dockerfile keeps",
    parse: |value| match value.as_str() {
        Some("tag") => Ok(Pin::Tag),
        Some("digest") => Ok(Pin::Digest),
        _ => Err("expected tag or digest".to_owned()),
    },
};

/// Settings that only the company may make.
pub static LOCKED: Key<Globs> = Key {
    name: "policy.locked",
    shape: Shape::Texts,
    doc: "in a company's folder: settings, or tables of them, that a project may not make itself",
    parse: |value| texts(value).map(Globs),
};

/// What an image must have.
pub static REQUIRE: Key<Requirements> = Key {
    name: "policy.require",
    shape: Shape::Texts,
    doc: "what every image must have: non-root, healthcheck, tests, digest",
    parse: |value| {
        texts(value)?.iter().map(|word| Requirement::named(word)).collect::<Result<_, _>>().map(Requirements)
    },
};

/// Images that may be used.
pub static ALLOWED_BASES: Key<Globs> = Key {
    name: "policy.allowed_bases",
    shape: Shape::Texts,
    doc: "the images that may be used, such as \"node:*\" or \"registry.example.com/*\"; `*` is anything",
    parse: |value| texts(value).map(Globs),
};

/// What an image is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// Its tag, which moves.
    Tag,
    /// The digest behind it.
    Digest,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tag => "tag",
            Self::Digest => "digest",
        })
    }
}

/// One thing that an image must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// A user other than root.
    NonRoot,
    /// A health check, where it listens.
    Healthcheck,
    /// A stage that runs the tests.
    Tests,
    /// Digests behind all tags.
    Digest,
}

impl Requirement {
    const ALL: [Self; 4] = [Self::NonRoot, Self::Healthcheck, Self::Tests, Self::Digest];

    fn named(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|known| known.to_string() == word);
        found.ok_or_else(|| {
            let known: Vec<String> = Self::ALL.iter().map(ToString::to_string).collect();
            format!("expected {}", known.join(", "))
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NonRoot => "non-root",
            Self::Healthcheck => "healthcheck",
            Self::Tests => "tests",
            Self::Digest => "digest",
        })
    }
}

/// Things that an image must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements(pub Vec<Requirement>);

impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&words.join(", "))
    }
}
