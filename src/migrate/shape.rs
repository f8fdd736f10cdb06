//! What an image is built from, in the words of a table: stages, base and its end of life, user.

use serde::{Deserialize, Serialize};

use crate::dockerfile::{Dockerfile, Origin, Stages};
use crate::lint::Secrets;
use crate::plan::catalog::Catalog;

/// What comes out of a Dockerfile, as far as its text says. Secrets are taken out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shape {
    /// How many stages it has.
    pub stages: usize,
    /// What the last stage starts from, other stages followed to their images.
    pub base: String,
    /// Why that base gets no fixes any more.
    pub base_ended: Option<String>,
    /// The user the image starts as.
    pub user: String,
}

impl Shape {
    /// Looks at a text and leaves out these secrets.
    pub fn of(file: &Dockerfile, secrets: &Secrets) -> Self {
        let stages = Stages::of(file);
        let last = stages.last();
        let origin = last.and_then(|last| stages.lineage(last).first().map(|first| first.origin.clone()));
        let base_ended = match &origin {
            Some(Origin::Image(image)) => Catalog::builtin().ended(image).map(|ended| ended.to_string()),
            _ => None,
        };
        let user = last.and_then(|last| stages.evaluated(last).user);
        Self {
            stages: stages.iter().count(),
            base: secrets.mask(&origin.map_or_else(String::new, shown)),
            base_ended,
            user: user.unwrap_or_else(|| "the base image's".to_owned()),
        }
    }

    /// Whether the image says that it does not start as root.
    pub fn is_ordinary_user(&self) -> bool {
        let user = self.user.split(':').next().unwrap_or_default();
        !matches!(user, "" | "0" | "root" | "the base image's")
    }
}

fn shown(origin: Origin) -> String {
    match origin {
        Origin::Scratch => "scratch".to_owned(),
        Origin::Image(image) => image.to_string(),
        Origin::Stage(index) => format!("stage {index}"),
        Origin::Unclear(text) => text,
    }
}
