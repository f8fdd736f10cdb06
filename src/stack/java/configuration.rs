//! What a program says in its configuration files: Spring Boot's, Quarkus', Micronaut's, Helidon's, Ktor's.
//!
//! One flat list of keys stands for all of them: `server.port`, however it is nested. What a key means is
//! data of `network.rs`. Order of the files and the meaning of profiles:
//! <https://docs.spring.io/spring-boot/reference/features/external-config.html>,
//! <https://quarkus.io/guides/config-reference>, <https://ktor.io/docs/server-configuration-file.html>

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc};
use crate::repo::format::{self, Tree};

/// Where configuration lies inside the jar, strongest first.
const FOLDERS: &[&str] = &["src/main/resources/config", "src/main/resources", "src/main/resources/META-INF"];
/// Names of files that every program of its framework reads.
const NAMES: &[&str] = &["application", "bootstrap", "microprofile-config"];
/// Properties win over YAML in the same folder.
const ENDINGS: &[&str] = &["properties", "yml", "yaml", "conf"];

/// Gives a property of the build a value: build tools fill in `@project.version@` before the file is shipped.
pub(super) type Fill<'f> = &'f dyn Fn(&str) -> Option<String>;

/// The configuration of one module.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    /// Keys with their values, strongest first.
    entries: Vec<(String, Fact<String>)>,
}

impl Configuration {
    /// Reads the files of the module in `dir`, those of the profiles it switches on itself first.
    pub fn read(dir: &Dir<'_>, fill: Fill<'_>) -> Self {
        let mut base = Self::default();
        for name in NAMES {
            base.add(dir, name, None, fill);
        }
        let active = base.get("spring.profiles.active").or_else(|| base.get("spring.profiles.default"));
        let mut all = Self::default();
        for profile in active.iter().flat_map(|fact| fact.value.split(',')).map(str::trim) {
            let is_name = profile.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if is_name && !profile.is_empty() {
                all.add(dir, &format!("application-{profile}"), None, fill);
                all.add(dir, "application", Some(profile), fill);
            }
        }
        all.entries.extend(base.entries);
        all
    }

    /// The value of a key, with `${NAME:value}` read as its default.
    pub fn get(&self, key: &str) -> Option<Fact<String>> {
        // Quarkus' profile in production: https://quarkus.io/guides/config-reference#profiles
        let in_production = format!("%prod.{key}");
        let said = |name: &str| self.entries.iter().find(|(known, _)| known == name);
        let (_, fact) = said(&in_production).or_else(|| said(key))?;
        let value = default_of(&fact.value)?;
        Some(fact.derive(value))
    }

    fn add(&mut self, dir: &Dir<'_>, name: &str, profile: Option<&str>, fill: Fill<'_>) {
        for folder in FOLDERS {
            for ending in ENDINGS {
                let Some(doc) = dir.doc(&format!("{folder}/{name}.{ending}")) else { continue };
                match *ending {
                    "properties" => self.add_properties(&doc, profile, fill),
                    "conf" => self.entries.extend(hocon(&doc)),
                    _ => self.add_yaml(&doc, profile, fill),
                }
            }
        }
    }

    fn add_properties(&mut self, doc: &Doc<'_>, profile: Option<&str>, fill: Fill<'_>) {
        let mut part = Vec::new();
        for (number, line) in doc.lines() {
            if line.starts_with("#---") || line.starts_with("!---") {
                self.take_part(std::mem::take(&mut part), profile);
            }
            if let Some((key, value)) = property(line) {
                // The last line of a key wins, so that later ones come first.
                part.insert(0, (key.to_owned(), Fact::new(filled(value, fill), doc.cite(number, line))));
            }
        }
        self.take_part(part, profile);
    }

    fn add_yaml(&mut self, doc: &Doc<'_>, profile: Option<&str>, fill: Fill<'_>) {
        // A file that YAML does not read is the program's own matter: the build does not need it.
        let Ok(parts) = format::yaml_documents(&filled(doc.text, fill)) else { return };
        for tree in parts {
            let mut part = Vec::new();
            flatten(doc, "", &tree, &mut part);
            self.take_part(part, profile);
        }
    }

    /// Keeps a part of a file when it is for everybody, or for the wanted profile.
    fn take_part(&mut self, part: Vec<(String, Fact<String>)>, profile: Option<&str>) {
        let says =
            |key: &str| part.iter().find(|(known, _)| known == key).map(|(_, fact)| fact.value.as_str());
        let is_for = says("spring.config.activate.on-profile").or_else(|| says("spring.profiles"));
        if is_for == profile {
            self.entries.extend(part);
        }
    }
}

/// `@name@` replaced by what the build knows of it. YAML has no bare `@`, so that an unknown one is its name.
fn filled(text: &str, fill: Fill<'_>) -> String {
    static REFERENCE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"@([\w.-]+)@").expect("a constant pattern"));
    let replace = |found: &regex_lite::Captures<'_>| fill(&found[1]).unwrap_or_else(|| found[1].to_owned());
    REFERENCE.replace_all(text, replace).into_owned()
}

