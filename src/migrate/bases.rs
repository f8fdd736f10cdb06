//! A company's own base images, and the public ones that they are built like: `[migrate.bases]`.
//!
//! What no row names stays unknown, and a file that starts from it is not rebuilt.

use crate::config::{Settings, keys};
use crate::dockerfile::ImageRef;
use crate::dockerfile::image::fit;

/// Rows of names and what they stand for, the first that fits wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bases(Vec<(String, String)>);

impl Bases {
    /// Those of a `dockgen.toml`.
    pub fn of(settings: &Settings) -> Self {
        let table = keys::BASES.name.trim_end_matches('*');
        let row = |(name, value): (&str, &toml::Value)| Some((name.to_owned(), value.as_str()?.to_owned()));
        Self(settings.table(table).filter_map(|(name, wish)| row((name, &wish.value))).collect())
    }

    /// Rows of names and what they stand for.
    pub(super) fn from_rows(rows: impl Iterator<Item = (String, String)>) -> Self {
        Self(rows.collect())
    }

    /// These, and behind them those of everybody.
    #[must_use]
    pub fn before(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().cloned());
        self
    }

    /// The public image behind one; none where no row names it.
    pub fn public(&self, image: &ImageRef) -> Option<ImageRef> {
        let whole = ImageRef { digest: None, ..image.clone() }.to_string();
        self.0.iter().find_map(|(pattern, public)| {
            let rest = fit(pattern, &whole)?;
            if pattern.contains('*') {
                return format!("{}{rest}", public.strip_suffix('*')?).parse().ok();
            }
            // What has no tag of its own takes that of the image, where the row names it with any.
            let public: ImageRef = public.parse().ok()?;
            let tag = rest.strip_prefix(':').map(str::to_owned);
            Some(ImageRef { tag: public.tag.or(tag), ..public })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;
    use crate::stack;

    #[test]
    fn rows_are_names_tags_and_beginnings() {
        let text = "[migrate.bases]\n\"acme.example.com/node-base\" = \"node\"\n\"acme.example.com/py:old\" = \"python:3.6\"\n\
                    \"mirror:5000/*\" = \"*\"\n\"acme.example.com/python-*\" = \"python:*\"\n";
        let inventory = Inventory::from_files([("dockgen.toml", text)]);
        let bases = Bases::of(&Settings::read(&inventory, &stack::keys()).unwrap());
        for (image, public) in [
            ("acme.example.com/node-base:8", Some("node:8")),
            ("acme.example.com/node-base", Some("node")),
            ("acme.example.com/py:old", Some("python:3.6")),
            ("acme.example.com/py:new", None),
            ("mirror:5000/library/golang:1.12", Some("library/golang:1.12")),
            ("mirror:5000/library/golang", Some("library/golang")),
            ("acme.example.com/python-3.6-build", Some("python:3.6-build")),
            ("node:8", None),
        ] {
            let found = bases.public(&image.parse().unwrap()).map(|image| image.to_string());
            assert_eq!(found.as_deref(), public, "{image}");
        }
    }
}
