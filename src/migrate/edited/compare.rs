//! Is every edit in the file that is printed with the settings? What a person has not touched may follow from a setting
//! (the health check asks at the new port), and is said; what a person has touched has to be there as they wrote it.

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Reason;
use super::steps::{Step, Steps, text};
use crate::config::proof::seconds;
use crate::dockerfile::{Dockerfile, ImageConfig, ItemKind, Keyword, Meaning, Stage, Stages};
use crate::lint::Secrets;
use crate::migrate::account::excerpt;

/// What is compared.
pub(super) struct Texts<'t> {
    /// As dockgen printed it before the person came.
    pub printed: &'t Dockerfile,
    /// With the edits.
    pub edited: &'t Dockerfile,
    /// As it is printed with the settings.
    pub again: &'t Dockerfile,
    /// What the settings had of the person's own before.
    pub own: &'t Own,
}

/// What settings have printed word for word. A person who takes it out of the file takes it out of there.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Stages by their names.
    pub stages: BTreeSet<String>,
    /// Lines of comments.
    pub comments: BTreeSet<String>,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// Edits that are not there.
    pub left: Vec<Reason>,
    /// What follows from the settings beside the edits.
    pub differs: Vec<String>,
}

/// Finds every edit in the file that is printed again.
pub(super) fn compare(
    texts: &Texts<'_>,
    added: &BTreeSet<u32>,
    carried: &BTreeSet<&str>,
    secrets: &Secrets,
) -> Comparison {
    let (printed, edited, again) =
        (Stages::of(texts.printed), Stages::of(texts.edited), Stages::of(texts.again));
    let mut found = Comparison::default();
    found.comments(texts, carried, secrets);
    found.head(texts);
    let mut said = BTreeSet::new();
    for stage in &edited {
        let name = called(stage);
        let (was, is) = (named(&printed, &name), named(&again, &name));
        let Some(is) = is else {
            found.leave(stage.line, format!("no setting adds the stage `{name}`"));
            continue;
        };
        found.base(was, stage, is);
        found.steps(texts, added, (was, stage, is), secrets);
        let config = was.map(|was| said_by(&printed.evaluated(was))).unwrap_or_default();
        let configs = [config, said_by(&edited.evaluated(stage)), said_by(&again.evaluated(is))];
        found.config(&configs, stage, &mut said, secrets);
    }
    for gone in printed.iter().filter(|stage| named(&edited, &called(stage)).is_none()) {
        let name = called(gone);
        let why = if texts.own.stages.contains(&name) {
            format!("the stage `{name}` was removed; to remove it, take `stages.{name}` out of dockgen.toml")
        } else {
            format!("the stage `{name}` was removed, and no setting says so")
        };
        found.leave(1, why);
    }
    let order = |stages: &Stages<'_>| stages.iter().map(called).collect::<Vec<_>>();
    if found.left.is_empty() && order(&edited) != order(&again) {
        found.leave(1, "the stages stand in another order, and no setting says so".to_owned());
    }
    found
}

/// The name of a stage; of one without, its number.
pub(super) fn called(stage: &Stage<'_>) -> String {
    stage.name.clone().unwrap_or_else(|| stage.index.to_string())
}

pub(super) fn named<'s, 'a>(stages: &'s Stages<'a>, name: &str) -> Option<&'s Stage<'a>> {
    stages.iter().find(|stage| called(stage) == name)
}

impl Comparison {
    fn leave(&mut self, line: u32, why: String) {
        self.left.push(Reason { line, why });
    }

    fn comments(&mut self, texts: &Texts<'_>, carried: &BTreeSet<&str>, secrets: &Secrets) {
        let lines = |file: &Dockerfile| -> BTreeSet<String> {
            file.text().lines().map(|line| line.trim().to_owned()).collect()
        };
        let (printed, again) = (lines(texts.printed), lines(texts.again));
        for (number, line) in (1..).zip(texts.edited.text().lines()) {
            let line = line.trim();
            let is_kept = printed.contains(line) || again.contains(line) || carried.contains(line);
            if line.starts_with('#') && !is_kept {
                let comment = excerpt(&secrets.mask(line));
                self.leave(number, format!("the comment `{comment}` stands above no instruction"));
            }
        }
        let edited = lines(texts.edited);
        for gone in texts.own.comments.iter().filter(|comment| !edited.contains(*comment)) {
            let comment = excerpt(&secrets.mask(gone));
            let why = "to remove it, take it out of dockgen.toml";
            self.leave(1, format!("the comment `{comment}` was removed; {why}"));
        }
    }

