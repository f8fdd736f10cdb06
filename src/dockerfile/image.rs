//! The name of an image. Leaves `docker.io` and `latest` unsaid where the file does.

use std::{fmt, str::FromStr};

/// `[registry/]repository[:tag][@digest]`, as written.
/// <https://pkg.go.dev/github.com/distribution/reference>
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    /// `ghcr.io`, `localhost:5000`; absent for Docker Hub.
    pub registry: Option<String>,
    /// `golang`, `library/golang`, `distroless/static`; never empty.
    pub repository: String,
    /// What follows the colon.
    pub tag: Option<String>,
    /// `sha256:...`.
    pub digest: Option<String>,
}

/// Why a text names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of an image")]
pub struct NotAnImage(pub String);

impl ImageRef {
    /// The last part of the repository: `golang` of `docker.io/library/golang`.
    pub fn short_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// Is it Alpine, or does its name say that it is built on it: `node:24-alpine3.22`, `frolvlad/alpine-python3`?
    pub fn is_alpine(&self) -> bool {
        let says = |name: &str| {
            let numbers = |word: &str| {
                word.strip_prefix("alpine").is_some_and(|n| n.bytes().all(|c| c.is_ascii_digit()))
            };
            name.split(['-', '_', '.']).any(numbers)
        };
        says(self.short_name()) || self.tag.as_deref().is_some_and(says)
    }
}

impl FromStr for ImageRef {
    type Err = NotAnImage;

    fn from_str(text: &str) -> Result<ImageRef, NotAnImage> {
        let no = || NotAnImage(text.to_owned());
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) if is_digest(digest) => (rest, Some(digest.to_owned())),
            Some(_) => return Err(no()),
            None => (text, None),
        };
        let last = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[last..].split_once(':') {
            Some((name, tag)) if is_tag(tag) => (&rest[..last + name.len()], Some(tag.to_owned())),
            Some(_) => return Err(no()),
            None => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, repository)) if is_registry(first) => (Some(first.to_owned()), repository),
            _ => (None, name),
        };
        if !repository.split('/').all(is_component) {
            return Err(no());
        }
        Ok(ImageRef { registry, repository: repository.to_owned(), tag, digest })
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// What a pattern leaves of an image, where it stands for it: a `*` is whatever is there, and what stands for the last one
/// is left; a name without a tag is meant with any, and leaves that with its colon; a whole name leaves nothing.
pub fn fit<'i>(pattern: &str, image: &'i str) -> Option<&'i str> {
    let Some((first, later)) = pattern.split_once('*') else {
        let rest = image.strip_prefix(pattern)?;
        // What follows the colon of a host is a port.
        let is_tag = rest.strip_prefix(':').is_some_and(is_tag);
        return (rest.is_empty() || is_tag).then_some(rest);
    };
    let (between, last) = later.rsplit_once('*').unwrap_or(("", later));
    let mut middle = image.strip_prefix(first)?.strip_suffix(last)?;
    for piece in between.split('*').filter(|piece| !piece.is_empty()) {
        (_, middle) = middle.split_once(piece)?;
    }
    Some(middle)
}

/// Docker takes the first part for a host when it could not be a repository.
fn is_registry(first: &str) -> bool {
    let (host, port) = first.split_once(':').unwrap_or((first, "0"));
    let named = first.contains(['.', ':']) || first == "localhost" || first.contains(char::is_uppercase);
    named
        && !host.is_empty()
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']'))
        && !port.is_empty()
        && port.chars().all(|c| c.is_ascii_digit())
}

fn is_component(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(plain)
        && part.ends_with(plain)
        && part.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn reads_and_prints() {
        let with_digest = format!("host:5000/img:tag@{DIGEST}");
        for (text, registry, repository, tag) in [
            ("alpine", None, "alpine", None),
            ("golang:1.22-bookworm", None, "golang", Some("1.22-bookworm")),
            ("library/golang", None, "library/golang", None),
            ("gcr.io/distroless/static:nonroot", Some("gcr.io"), "distroless/static", Some("nonroot")),
            ("localhost/a", Some("localhost"), "a", None),
            ("host:5000/img", Some("host:5000"), "img", None),
            (&with_digest, Some("host:5000"), "img", Some("tag")),
        ] {
            let image: ImageRef = text.parse().unwrap();
            let found = (image.registry.as_deref(), image.repository.as_str(), image.tag.as_deref());
            assert_eq!(found, (registry, repository, tag), "{text}");
            assert_eq!(image.to_string(), text);
        }
    }

    #[test]
    fn patterns_leave_what_they_do_not_say() {
        for (pattern, image, left) in [
            ("node:*", "node:24-slim", Some("24-slim")),
            ("node:*", "nodejs:24", None),
            ("node", "node:24-slim", Some(":24-slim")),
            ("node", "nodejs:24", None),
            ("node:24", "node:24", Some("")),
            ("node:24", "node:24-slim", None),
            ("mirror", "mirror:5000/node", None),
            ("gcr.io/distroless/*", "gcr.io/distroless/static:nonroot", Some("static:nonroot")),
            ("registry.acme.example/*", "golang:1.26", None),
            ("*-slim", "node:24-slim", Some("node:24")),
            ("*-slim", "node:24-slim-x", None),
            ("*-slim", "acme-slim/node:24-slim", Some("acme-slim/node:24")),
            ("a*b*c", "a-c-b-c", Some("-")),
            ("a*b*c", "a-c", None),
            ("a*b*", "a-b-c", Some("-c")),
            ("*", "anything:1", Some("anything:1")),
        ] {
            assert_eq!(fit(pattern, image), left, "{pattern} {image}");
        }
    }

    #[test]
    fn refuses() {
        for text in ["", "$BASE", "Alpine", "a:b:c", "a:", "a@sha256:12", "a//b", "a b", "/a", "-a"] {
            assert!(text.parse::<ImageRef>().is_err(), "{text}");
        }
    }
}
