//! What the old and the new image did when they were built and run, side by side. Building is left to others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lint::Secrets;

/// Both images, as far as they could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// In one word.
    pub judgement: Judgement,
    /// What there is to know about it, a sentence each.
    pub said: Vec<String>,
    /// What was measured.
    pub rows: Vec<Measure>,
    /// Bytes of the old image, where it was built.
    pub bytes_before: Option<u64>,
    /// Bytes of the new one.
    pub bytes_after: Option<u64>,
}

/// How the new image does beside the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// It does what the old one did.
    AsBefore,
    /// The old one does not build; the new one does what is asked of it.
    Alone,
    /// It does not do what the old one did, or does not build.
    Worse,
}

/// One thing that was measured of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// `size`, `user`, `stops`.
    pub what: String,
    /// Of the old image.
    pub before: String,
    /// Of the new one.
    pub after: String,
}

/// What one image did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// Why it could not be built; none if it was.
    pub build_failure: Option<String>,
    /// Why it did not answer, or run; none if it did.
    pub boot_failure: Option<String>,
    /// The status of its answer over HTTP, or how it ended.
    pub answer: Option<Answer>,
    /// Bytes.
    pub size: Option<u64>,
    /// What the image says of itself, in the words of a Dockerfile.
    pub configuration: BTreeMap<String, String>,
    /// Who ran it.
    pub user: String,
    /// How long it took to stop, in tenths of a second, and its exit code.
    pub stop: Option<(u64, i32)>,
}

/// What a running program said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Over HTTP.
    Status(u16),
    /// It ended.
    Exit(i32),
    /// It ran, and nothing was to be asked.
    Runs,
}

impl Measured {
    /// Judges the new image by what the old one did.
    pub fn of(old: &Run, new: &Run, size: impl Fn(u64) -> String) -> Self {
        let mut said = Vec::new();
        let judgement = judge(old, new, &mut said);
        let none = || "-".to_owned();
        let row = |what: &str, say: &dyn Fn(&Run) -> String| Measure {
            what: what.to_owned(),
            before: say(old),
            after: say(new),
        };
        let differs = differs(old, new);
        let rows = vec![
            row("builds", &|run| if run.build_failure.is_none() { "yes" } else { "no" }.to_owned()),
            row("answers", &|run| match (&run.boot_failure, run.answer) {
                _ if run.build_failure.is_some() => none(),
                (Some(_), _) => "no".to_owned(),
                (None, answer) => answer.map_or_else(none, Answer::words),
            }),
            Measure {
                what: "configuration".to_owned(),
                before: match (&old.build_failure, old.configuration.len()) {
                    (Some(_), _) => none(),
                    (None, 1) => "1 value".to_owned(),
                    (None, count) => format!("{count} values"),
                },
                after: match (&old.build_failure, &new.build_failure, differs.len()) {
                    (None, None, 0) => "the same".to_owned(),
                    (None, None, 1) => "1 differs".to_owned(),
                    (None, None, count) => format!("{count} differ"),
                    _ => none(),
                },
            },
            row("size", &|run| run.size.map_or_else(none, &size)),
            row("runs as", &|run| if run.user.is_empty() { none() } else { run.user.clone() }),
            row("stops in", &|run| {
                run.stop.map_or_else(none, |(tenths, code)| {
                    format!("{}.{} s, exit code {code}", tenths / 10, tenths % 10)
                })
            }),
        ];
        said.extend(differs);
        Self { judgement, said, rows, bytes_before: old.size, bytes_after: new.size }
    }

    /// The same without these secrets: what a build says of a command that failed is the command.
    #[must_use]
    pub fn without(mut self, secrets: &Secrets) -> Self {
        for said in &mut self.said {
            *said = secrets.mask(said);
        }
        self
    }
}

impl Answer {
    fn words(self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::Exit(code) => format!("exit code {code}"),
            Self::Runs => "runs".to_owned(),
        }
    }
}

/// What the old image says and the new one does not, or otherwise. What is only in the new one is its own.
fn differs(old: &Run, new: &Run) -> Vec<String> {
    if old.build_failure.is_some() || new.build_failure.is_some() {
        return Vec::new();
    }
    let differing = old.configuration.iter().filter_map(|(name, before)| match new.configuration.get(name) {
        Some(after) if after == before => None,
        Some(after) => Some(format!("{name} was `{before}` and is `{after}`")),
        None => Some(format!("{name} is not in the new image")),
    });
    differing.collect()
}