/// The keys of a file in HOCON as people write it: `name {`, `key = value`, and `key = ${?NAME}` for a variable
/// that replaces it: <https://github.com/lightbend/config/blob/main/HOCON.md>.
fn hocon(doc: &Doc<'_>) -> Vec<(String, Fact<String>)> {
    let mut found = Vec::new();
    let mut above: Vec<&str> = Vec::new();
    for (number, line) in doc.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        if line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_suffix('{') {
            above.push(name.trim().trim_end_matches(['=', ':']).trim());
        } else if line.starts_with('}') {
            above.pop();
        } else if let Some((key, value)) = property(line).filter(|(_, value)| !value.starts_with("${?")) {
            let key = above.iter().copied().chain([key]).collect::<Vec<_>>().join(".");
            found.push((key, Fact::new(value.to_owned(), doc.cite(number, line))));
        }
    }
    found
}

fn property(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with(['#', '!']) {
        return None;
    }
    let at = line.find(['=', ':'])?;
    Some((line[..at].trim(), line[at + 1..].trim()))
}

fn flatten(doc: &Doc<'_>, above: &str, tree: &Tree, into: &mut Vec<(String, Fact<String>)>) {
    if let Some(value) = tree.scalar() {
        let says = format!("{above}: {value}");
        into.push((above.to_owned(), Fact::new(value, doc.cite(tree.line, says))));
    }
    for (key, value) in tree.entries() {
        let key = if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") };
        flatten(doc, &key, value, into);
    }
}

/// `${PORT:8080}` is 8080 unless somebody says otherwise; `${PORT}` alone is unknown. Ktor writes
/// `$PORT:8080`, Dropwizard `${PORT:-8080}`.
pub(super) fn default_of(value: &str) -> Option<String> {
    let value = value.trim().trim_matches(['"', '\'']);
    let Some(inner) = value.strip_prefix('$') else { return Some(value.to_owned()) };
    let inner = inner.strip_prefix('{').map_or(Some(inner), |inner| inner.strip_suffix('}'))?;
    let (_, default) = inner.split_once(':')?;
    default_of(default.trim_start_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;
    use crate::repo::path::RelPath;

    #[test]
    fn the_port_is_read_as_spring_reads_it() {
        let check = |files: &[(&str, &str)], port: Option<&str>| {
            let files: Vec<(String, &str)> =
                files.iter().map(|(name, text)| (format!("src/main/resources/{name}"), *text)).collect();
            let inventory = Inventory::from_files(files.iter().map(|(path, text)| (path.as_str(), *text)));
            let found = Configuration::read(&inventory.dir(RelPath::root()), &|name| {
                (name == "port").then(|| "8090".to_owned())
            })
            .get("server.port");
            assert_eq!(found.as_ref().map(|fact| fact.value.as_str()), port, "{files:?}");
        };
        check(&[("application.properties", "server.port=8081")], Some("8081"));
        check(&[("application.properties", "server.port = ${PORT:9090}")], Some("9090"));
        check(&[("application.properties", "server.port=${PORT:${SERVER_PORT:7070}}")], Some("7070"));
        check(&[("application.properties", "server.port=${PORT}")], None);
        check(
            &[("application.properties", "#server.port=1\nserver.port=1111\nserver.port=2222")],
            Some("2222"),
        );
        check(&[("application.yml", "server:\n  port: 8083\nv: @project.version@\n")], Some("8083"));
        check(
            &[("application.yml", "server.port: 8084\n---\nspring.profiles: x\nserver.port: 1\n")],
            Some("8084"),
        );
        check(
            &[
                ("application.yml", "spring:\n  profiles:\n    active: dev\nserver:\n  port: 1\n"),
                ("application-dev.yml", "server:\n  port: 8085\n"),
            ],
            Some("8085"),
        );
        check(
            &[
                ("application.yml", "server:\n  port: 8086\n"),
                ("config/application.properties", "server.port=8087"),
            ],
            Some("8087"),
        );
        check(&[("application.yml", ": : not yaml")], None);
        check(&[("application.yml", "server:\n  port: @port@\n  name: @name@\n")], Some("8090"));
        check(
            &[("application.properties", "%dev.server.port=1\nserver.port=2\n%prod.server.port=3")],
            Some("3"),
        );
        check(&[("META-INF/microprofile-config.properties", "server.port=8091")], Some("8091"));
        check(&[("application.conf", "server {\n  port = 8092\n  port = ${?PORT}\n}")], Some("8092"));
        check(&[("application.conf", "a = 1\nserver {\n}\nserver.port: 8093")], Some("8093"));
        check(&[("application.yaml", "server:\n  port: \"$PORT:8094\"\n")], Some("8094"));
    }
}
