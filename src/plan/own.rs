//! Stages of a person's own between those of the stack, and what stands above an instruction of dockgen's.
//!
//! They are printed as they are written. What can be known of them without a build is checked here: that a stage has the
//! name it is set under, that what it needs stands before it, and that it takes no other stage's name.

use crate::config::{Settings, keys};
use crate::diag::{Code, Diagnostic};
use crate::dockerfile::{self, Keyword};
use crate::fact::Fact;
use crate::plan::service::Service;
use crate::plan::stage::{Origin, Stage, StageName};

/// Puts the stages of a person's own where they are wished: each in front of a stage of the stack, and among each other in
/// the order that they need.
pub(super) fn grant_stages(service: &mut Service, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    let mut waiting = wished(service, settings, notes);
    while let Some(at) = (0..waiting.len()).find(|at| waiting[*at].is_next(&waiting)) {
        let own = &waiting[at];
        let below = own.stands_above(&waiting);
        if let Err(why) = service.stages.insert(own.stage.clone(), &below) {
            notes.push(own.refused(&why.to_string()));
        }
        waiting.remove(at);
    }
    notes.extend(waiting.iter().map(|own| own.refused("it and others stand in front of each other")));
}

/// A stage of a person's own that looks for its place.
struct Own {
    stage: Stage,
    before: StageName,
}

impl Own {
    /// Is there nobody else that has to stand above it?
    fn is_next(&self, waiting: &[Self]) -> bool {
        waiting.iter().all(|other| {
            other.stage.name == self.stage.name
                || (other.before != self.stage.name && !self.needs(&other.stage.name))
        })
    }

    fn needs(&self, name: &StageName) -> bool {
        let is_from = matches!(&self.stage.from.value, Origin::Stage(from) if from == name);
        is_from || self.stage.takes.contains(name)
    }

    /// The stage of the stack that it stands in front of, past others of the person's own.
    fn stands_above(&self, waiting: &[Self]) -> StageName {
        let mut below = &self.before;
        for _ in waiting {
            match waiting.iter().find(|other| other.stage.name == *below) {
                Some(other) => below = &other.before,
                None => break,
            }
        }
        below.clone()
    }

    fn refused(&self, why: &str) -> Diagnostic {
        let name = &self.stage.name;
        let place = self.stage.text.as_ref().and_then(|text| text.because.at.clone());
        let finding = Diagnostic::error(Code::BadSetting, format!("`stages.{name}.text`: {why}")).at(place);
        finding.help(format!("`stages.{name}.before` names the stage that it stands in front of"))
    }
}

/// The stages that people want besides.
fn wished(service: &Service, settings: &Settings, notes: &mut Vec<Diagnostic>) -> Vec<Own> {
    let mut tables: Vec<String> = settings
        .table("stages.")
        .filter_map(|(below, _)| below.strip_suffix(".text"))
        .map(str::to_owned)
        .collect();
    tables.sort();
    tables.dedup();
    let shipped = service.stages.runtime().name.clone();
    let mut found = Vec::new();
    let mut texts = Vec::new();
    for table in tables {
        let text = settings.choice_of(&format!("stages.{table}.text"), &keys::STAGE_TEXT, notes).decide();
        let Some(text) = text else { continue };
        if text.value.name.as_str() != table {
            let message = format!("`stages.{table}.text` is a stage that is called `{}`", text.value.name);
            let help = "FROM … AS has the name of the table".to_owned();
            notes.push(Diagnostic::error(Code::BadSetting, message).at(text.because.at.clone()).help(help));
            continue;
        }
        let before = settings.choice_of(&format!("stages.{table}.before"), &keys::STAGE_BEFORE, notes);
        let before = before.decide().map_or_else(|| shipped.clone(), |name| name.value);
        texts.push((text, before));
    }
    let known: Vec<StageName> = service
        .stages
        .iter()
        .map(|stage| stage.name.clone())
        .chain(texts.iter().map(|(text, _)| text.value.name.clone()))
        .collect();
    // A stage may have been given another name in the Dockerfile, and a person refers to that.
    let named = |name: &str| {
        let printed = service.stages.iter().find(|stage| stage.printed_name().eq_ignore_ascii_case(name));
        printed
            .map(|stage| stage.name.clone())
            .or_else(|| known.iter().find(|own| own.as_str().eq_ignore_ascii_case(name)).cloned())
    };
    for (text, before) in texts {
        let from =
            named(&text.value.from).map_or_else(|| Origin::Image(text.value.from.clone()), Origin::Stage);
        let mut takes: Vec<StageName> = text.value.takes.iter().filter_map(|name| named(name)).collect();
        takes.dedup();
        let whole = text.derive(text.value.text.clone());
        found.push(Own { stage: Stage::own(&text.value.name, text.derive(from), takes, whole), before });
    }
    found
}

/// What people want above the instructions of a stage, and of other settings what makes no sense for it.
pub(super) fn grant_lines(stage: &mut Stage, settings: &Settings, notes: &mut Vec<Diagnostic>) {
    let table = format!("stages.{}.", stage.name);
    if stage.text.is_some() {
        let others = settings.table(&table).filter(|(entry, _)| !matches!(*entry, "text" | "before"));
        for (entry, wish) in others {
            let message =
                format!("`{table}{entry}`: `{}` is a stage of one's own, and says it itself", stage.name);
            let help = format!("put it into `{table}text`");
            notes.push(Diagnostic::error(Code::BadSetting, message).at(wish.because.at.clone()).help(help));
        }
        return;
    }
    for (_, wish) in settings.table(&table).filter(|(entry, _)| *entry == "before") {
        let message = format!("`{table}before`: `{}` stands where the stack puts it", stage.name);
        notes.push(Diagnostic::error(Code::BadSetting, message).at(wish.because.at.clone()));
    }
    let lines = settings.entries(&format!("{table}above."), &keys::STAGE_ABOVE, notes);
    for (beginning, lines) in lines {
        let instructions = lines.value.0.iter().any(|text| holds_instruction(text));
        if instructions && Keyword::of(beginning.split(' ').next().unwrap_or_default()) == Keyword::From {
            let message = format!("`{table}above.{beginning}`: an instruction cannot stand above its stage");
            notes.push(Diagnostic::error(Code::BadSetting, message).at(lines.because.at.clone()));
            continue;
        }
        let each: Fact<Vec<String>> = lines.derive(lines.value.0.clone());
        stage.above.insert(beginning, each);
    }
}

/// Is it more than comments?
pub(crate) fn holds_instruction(text: &str) -> bool {
    dockerfile::parse(text).0.instructions().next().is_some()
}
