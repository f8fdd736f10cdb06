//! The port in a compose file that people keep beside a program: where they publish the container that they build from its
//! folder. It counts where the sources leave the port open, before a port that is merely usual.

use std::collections::BTreeSet;

use crate::fact::Fact;
use crate::out::Standing;
use crate::out::standing;
use crate::repo::dir::{Dir, Doc};
use crate::repo::format::Tree;
use crate::repo::path::RelPath;

/// The names it may have: <https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file>.
pub const NAMES: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// The only port that is published of the containers built from this folder. Files that dockgen wrote repeat what it
/// found, and one that does not read as YAML is for its own program to judge.
pub fn port(dir: &Dir<'_>) -> Option<Fact<u16>> {
    written_by_people(dir).find_map(|(above, doc)| {
        let compose = doc.yaml().ok()?;
        let built = built_here(&compose.tree, dir, &above);
        let ports: Vec<(u16, &Tree)> = built
            .flat_map(|service| service.get("ports").into_iter().flat_map(Tree::items))
            .filter_map(|published| Some((target(published)?, published)))
            .collect();
        let distinct: BTreeSet<u16> = ports.iter().map(|(port, _)| *port).collect();
        let (port, published) = ports.first().filter(|_| distinct.len() == 1)?;
        Some(Fact::new(
            *port,
            compose.cite(published, format!("a container of this folder publishes port {port}")),
        ))
    })
}

/// What is run in the containers built from this folder besides what their images start: checks, and commands in the place of
/// those of the image. <https://docs.docker.com/reference/compose-file/services/#healthcheck>
pub fn commands(dir: &Dir<'_>) -> Vec<Fact<String>> {
    let mut found = Vec::new();
    for (above, doc) in written_by_people(dir) {
        let Ok(compose) = doc.yaml() else { continue };
        for service in built_here(&compose.tree, dir, &above) {
            let check = service.get("healthcheck").and_then(|check| check.get("test"));
            for said in [check, service.get("command"), service.get("entrypoint")].into_iter().flatten() {
                let words: Vec<String> = match said.scalar() {
                    Some(text) => vec![text],
                    None => said.items().filter_map(Tree::scalar).collect(),
                };
                let of_shell = words.iter().position(|word| word == "-c").and_then(|at| words.get(at + 1));
                let plain =
                    words.iter().filter(|word| !matches!(word.as_str(), "CMD" | "CMD-SHELL" | "NONE"));
                let joined = || plain.cloned().collect::<Vec<_>>().join(" ");
                let text = of_shell.cloned().unwrap_or_else(joined);
                found.push(Fact::new(text, compose.cite(said, "a container of this folder runs it")));
            }
        }
    }
    found
}

/// The compose files of this folder and those above, without what dockgen wrote.
fn written_by_people<'a>(dir: &Dir<'a>) -> impl Iterator<Item = (Dir<'a>, Doc<'a>)> {
    let files = dir
        .ancestors()
        .flat_map(|above| NAMES.iter().filter_map(move |name| Some((above.clone(), above.doc(name)?))));
    files.filter(|(_, doc)| standing(Some(doc.text)) == Standing::Foreign)
}

/// The services of a compose file that are built from this folder.
fn built_here<'t>(compose: &'t Tree, dir: &Dir<'_>, above: &Dir<'_>) -> impl Iterator<Item = &'t Tree> {
    let services = compose.get("services").into_iter().flat_map(Tree::entries);
    services
        .filter(|(_, service)| context(service, above).as_ref() == Some(dir.path()))
        .map(|(_, service)| service)
}

/// The folder that a service is built from; none where it is pulled.
fn context(service: &Tree, above: &Dir<'_>) -> Option<RelPath> {
    let build = service.get("build")?;
    above.resolve(build.as_text().or_else(|| build.get("context")?.as_text()).unwrap_or("."))
}

/// The container's side of a published TCP port: `8080:80`, `127.0.0.1:8080:80/tcp`, `target: 80`
/// (<https://docs.docker.com/reference/compose-file/services/#ports>).
fn target(published: &Tree) -> Option<u16> {
    let said = published.get("target").unwrap_or(published).scalar()?;
    let (ports, protocol) = said.split_once('/').unwrap_or((said.as_str(), "tcp"));
    ports.rsplit(':').next()?.parse().ok().filter(|port| *port > 0 && protocol == "tcp")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;

    #[test]
    fn the_port_of_a_container_built_here_counts() {
        for (folder, compose, port) in [
            ("", "services:\n  app:\n    build: .\n    ports: ['9000:9001']\n", Some(9001)),
            (
                "",
                "services:\n  app:\n    build: {context: ./}\n    ports:\n      - 127.0.0.1:80:8000/tcp\n",
                Some(8000),
            ),
            (
                "",
                "services:\n  app:\n    build: {}\n    ports: [{target: 7000, published: 80}]\n",
                Some(7000),
            ),
            ("", "services:\n  app:\n    build: .\n    ports: ['${PORT:-3000}:3000', 3000]\n", Some(3000)),
            (
                "api",
                "services:\n  api:\n    build: ./api\n    ports: [4000]\n  web:\n    build: web\n    ports: [5000]\n",
                Some(4000),
            ),
            ("", "services:\n  db:\n    image: postgres\n    ports: ['5432:5432']\n", None),
            ("", "services:\n  app:\n    build: .\n    ports: ['1000:1000', '2000:2000']\n", None),
            ("", "services:\n  app:\n    build: .\n    ports: ['1000:1000/udp']\n", None),
            ("", "services: [", None),
        ] {
            let inventory = Inventory::from_files([("compose.yaml", compose), ("api/x", "")]);
            let dir = Dir::new(&inventory, RelPath::new(folder).expect("a path"));
            assert_eq!(super::port(&dir).map(|port| port.value), port, "{compose}");
        }
    }
}
