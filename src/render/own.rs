//! What people want above the instructions of dockgen's stages, put into the text that the templates gave. It is found by
//! how an instruction begins, so that it stays where it was when the rest of the stage changes.

use crate::diag::{Code, Diagnostic};
use crate::dockerfile::{self, Dockerfile, Instruction, ItemKind, Keyword, Stages};
use crate::plan::own::holds_instruction;
use crate::plan::service::Service;
use crate::plan::stage::{Role, Stage};

/// The text of a stage with what people want in it. Where the instruction is gone, a comment about it is left out, and an
/// instruction of theirs stands at the end of the stage.
pub(super) fn put(stage: &Stage, printed: &str) -> String {
    if stage.above.is_empty() {
        return printed.to_owned();
    }
    let (file, _) = dockerfile::parse(printed);
    let mut at: Vec<(usize, String)> = Vec::new();
    for (beginning, lines) in &stage.above {
        let has_instruction = lines.value.iter().any(|text| holds_instruction(text));
        let place = file.instructions().find(|one| one.begins_with(beginning));
        let place = match (place, has_instruction) {
            (Some(found), false) => found.span.start,
            // A comment of dockgen's stays with its instruction.
            (Some(found), true) => above_comments(&file, found),
            (None, true) => end(stage, &file),
            (None, false) => continue,
        };
        at.push((place, lines.value.iter().map(|text| with_end(text)).collect()));
    }
    at.sort_by_key(|(place, _)| *place);
    let mut text = printed.to_owned();
    for (place, lines) in at.into_iter().rev() {
        text.insert_str(place, &lines);
    }
    text
}

/// The lines with their end; hadolint's parser needs a blank line behind a heredoc.
fn with_end(text: &str) -> String {
    let (file, _) = dockerfile::parse(text);
    let has_heredoc = file.instructions().any(|one| !one.heredocs.is_empty());
    format!("{text}\n{}", if has_heredoc { "\n" } else { "" })
}

/// Where the comments begin that stand directly above an instruction.
fn above_comments(file: &Dockerfile, instruction: &Instruction) -> usize {
    let above = file.items().iter().rev().skip_while(|item| item.span.start >= instruction.span.start);
    let comments = above.take_while(|item| matches!(item.kind, ItemKind::Comment));
    comments.last().map_or(instruction.span.start, |first| first.span.start)
}

/// The end of a stage; in what is shipped it is above the user.
fn end(stage: &Stage, file: &Dockerfile) -> usize {
    let user = file.instructions().rev().find(|one| one.keyword == Keyword::User);
    let user = user.filter(|_| stage.role == Role::Runtime);
    user.map_or(file.text().len(), |user| above_comments(file, user))
}

/// A finding for everything that stands above an instruction which is no longer there.
pub(super) fn homeless(service: &Service, text: &str) -> Vec<Diagnostic> {
    if service.stages.iter().all(|stage| stage.above.is_empty()) {
        return Vec::new();
    }
    let (file, _) = dockerfile::parse(text);
    let stages = Stages::of(&file);
    let mut findings = Vec::new();
    for planned in service.stages.iter() {
        let Some(stage) = stages.get(planned.printed_name()) else { continue };
        for (beginning, lines) in &planned.above {
            let from = file.instructions().filter(|one| one.line == stage.line);
            let is_there =
                stage.instructions.iter().copied().chain(from).any(|one| one.begins_with(beginning));
            if is_there {
                continue;
            }
            let message =
                format!("nothing in the stage `{}` begins with `{beginning}` any more", planned.name);
            let has_instruction = lines.value.iter().any(|text| holds_instruction(text));
            let help = if has_instruction {
                "what stood above it stands at the end of the stage now"
            } else {
                "the comment above it is left out; it is still in dockgen.toml"
            };
            findings
                .push(Diagnostic::warning(Code::Homeless, message).at(lines.because.at.clone()).help(help));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Fact;
    use crate::plan::stage::Origin;

    fn runtime(above: &[(&str, &[&str])]) -> Stage {
        let from = Fact::by_default(Origin::Image("a:1".to_owned()), "a test");
        let mut stage = Stage::new("runtime", Role::Runtime, from, "");
        stage.above = above
            .iter()
            .map(|(beginning, lines)| {
                let lines = lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
                ((*beginning).to_owned(), Fact::by_default(lines, "a test"))
            })
            .collect();
        stage
    }

    #[test]
    fn lines_stand_above_what_they_are_about() {
        const PRINTED: &str = "# runtime is shipped\nFROM a:1 AS runtime\n# read at run time\nCOPY x /x\nRUN --mount=type=cache,target=/c \\\n    make all\n# who runs it\nUSER 1:1\nENTRYPOINT [\"/x\"]\n";
        for (beginning, lines, expected) in [
            ("FROM", &["# pinned"][..], "# runtime is shipped\n# pinned\nFROM a:1 AS runtime\n"),
            ("RUN make all", &["# slow"], "COPY x /x\n# slow\nRUN --mount"),
            ("RUN make", &["# slow", "RUN true"], "COPY x /x\n# slow\nRUN true\nRUN --mount"),
            ("COPY x", &["COPY y /y"], "AS runtime\nCOPY y /y\n# read at run time\nCOPY x /x\n"),
            ("RUN mak", &["# gone"], PRINTED),
            ("RUN gone", &["RUN mine"], "make all\nRUN mine\n# who runs it\nUSER 1:1\n"),
            ("COPY x", &["RUN <<E\ntrue\nE"], "RUN <<E\ntrue\nE\n\n# read at run time\nCOPY x"),
        ] {
            let text = put(&runtime(&[(beginning, lines)]), PRINTED);
            assert!(text.contains(expected), "{beginning}: {text}");
        }
        let both = put(&runtime(&[("COPY x /x", &["# one"]), ("USER", &["# two"])]), PRINTED);
        assert!(both.contains("# one\nCOPY x") && both.contains("# two\nUSER"), "{both}");
    }
}