    /// Directives, and what stands before the first stage.
    fn head(&mut self, texts: &Texts<'_>) {
        let directives = |file: &Dockerfile| -> Vec<(u32, String)> {
            let named = file.items().iter().filter_map(|item| match &item.kind {
                ItemKind::Directive(directive) => {
                    Some((item.line, format!("# {}={}", directive.name, directive.value)))
                }
                _ => None,
            });
            let first = file.instructions().take_while(|one| one.keyword != Keyword::From);
            named.chain(first.map(|one| (one.line, text(file, one)))).collect()
        };
        let again = directives(texts.again);
        let edited = directives(texts.edited);
        for (line, text) in &edited {
            if !again.iter().any(|(_, known)| known == text) {
                self.leave(*line, format!("no setting says `{}`", excerpt(text)));
            }
        }
        for (_, text) in again.iter().filter(|(_, text)| !edited.iter().any(|(_, known)| known == text)) {
            self.leave(1, format!("`{}` was removed, and no setting says so", excerpt(text)));
        }
    }

    fn base(&mut self, was: Option<&Stage<'_>>, edited: &Stage<'_>, again: &Stage<'_>) {
        let sense = |stage: &Stage<'_>| (stage.from.image.to_lowercase(), stage.from.platform.clone());
        if sense(edited) == sense(again) {
            return;
        }
        if was.is_some_and(|was| sense(was) == sense(edited)) {
            let name = called(edited);
            self.differs.push(format!("{name} starts from {} now", again.from.image));
            return;
        }
        self.leave(edited.line, format!("no setting lets it start from `{}`", edited.from.image));
    }

