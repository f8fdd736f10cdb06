//! `--pin`: asks registries for the digests of the base images of a plan, and plans again with them.

use std::collections::BTreeMap;

use crate::cli::session::Session;
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::dockerfile::ImageRef;
use crate::plan::registry;
use crate::plan::service::Service;

/// Asks for every image of these services. One that cannot be had stops the run, before anything is written: a file
/// that is half pinned looks like one that is pinned.
pub(super) fn ask(session: &mut Session, services: &[Service], term: &Term) -> Result<(), Failure> {
    let images = services.iter().flat_map(registry::images_with_tags);
    let images: BTreeMap<String, ImageRef> = images.map(|image| (image.to_string(), image)).collect();
    let digests = digests(&images, term)?;
    session.learn(digests);
    Ok(())
}

#[cfg(feature = "registry")]
fn digests(images: &BTreeMap<String, ImageRef>, term: &Term) -> Result<BTreeMap<String, String>, Failure> {
    let registries = crate::registry::Registries::default();
    let mut found = BTreeMap::new();
    for (name, image) in images {
        let digest = registries.digest(image).map_err(|bad| {
            Failure::new(Exit::ToolMissing, format!("{bad}; nothing was written")).help(bad.help())
        })?;
        term.done("asked", &format!("{name} is {}…", digest.get(..19).unwrap_or(&digest)));
        found.insert(name.clone(), digest);
    }
    Ok(found)
}

#[cfg(not(feature = "registry"))]
fn digests(_: &BTreeMap<String, ImageRef>, _: &Term) -> Result<BTreeMap<String, String>, Failure> {
    let message = "this dockgen was built without `--pin`; nothing was written";
    Err(Failure::new(Exit::Misuse, message).help("`cargo install dockgen --features registry` brings it"))
}
