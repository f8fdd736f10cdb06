//! The settings for what is a person's own in a Dockerfile of dockgen's: whole stages, instructions, what stands above one of
//! dockgen's, and remarks at the top. What they hold is printed as it is written, so it is read here as strictly as a build reads it.

use std::fmt;

use crate::config::keys::stage_name;
use crate::dockerfile::{self, Dockerfile, Keyword, Origin, Source, Stages};
use crate::key::{Key, Shape};
use crate::out;
use crate::plan::stage::StageName;

/// Remarks at the top of the Dockerfile.
pub static REMARKS: Key<Lines> = Key {
    name: "files.remarks",
    shape: Shape::List,
    doc: "comments of one's own at the top of the Dockerfile, each with its #",
    parse: remarks,
};

/// A stage of a person's own.
pub static STAGE_TEXT: Key<OwnStage> = Key {
    name: "stages.*.text",
    shape: Shape::Text,
    doc: "a stage of one's own as it is written: FROM … AS NAME, and its instructions",
    parse: own_stage,
};

/// Where it stands.
pub static STAGE_BEFORE: Key<StageName> = Key {
    name: "stages.*.before",
    shape: Shape::Text,
    doc: "the stage that one of one's own stands in front of; where nothing is said, what is shipped",
    parse: |value| stage_name(value).map(|name| StageName::new(&name)),
};

/// What stands above an instruction of dockgen's.
pub static STAGE_ABOVE: Key<Lines> = Key {
    name: "stages.*.above.*",
    shape: Shape::List,
    doc: "comments and RUN, COPY, ADD, ENV or ARG above the instruction of this stage that begins so: \"RUN go build\"",
    parse: above,
};

/// Instructions of a Dockerfile, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions(pub Vec<String>);

impl std::fmt::Display for Instructions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// Comments and instructions, each as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines(pub Vec<String>);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// A stage of a person's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnStage {
    /// From the comments above its `FROM` to its last instruction, without a line end.
    pub text: String,
    /// Its name.
    pub name: StageName,
    /// What it starts from: an image, or what may be a stage.
    pub from: String,
    /// What it copies from or mounts: stages, or images.
    pub takes: Vec<String>,
}

impl fmt::Display for OwnStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Each text is one whole instruction, comments above it included, of a kind that changes neither the stages nor
/// who runs what.
pub(super) fn instructions(value: &toml::Value) -> Result<Instructions, String> {
    let items = value.as_array().ok_or("expected a list of instructions")?;
    let one = |item: &toml::Value| {
        let text = item.as_str().ok_or("expected a list of instructions")?;
        let (file, problems) = dockerfile::parse(text);
        let mut found = file.instructions();
        let (Some(only), None) = (found.next(), found.next()) else {
            return Err(format!("`{}` is not one instruction", text.escape_debug()));
        };
        if !carries(&only.keyword) || !only.heredocs.is_empty() || file.directive("escape").is_some() {
            return Err(format!("{} cannot be carried", only.keyword));
        }
        match problems.iter().find(|problem| problem.kind.stops_build()) {
            Some(problem) => Err(problem.kind.to_string()),
            None => Ok(text.trim_end().to_owned()),
        }
    };
    items.iter().map(one).collect::<Result<_, _>>().map(Instructions)
}

/// May a stage carry it? It changes neither the stages nor who runs what.
fn carries(keyword: &Keyword) -> bool {
    CARRIED.contains(keyword)
}

const CARRIED: &[Keyword] = &[
    Keyword::Add,
    Keyword::Arg,
    Keyword::Copy,
    Keyword::Env,
    Keyword::Healthcheck,
    Keyword::Expose,
    Keyword::Label,
    Keyword::Run,
    Keyword::Volume,
];

fn own_stage(value: &toml::Value) -> Result<OwnStage, String> {
    let text = value.as_str().ok_or("expected the text of a stage")?.trim_end();
    let (file, problems) = dockerfile::parse(text);
    if let Some(problem) = problems.iter().find(|problem| problem.kind.stops_build()) {
        return Err(format!("line {}: {}", problem.line, problem.kind));
    }
    understood(&file)?;
    let stages = Stages::of(&file);
    if let Some(problem) = stages.problems().first() {
        return Err(format!("line {}: {}", problem.line, problem.kind));
    }
    let mut each = stages.iter();
    let (Some(only), None) = (each.next(), each.next()) else {
        return Err("expected one stage, which begins with FROM … AS NAME".to_owned());
    };
    if file.instructions().next().is_none_or(|first| first.keyword != Keyword::From) {
        return Err("nothing but comments may stand above its FROM".to_owned());
    }
    let Some(name) = &only.name else {
        return Err("it has no name: FROM … AS NAME".to_owned());
    };
    let name = stage_name(&name.as_str().into())?;
    let from = match &only.origin {
        Origin::Scratch => "scratch".to_owned(),
        Origin::Image(image) => image.to_string(),
        Origin::Unclear(text) => text.clone(),
        Origin::Stage(_) => only.from.image.clone(),
    };
    let takes = only.edges.iter().filter_map(|edge| match &edge.source {
        Source::Image(name) => Some(name.clone()),
        Source::Stage(_) | Source::Unknown(_) => None,
    });
    Ok(OwnStage { text: text.to_owned(), name: StageName::new(&name), from, takes: takes.collect() })
}