    fn steps(
        &mut self,
        texts: &Texts<'_>,
        added: &BTreeSet<u32>,
        (was, edited, again): (Option<&Stage<'_>>, &Stage<'_>, &Stage<'_>),
        secrets: &Secrets,
    ) {
        let printed = was.map(|was| Steps::of(texts.printed, was)).unwrap_or_default();
        let (mut new, old) = (Steps::of(texts.edited, edited), Steps::of(texts.again, again));
        settle(&mut new.all, added);
        let left: Vec<_> = new.all.iter().map(Step::sense).collect();
        let right: Vec<_> = old.all.iter().map(Step::sense).collect();
        let (mut lost, mut come): (Vec<&Step>, Vec<&Step>) = (Vec::new(), Vec::new());
        for op in capture_diff_slices(Algorithm::Myers, &left, &right) {
            match op {
                DiffOp::Equal { .. } => {}
                DiffOp::Delete { old_index, old_len, .. } => {
                    lost.extend(&new.all[old_index..old_index + old_len]);
                }
                DiffOp::Insert { new_index, new_len, .. } => {
                    come.extend(&old.all[new_index..new_index + new_len]);
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    lost.extend(&new.all[old_index..old_index + old_len]);
                    // What stands in its place is a part of the same story.
                    let rest = new_len.min(old_len);
                    come.extend(&old.all[new_index + rest..new_index + new_len]);
                }
            }
        }
        for step in &lost {
            let shown = excerpt(&secrets.mask(&step.text));
            let has_moved = come.iter().any(|other| other.text == step.text);
            let why = if has_moved {
                format!("`{shown}` would stand elsewhere in the stage")
            } else {
                format!("no setting says `{shown}` at this place")
            };
            self.leave(step.line, why);
        }
        let lost_texts: BTreeSet<&str> = lost.iter().map(|step| step.text.as_str()).collect();
        for step in come.iter().filter(|step| !lost_texts.contains(step.text.as_str())) {
            let shown = excerpt(&secrets.mask(&step.text));
            if printed.all.iter().any(|known| known.text == step.text) {
                self.leave(edited.line, format!("`{shown}` was removed, and no setting says so"));
            } else {
                self.differs.push(format!("{} does `{shown}` as well", called(edited)));
            }
        }
        let name = called(edited);
        self.sets(
            "package",
            &name,
            edited.line,
            (&printed.package_names(), &new.packages, &old.package_names()),
        );
        self.sets(
            "argument",
            &name,
            edited.line,
            (&printed.argument_names(), &new.arguments, &old.argument_names()),
        );
    }

    fn sets(
        &mut self,
        what: &str,
        stage: &str,
        line: u32,
        (printed, edited, again): (&BTreeSet<&str>, &BTreeSet<(String, u32)>, &BTreeSet<&str>),
    ) {
        for (name, line) in edited.iter().filter(|(name, _)| !again.contains(name.as_str())) {
            self.leave(*line, format!("no setting says the {what} `{}`", excerpt(name)));
        }
        for name in again.iter().filter(|name| !edited.iter().any(|(known, _)| known == *name)) {
            if printed.contains(name) {
                self.leave(
                    line,
                    format!("the {what} `{}` was removed, and no setting says so", excerpt(name)),
                );
            } else {
                self.differs.push(format!("{stage} has the {what} `{}` as well", excerpt(name)));
            }
        }
    }

    fn config(
        &mut self,
        [printed, edited, again]: &[BTreeMap<Said, String>; 3],
        stage: &Stage<'_>,
        told: &mut BTreeSet<(Said, Option<String>, Option<String>)>,
        secrets: &Secrets,
    ) {
        let names: BTreeSet<&Said> = edited.keys().chain(again.keys()).collect();
        for said in names {
            let (was, new, is) = (printed.get(said), edited.get(said), again.get(said));
            // A check that is forbidden and one that is not there are the same, where dockgen planned one.
            let is_same =
                new == is || new.is_some_and(|new| new == NO_CHECK) && is.is_none() && was.is_some();
            // What a stage hands to the next is told once.
            if is_same || !told.insert((said.clone(), new.cloned(), is.cloned())) {
                continue;
            }
            let (keyword, name) = said;
            let what = format!("{keyword} {name}").trim_end().to_owned();
            let shown = |value: Option<&String>| {
                value.map_or_else(|| "nothing".to_owned(), |value| excerpt(&secrets.mask(value)))
            };
            if new == was {
                self.differs.push(format!("{what}: {} -> {}", shown(new), shown(is)));
            } else if new.is_none() {
                self.leave(stage.line, format!("{what} was removed, and no setting says so"));
            } else {
                let line = line_of(stage, keyword, name);
                self.leave(line, format!("no setting says {what} as `{}`", shown(new)));
            }
        }
    }
}

/// A `RUN` of the person's own comes after the program's files, wherever among them it was written: there it sees all that
/// it saw before.
fn settle(steps: &mut [Step], added: &BTreeSet<u32>) {
    for start in (0..steps.len()).rev() {
        if steps[start].keyword != Keyword::Run || !added.contains(&steps[start].line) {
            continue;
        }
        let mut at = start;
        while let Some(next) = steps.get(at + 1)
            && matches!(next.keyword, Keyword::Copy | Keyword::Add)
            && !added.contains(&next.line)
        {
            steps.swap(at, at + 1);
            at += 1;
        }
    }
}

/// One thing that an image's configuration says: `ENV` and its name.
type Said = (Keyword, String);

const NO_CHECK: &str = "NONE";

/// A configuration as pairs. Folders and shells are steps.
fn said_by(config: &ImageConfig) -> BTreeMap<Said, String> {
    let mut said = BTreeMap::new();
    let mut say = |keyword: Keyword, name: &str, value: String| {
        said.insert((keyword, name.to_owned()), value);
    };
    let list = |words: &Vec<String>| format!("{words:?}");
    config.user.iter().for_each(|user| say(Keyword::User, "", whole(user)));
    config.env.iter().for_each(|(name, value)| say(Keyword::Env, name, value.clone()));
    config.exposed.iter().for_each(|port| say(Keyword::Expose, port, port.clone()));
    config.entrypoint.iter().for_each(|words| say(Keyword::Entrypoint, "", list(words)));
    config.cmd.iter().for_each(|words| say(Keyword::Cmd, "", list(words)));
    config.stop_signal.iter().for_each(|signal| say(Keyword::Stopsignal, "", signal.clone()));
    config.labels.iter().for_each(|(name, value)| say(Keyword::Label, name, value.clone()));
    config.volumes.iter().for_each(|path| say(Keyword::Volume, path, path.clone()));
    config.onbuild.iter().for_each(|text| say(Keyword::Onbuild, text, text.clone()));
    config.maintainer.iter().for_each(|name| say(Keyword::Maintainer, "", name.clone()));
    if let Some(health) = &config.healthcheck {
        let value = match health.test.as_slice() {
            [none] if none == NO_CHECK => NO_CHECK.to_owned(),
            test => {
                // `1m` and `60s` are the same time.
                let time = |(name, value): (&String, &String)| {
                    let time = seconds(value).map_or_else(|_| value.clone(), |time| time.to_string());
                    format!(" --{name}={time}")
                };
                format!("{test:?}{}", health.flags.iter().map(time).collect::<String>())
            }
        };
        say(Keyword::Healthcheck, "", value);
    }
    said
}

/// A user alone stands for the group of the same number.
fn whole(user: &str) -> String {
    if user.parse::<u32>().is_ok() { format!("{user}:{user}") } else { user.to_owned() }
}

/// The line of the instruction that says it.
fn line_of(stage: &Stage<'_>, keyword: &Keyword, name: &str) -> u32 {
    let says = |one: &&&crate::dockerfile::Instruction| {
        one.keyword == *keyword
            && match one.meaning() {
                Ok(Meaning::Env(pairs) | Meaning::Label(pairs)) => {
                    pairs.pairs.iter().any(|(known, _)| known == name)
                }
                _ => true,
            }
    };
    stage.instructions.iter().rev().find(says).map_or(stage.line, |one| one.line)
}
