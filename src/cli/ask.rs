//! Questions on a terminal. A question is a setting asked aloud; without somebody to ask, its default is taken.

use inquire::{InquireError, MultiSelect, Select, Text};

use crate::cli::{Exit, Failure};
use crate::migrate::{Decision, Entry};
use crate::plan::question::Question;
use crate::plan::service::Service;

/// Asks one question and returns the answer.
pub(super) fn ask(question: &Question) -> Result<String, Failure> {
    let about = question.service.as_ref().filter(|dir| !dir.is_root());
    let about = about.map(|dir| format!(" ({dir})")).unwrap_or_default();
    let ask = format!("{}{about}", question.ask);
    if question.options.is_empty() {
        let mut text = Text::new(&ask);
        if let Some(default) = &question.default {
            text = text.with_default(default);
        }
        return text.prompt().map_err(stopped);
    }
    let shown: Vec<String> =
        question.options.iter().map(|option| format!("{}  ({})", option.value, option.why)).collect();
    let start = question.options.iter().position(|option| Some(&option.value) == question.default.as_ref());
    let menu = Select::new(&ask, shown).with_starting_cursor(start.unwrap_or_default());
    let chosen = menu.raw_prompt().map_err(stopped)?;
    Ok(question.options[chosen.index].value.clone())
}

/// Asks which services are meant; all are ticked.
pub(super) fn which(services: &[Service]) -> Result<Vec<usize>, Failure> {
    let shown: Vec<String> = services
        .iter()
        .map(|service| format!("{}  ({} {})", service.dir, service.stack.value, service.kind.value))
        .collect();
    let all: Vec<usize> = (0..services.len()).collect();
    let menu = MultiSelect::new("Several services are here. Which ones?", shown).with_default(&all);
    let chosen = menu.raw_prompt().map_err(stopped)?;
    Ok(chosen.into_iter().map(|option| option.index).collect())
}

/// Asks for consent; no is the default.
pub(super) fn consent(question: &str) -> Result<bool, Failure> {
    inquire::Confirm::new(question).with_default(false).prompt().map_err(stopped)
}

/// Asks what becomes of an instruction that a migration cannot judge; nothing where it stays open.
pub(super) fn decide(place: &str, entry: &Entry) -> Result<Option<Decision>, Failure> {
    let can = Decision::of(entry);
    let shown: Vec<String> = std::iter::once("leave it open".to_owned())
        .chain(can.iter().map(|decision| decision.words().to_owned()))
        .collect();
    let ask = format!("{place}:{}: `{}` is {}", entry.line, entry.text, entry.fate);
    let chosen = Select::new(&ask, shown).raw_prompt().map_err(stopped)?;
    Ok(chosen.index.checked_sub(1).and_then(|at| can.get(at).copied()))
}

fn stopped(error: InquireError) -> Failure {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Failure::new(Exit::Interrupted, "stopped; nothing was written")
        }
        other => {
            Failure::new(Exit::Misuse, format!("cannot ask: {other}")).help("`--yes` takes the defaults")
        }
    }
}