/// Each text is comments, or one instruction with comments above it.
fn above(value: &toml::Value) -> Result<Lines, String> {
    let items = value.as_array().ok_or("expected a list of comments and instructions")?;
    let one = |item: &toml::Value| {
        let text = item.as_str().ok_or("expected a list of comments and instructions")?;
        let (file, problems) = dockerfile::parse(text);
        let mut found = file.instructions();
        match (found.next(), found.next()) {
            (None, _) => return comments(text),
            (Some(only), None) if carries(&only.keyword) && !decides_how_it_runs(&only.keyword) => {}
            (Some(only), None) => return Err(format!("{} cannot stand there", only.keyword)),
            _ => return Err(format!("`{}` is not one instruction", text.escape_debug())),
        }
        understood(&file)?;
        match problems.iter().find(|problem| problem.kind.stops_build()) {
            Some(problem) => Err(problem.kind.to_string()),
            None => Ok(text.trim_end().to_owned()),
        }
    };
    items.iter().map(one).collect::<Result<_, _>>().map(Lines)
}

/// What a build would refuse, and directives, which mean something only at the top of a file.
fn understood(file: &Dockerfile) -> Result<(), String> {
    if file.directive("escape").is_some() {
        return Err("an escape directive holds for the whole file".to_owned());
    }
    let malformed = file.instructions().find_map(|one| Some((one.line, one.meaning().err()?)));
    malformed.map_or(Ok(()), |(line, why)| Err(format!("line {line}: {why}")))
}

/// Has an image one of it, wherever it stands? Settings of their own say it.
fn decides_how_it_runs(keyword: &Keyword) -> bool {
    matches!(keyword, Keyword::Expose | Keyword::Healthcheck)
}

fn remarks(value: &toml::Value) -> Result<Lines, String> {
    let items = value.as_array().ok_or("expected a list of comments")?;
    let one = |item: &toml::Value| comments(item.as_str().ok_or("expected a list of comments")?);
    items.iter().map(one).collect::<Result<_, _>>().map(Lines)
}

fn comments(text: &str) -> Result<String, String> {
    let is_comment =
        |line: &str| line.trim_start().starts_with('#') && !line.chars().any(|c| c.is_control() && c != '\t');
    if text.trim().is_empty() || !text.lines().all(is_comment) {
        return Err(format!("`{}` is not a comment", text.escape_debug()));
    }
    // A second stamp would make the file look edited for ever.
    if out::stamped(text).is_some() {
        return Err("the stamp of dockgen's is no remark".to_owned());
    }
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_read_as_a_build_reads_it() {
        for (text, expected) in [
            ("# why\nFROM alpine:3 AS tools\nRUN <<EOF\ntrue\nEOF\n", Ok(("tools", "alpine:3", vec![]))),
            (
                "FROM build AS lint\nCOPY --from=deps /a /a\nCOPY --from=b/c:1 /x /x",
                Ok(("lint", "build", vec!["deps", "b/c:1"])),
            ),
            ("FROM alpine", Err("it has no name")),
            ("FROM alpine AS Scratch", Err("expected a name")),
            ("ARG A=1\nFROM alpine AS a", Err("nothing but comments")),
            ("FROM a AS b\nFROM c AS d", Err("expected one stage")),
            ("RUN true", Err("line 1: RUN stands before the first FROM")),
            ("FROM a AS b\nCOPY --from=0 /x /x", Err("line 2: `0` is not an earlier stage")),
            ("FROM a AS b\nFROBNICATE", Err("line 2: `FROBNICATE`")),
            ("# escape=`\nFROM a AS b", Err("an escape directive")),
        ] {
            let read = own_stage(&text.into());
            match (&read, &expected) {
                (Ok(stage), Ok((name, from, takes))) => {
                    assert_eq!((stage.name.as_str(), stage.from.as_str()), (*name, *from), "{text}");
                    assert_eq!(&stage.takes, takes, "{text}");
                }
                (Err(why), Err(wanted)) => assert!(why.contains(wanted), "{text}: {why}"),
                _ => panic!("{text}: {read:?}"),
            }
        }
    }

    #[test]
    fn what_stands_above_is_comments_and_instructions_that_change_no_image() {
        for (item, is_taken) in [
            ("# why", true),
            ("# why\n# and how", true),
            ("# why\nCOPY --from=tools /x /usr/bin/", true),
            ("RUN <<EOF\ntrue\nEOF", true),
            ("USER 0", false),
            ("WORKDIR /x", false),
            ("EXPOSE 1", false),
            ("RUN a\nRUN b", false),
            ("", false),
            ("words", false),
            ("# dockgen:generated 0 sha256:0", false),
        ] {
            assert_eq!(above(&vec![item].into()).is_ok(), is_taken, "{item}");
        }
        assert!(remarks(&vec!["RUN true"].into()).is_err());
    }
}
