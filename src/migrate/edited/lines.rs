//! What a person has put between the instructions of dockgen's: stages of their own, instructions above one of dockgen's,
//! and comments. Each keeps its place: a stage is set with the one that it stands in front of, a line with the beginning of
//! the instruction below it.

use super::asked::{Place, Reader, lines_of};
use super::steps::{Step, Steps, text};
use crate::dockerfile::{Instruction, ItemKind, Keyword, Stage, Stages};
use crate::migrate::account::Disposition;

impl Reader<'_> {
    /// Comments at the top of the file, which the blank line below dockgen's own parts from the first stage.
    pub(super) fn header(&mut self) {
        let items = self.edited.items();
        let first = items.iter().position(|item| matches!(item.kind, ItemKind::Instruction(_)));
        let above = &items[..first.unwrap_or(items.len())];
        let Some(end) = above.iter().rposition(|item| item.kind == ItemKind::Blank) else { return };
        for item in above[..end].iter().filter(|item| item.kind == ItemKind::Comment) {
            let comment = self.edited.slice(&item.span).trim();
            if !self.known.contains(comment) {
                self.placed.insert(item.line);
                self.carry_under("files.remarks", "the top of the file", item.line, comment);
            }
        }
    }

    /// A stage that no template prints: set as it is written, with the stage below it.
    pub(super) fn own_stage(&mut self, stage: &Stage<'_>, stages: &Stages<'_>) {
        let line = stage.line;
        let Some(name) = &stage.name else {
            self.leave(
                line,
                "a stage without a name cannot be kept: `FROM … AS name` gives it one".to_owned(),
            );
            return;
        };
        let Some(below) = stages.iter().find(|other| other.index == stage.index + 1) else {
            let why = format!(
                "`{name}` stands below what is shipped, and would be shipped in its place; no setting says so"
            );
            self.leave(line, why);
            return;
        };
        let text = self.text_of(stage, below);
        let known = self.printed.stages.iter().find(|known| known.printed == *name);
        if known.and_then(|known| known.text.as_ref()) == Some(&text) {
            return;
        }
        self.wish(&format!("stages.{name}.text"), text.into(), line, Vec::new());
        let is_shipped = stages.last().is_some_and(|last| last.index == below.index);
        if !is_shipped || known.is_some() {
            let below = self.printed.name_of(below);
            self.wish(&format!("stages.{name}.before"), below.into(), line, Vec::new());
        }
        for line in stage.instructions.iter().map(|one| one.line).chain([line]) {
            let carried = Disposition::Carried { stage: name.clone(), change: None };
            self.asked.fates.insert(line, carried);
        }
    }

    /// From the person's comments above a stage's `FROM` to all of those above the next one's.
    fn text_of(&mut self, stage: &Stage<'_>, below: &Stage<'_>) -> String {
        let of_person = |comment: &str| !self.known.contains(comment);
        let place = self.opening(stage, of_person)..self.opening(below, |_| true);
        let within = self.edited.items().iter().filter(|item| place.contains(&item.span.start));
        self.placed.extend(within.map(|item| item.line));
        self.edited.slice(&place).trim().replace("\r\n", "\n")
    }

    /// Where the comments of that kind begin that stand directly above a stage.
    fn opening(&self, stage: &Stage<'_>, is_meant: impl Fn(&str) -> bool) -> usize {
        let items = self.edited.items();
        let from = items.iter().position(|item| item.line == stage.line).unwrap_or_default();
        let comments = items[..from].iter().rev().take_while(|item| {
            item.kind == ItemKind::Comment && is_meant(self.edited.slice(&item.span).trim())
        });
        comments.last().unwrap_or(&items[from]).span.start
    }

    /// The beginning of the instruction that an added one stands above, where a stage does not carry it at that place
    /// anyway: at its end, and in what is shipped above its user.
    pub(super) fn anchor(
        &self,
        at: &Place<'_, '_>,
        steps: &Steps,
        inserted: &[Step],
        step: &Step,
    ) -> Option<String> {
        let is_own = |other: &&Step| !inserted.iter().any(|own| own.line == other.line);
        let mut below = steps.all.iter().filter(|other| other.line > step.line).filter(is_own);
        // The program's files may come first: a command sees all that it saw before.
        let next = below.find(|other| {
            step.keyword != Keyword::Run || !matches!(other.keyword, Keyword::Copy | Keyword::Add)
        });
        let is_carried_here = match next {
            None => !at.is_last,
            Some(next) => at.is_last && next.keyword == Keyword::User,
        };
        if is_carried_here {
            return None;
        }
        let mut below = at.stage.instructions.iter().filter(|one| one.line > step.line);
        below.find_map(|one| self.beginning(at, one))
    }

    /// Carries an instruction above one of dockgen's, under its comments.
    pub(super) fn carry_above(&mut self, at: &Place<'_, '_>, line: u32, beginning: &str) {
        let Some(instruction) = at.stage.instructions.iter().find(|one| one.line == line) else { return };
        let text = lines_of(&self.comments_above(line), &self.written(instruction));
        self.carry_under(&format!("stages.{}.above.{beginning}", at.name), &at.name, line, &text);
    }

    /// An instruction as it is written.
    pub(super) fn written(&self, instruction: &Instruction) -> String {
        self.edited.slice(&instruction.span).trim().replace("\r\n", "\n")
    }

    /// Comments above instructions that nobody changed stay above them.
    pub(super) fn remarks(&mut self, at: &Place<'_, '_>) {
        let from = self.edited.instructions().find(|one| one.line == at.stage.line);
        let each: Vec<&Instruction> = from.into_iter().chain(at.stage.instructions.iter().copied()).collect();
        for instruction in each {
            let Some(beginning) = self.beginning(at, instruction) else { continue };
            let key = format!("stages.{}.above.{beginning}", at.name);
            for comment in self.comments_of(instruction.line) {
                let fate = self.asked.fates.get(&instruction.line).cloned();
                self.carry_under(&key, &at.name, instruction.line, &comment);
                // It is the comment that is carried; the instruction has a fate of its own.
                match fate {
                    Some(fate) => self.asked.fates.insert(instruction.line, fate),
                    None => self.asked.fates.remove(&instruction.line),
                };
            }
        }
    }

    /// The beginning by which an instruction of dockgen's is found again: as short as tells it from the others of its stage,
    /// but with the words that say what a command does. None where it is not dockgen's.
    fn beginning(&self, at: &Place<'_, '_>, instruction: &Instruction) -> Option<String> {
        let from = self.before.instructions().find(|one| one.line == at.was.line);
        let all: Vec<&Instruction> = from.into_iter().chain(at.was.instructions.iter().copied()).collect();
        let written = text(self.edited, instruction);
        let own = all.iter().find(|one| text(self.before, one) == written)?;
        let head = own.head();
        let words: Vec<&str> = head.split(' ').collect();
        let least = match own.keyword {
            Keyword::Run => 3,
            Keyword::Copy | Keyword::Add => 2,
            _ => 1,
        };
        let mut beginnings = (least.min(words.len())..=words.len()).map(|count| {
            let beginning = words[..count].join(" ");
            let name = beginning.split_once('=').map(|(name, _)| name.to_owned());
            let has_names = matches!(own.keyword, Keyword::Arg | Keyword::Env | Keyword::Label);
            name.filter(|_| has_names && count == 2).unwrap_or(beginning)
        });
        beginnings.find(|beginning| {
            all.iter().filter(|one| one.begins_with(beginning)).all(|one| one.line == own.line)
        })
    }

    /// The person's comments above a line, up to the instruction before it.
    pub(super) fn comments_above(&self, line: u32) -> Vec<String> {
        let above = self.edited.items().iter().rev().skip_while(|item| item.line >= line);
        let between = above.take_while(|item| matches!(item.kind, ItemKind::Comment | ItemKind::Blank));
        let comments =
            between.filter(|item| item.kind == ItemKind::Comment && !self.placed.contains(&item.line));
        let mut lines: Vec<String> = comments
            .map(|item| self.edited.slice(&item.span).trim().to_owned())
            .filter(|comment| !self.known.contains(comment))
            .collect();
        lines.reverse();
        lines
    }

    /// The person's comments above an instruction and between its lines.
    pub(super) fn comments_of(&self, line: u32) -> Vec<String> {
        let mut comments = self.comments_above(line);
        if let Some(instruction) = self.edited.instructions().find(|one| one.line == line) {
            let lines = self.edited.slice(&instruction.span).lines().map(str::trim);
            let own = lines.filter(|line| line.starts_with('#') && !self.known.contains(*line));
            comments.extend(own.map(str::to_owned));
        }
        comments
    }
}