fn judge(old: &Run, new: &Run, said: &mut Vec<String>) -> Judgement {
    if let Some(why) = &old.build_failure {
        said.push(format!("the old file does not build: {why}"));
    }
    if let Some(why) = &new.build_failure {
        said.push(format!("the new file does not build: {why}"));
        return Judgement::Worse;
    }
    match (&old.build_failure, &old.boot_failure, &new.boot_failure) {
        (Some(_), _, Some(why)) => {
            said.push(format!("the new image does not run: {why}"));
            Judgement::Worse
        }
        (Some(_), _, None) => Judgement::Alone,
        (None, None, Some(why)) => {
            said.push(format!("the old image runs and the new one does not: {why}"));
            Judgement::Worse
        }
        (None, Some(before), Some(after)) => {
            said.push(format!("neither image runs alone: before, {before}; after, {after}"));
            Judgement::AsBefore
        }
        (None, Some(why), None) => {
            said.push(format!("the old image does not run: {why}"));
            Judgement::Alone
        }
        (None, None, None) if old.answer != new.answer => {
            let words = |run: &Run| run.answer.map_or_else(|| "nothing".to_owned(), Answer::words);
            said.push(format!("the old image answers {}, the new one {}", words(old), words(new)));
            Judgement::Worse
        }
        (None, None, None) => Judgement::AsBefore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(status: u16) -> Run {
        Run {
            answer: Some(Answer::Status(status)),
            size: Some(100),
            user: "root".to_owned(),
            stop: Some((103, 137)),
            ..Run::default()
        }
    }

    #[test]
    fn the_new_image_is_judged_by_the_old_one() {
        let unbuilt = Run { build_failure: Some("no such package".to_owned()), ..Run::default() };
        let silent = Run { boot_failure: Some("no answer".to_owned()), ..Run::default() };
        for (old, new, judgement, said) in [
            (runs(200), runs(200), Judgement::AsBefore, ""),
            (runs(200), runs(404), Judgement::Worse, "the old image answers 200, the new one 404"),
            (runs(200), silent.clone(), Judgement::Worse, "the old image runs and the new one does not"),
            (runs(200), unbuilt.clone(), Judgement::Worse, "the new file does not build: no such package"),
            (unbuilt.clone(), runs(200), Judgement::Alone, "the old file does not build: no such package"),
            (unbuilt.clone(), silent.clone(), Judgement::Worse, "the new image does not run"),
            (unbuilt.clone(), unbuilt, Judgement::Worse, "the new file does not build"),
            (silent.clone(), silent.clone(), Judgement::AsBefore, "neither image runs alone"),
            (silent, runs(200), Judgement::Alone, "the old image does not run"),
        ] {
            let found = Measured::of(&old, &new, |bytes| bytes.to_string());
            assert_eq!(found.judgement, judgement, "{old:?} {new:?}");
            assert!(found.said.iter().any(|words| words.contains(said)) || said.is_empty(), "{found:?}");
        }
        let (file, _) = crate::dockerfile::parse("FROM a\nRUN curl -u me:hunter22 https://x\n");
        let told = Run { build_failure: Some("curl -u me:hunter22 failed".to_owned()), ..Run::default() };
        let found = Measured::of(&told, &runs(200), |bytes| bytes.to_string()).without(&Secrets::of(&file));
        assert_eq!(found.said, ["the old file does not build: curl -u me:*** failed"]);
        let found = Measured::of(&runs(200), &runs(200), |bytes| format!("{bytes} B"));
        let says = |pairs: &[(&str, &str)]| Run {
            configuration: pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..runs(200)
        };
        let old = says(&[("ENV A", "1"), ("ENV B", "2"), ("EXPOSE 80/tcp", "80/tcp"), ("LABEL l", "x")]);
        let new = says(&[("ENV A", "1"), ("ENV B", "3"), ("EXPOSE 80/tcp", "80/tcp"), ("ENV C", "4")]);
        let both = Measured::of(&old, &new, |bytes| bytes.to_string());
        assert_eq!(both.said, ["ENV B was `2` and is `3`", "LABEL l is not in the new image"]);
        assert_eq!(both.judgement, Judgement::AsBefore);
        let row = both.rows.iter().find(|row| row.what == "configuration").unwrap();
        assert_eq!((row.before.as_str(), row.after.as_str()), ("4 values", "2 differ"));
        let cell = |what: &str| found.rows.iter().find(|row| row.what == what).unwrap().before.clone();
        assert_eq!(
            (cell("size"), cell("stops in")),
            ("100 B".to_owned(), "10.3 s, exit code 137".to_owned())
        );
    }
}
