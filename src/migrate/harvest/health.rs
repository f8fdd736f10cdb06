//! The old health check: its path and its times as settings, or the whole of it where a program of the repository asks.

use super::fate::{Judged, kept, person};
use super::text::is_plain;
use super::{Disposition, Harvest, Scene};
use crate::config::proof::{health_seconds, seconds};
use crate::dockerfile::Form;
use crate::dockerfile::instr::Healthcheck;
use crate::plan::service::Health;
use crate::stack::Ships;

impl Harvest {
    pub(super) fn health(&mut self, scene: &Scene<'_>, line: u32, check: &Healthcheck) -> Judged {
        let Healthcheck::Check { form, flags } = check else {
            self.wish("runtime.healthcheck.enabled", false.into(), line);
            return (kept("runtime.healthcheck.enabled"), Vec::new());
        };
        let text = match form {
            Form::Exec(words) => words.join(" "),
            Form::Shell(text) => text.clone(),
        };
        let Some(path) = asked_path(&text) else {
            if let Some(fate) = self.own_check(scene, line, form) {
                return (fate, Vec::new());
            }
            return (
                person("what it asks is no HTTP path; set runtime.healthcheck.path, or write it by hand"),
                Vec::new(),
            );
        };
        if scene.service.runtime.health.as_ref().is_none_or(|health| health.value.path != path) {
            self.wish("runtime.healthcheck.path", path.into(), line);
        }
        let mut notes = vec!["the image asks without curl or wget".to_owned()];
        let planned = scene.service.runtime.health.as_ref().map(|health| &health.value);
        for (name, value) in flags {
            match rhythm(name, value) {
                Some(_) if planned.is_some_and(|planned| has_rhythm(planned, name, value)) => {}
                Some((key, value)) => self.wish(key, value, line),
                None => notes.push(format!("--{name}={value} is dockgen's own now")),
            }
        }
        (kept("runtime.healthcheck.path"), notes)
    }

    /// A check that a program of the repository makes: it works as it is where the sources are shipped.
    fn own_check(&mut self, scene: &Scene<'_>, line: u32, form: &Form) -> Option<Disposition> {
        const INTERPRETERS: &[&str] = &["node", "python", "python3", "sh"];
        let Form::Exec(words) = form else { return None };
        let (first, rest) = words.split_first()?;
        let own = if INTERPRETERS.contains(&first.as_str()) { rest.first()? } else { first };
        let file = scene.below_home(own).filter(|file| is_plain(file))?;
        if scene.ships() != Some(Ships::Sources) || !scene.inventory.has(&scene.service.dir.join(&file)?) {
            return None;
        }
        let instruction = scene.file.instructions().find(|one| one.line == line)?;
        let flags: String = instruction.flags.iter().fold(String::new(), |flags, flag| {
            format!("{flags}--{}={} ", flag.name, flag.value.as_deref().unwrap_or_default())
        });
        let words: Vec<String> =
            words.iter().map(|word| scene.rehomed(word).unwrap_or_else(|| word.clone())).collect();
        let words = serde_json::to_string(&words).ok()?;
        Some(self.carry(scene, instruction, &format!("HEALTHCHECK {flags}CMD {words}")))
    }
}

/// A flag of a health check as a setting, where one says it.
pub(in crate::migrate) fn rhythm(flag: &str, value: &str) -> Option<(&'static str, toml::Value)> {
    let key = match flag {
        "interval" => "runtime.healthcheck.interval",
        "timeout" => "runtime.healthcheck.timeout",
        "start-period" => "runtime.healthcheck.start_period",
        "retries" => {
            return Some((
                "runtime.healthcheck.retries",
                value.parse::<i64>().ok().filter(|n| *n > 0)?.into(),
            ));
        }
        _ => return None,
    };
    health_seconds(value).ok().map(|_| (key, value.into()))
}

/// Does the planned check say the same anyway?
fn has_rhythm(planned: &Health, flag: &str, value: &str) -> bool {
    let planned = match flag {
        "interval" => planned.interval_seconds,
        "timeout" => planned.timeout_seconds,
        "start-period" => planned.start_seconds,
        _ => return false,
    };
    seconds(value).is_ok_and(|time| time.0 == u64::from(planned))
}

/// The path of the address of this machine in a command.
fn asked_path(text: &str) -> Option<String> {
    let at = ["//localhost", "//127.0.0.1", "//0.0.0.0"]
        .iter()
        .find_map(|host| Some(text.find(host)? + host.len()))?;
    let rest = text[at..].split([' ', '"', '\'', '|', ';', ')', '`', '&']).next().unwrap_or_default();
    let path = rest.find('/').map_or("/", |slash| &rest[slash..]);
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_./~%?=&".contains(c);
    path.chars().all(legal).then(|| path.to_owned())
}
