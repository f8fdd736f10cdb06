//! The ports of an old image: the one that the program listens on as a setting, the others as they are.

use super::fate::{Judged, kept, person};
use super::{Disposition, Harvest, Scene};
use crate::dockerfile::{Instruction, Keyword, Meaning};

impl Harvest {
    pub(super) fn expose(&mut self, scene: &Scene<'_>, instruction: &Instruction) -> Judged {
        let mut ports: Vec<(u16, &str)> = scene.image.ports().collect();
        let written = written(scene);
        ports.sort_by_key(|(port, _)| written.iter().position(|one| one == port).unwrap_or(written.len()));
        let planned = scene.service.runtime.port.as_ref().map(|port| port.value);
        let first = scene.stage.instructions.iter().find(|other| other.keyword == Keyword::Expose);
        if first.is_some_and(|first| first.line != instruction.line) {
            // The evaluated ports were all judged with the first one.
            return (kept("runtime.port, with the other ports"), Vec::new());
        }
        if ports.is_empty() || ports.len() != scene.image.exposed.len() {
            return (person("which port it is depends on the build"), Vec::new());
        }
        let main = planned.filter(|planned| ports.contains(&(*planned, "tcp")));
        let main =
            main.or_else(|| ports.iter().find(|(_, protocol)| *protocol == "tcp").map(|(port, _)| *port));
        if let Some(main) = main.filter(|main| Some(*main) != planned) {
            self.wish("runtime.port", i64::from(main).into(), instruction.line);
        }
        let others: Vec<String> = ports
            .iter()
            .filter(|(port, protocol)| Some(*port) != main || *protocol != "tcp")
            .map(
                |(port, protocol)| {
                    if *protocol == "tcp" { port.to_string() } else { format!("{port}/{protocol}") }
                },
            )
            .collect();
        if !others.is_empty() {
            self.carry(scene, instruction, &format!("EXPOSE {}", others.join(" ")));
        }
        let over = scene.service.runtime.port.as_ref().filter(|port| Some(port.value) != main);
        let note = over.map(|port| format!("outranks port {} ({})", port.value, port.because));
        let mut notes: Vec<String> = note.into_iter().collect();
        let low = main.filter(|main| *main < 1024 && scene.ordinary_user().is_some());
        notes.extend(low.map(|port| {
            format!("port {port} is below 1024: Docker lets every user take it, other machines may not")
        }));
        (kept("runtime.port"), notes)
    }

    /// The port as an instruction, where the program is planned without one. Says whether there was one to keep so.
    pub(in crate::migrate) fn carry_port(&mut self) -> bool {
        let Some(at) = self.wishes.iter().position(|wish| wish.key == "runtime.port") else { return false };
        let wish = self.wishes.remove(at);
        self.wish("runtime.instructions", vec![format!("EXPOSE {}", wish.value)].into(), wish.line);
        for (fate, _) in self.fates.values_mut() {
            if matches!(fate, Disposition::Kept { setting } if setting.starts_with("runtime.port")) {
                *fate = Disposition::Carried { stage: "runtime".to_owned(), change: None };
            }
        }
        true
    }
}

/// The ports in the order in which they are written: the first is the one that people think of.
fn written(scene: &Scene<'_>) -> Vec<u16> {
    let words = scene.stage.instructions.iter().filter_map(|instruction| match instruction.meaning() {
        Ok(Meaning::Expose(words)) => Some(words),
        _ => None,
    });
    words.flatten().filter_map(|word| word.split('/').next()?.parse().ok()).collect()
}
