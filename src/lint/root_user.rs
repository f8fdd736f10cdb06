//! The user the image starts as. A name is not enough: Kubernetes' `runAsNonRoot` can only
//! tell that a user is not root if it is a number.
//!
//! <https://kubernetes.io/docs/tasks/configure-pod-container/security-context/>

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::{Keyword, Stages, graph::Stage};

pub(super) static RULE: Rule = Rule {
    code: "root-user",
    why: "What runs as root in a container is root on the host's kernel.",
    severity: Severity::Warning,
    scope: Scope::People,
    check,
};

const HELP: &str = "End with a numeric user, such as `USER 65532:65532`.";

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let stages = &subject.stages;
    let Some(last) = stages.last() else { return };
    let Some(user) = stages.evaluated(last).user else {
        findings.add(last.line, "the image starts as the user of its base image, mostly root", HELP);
        return;
    };
    let line = line_of_user(stages, last);
    let id = user.split(':').next().unwrap_or_default();
    match id.parse::<u32>() {
        Ok(0) => findings.add(line, "the image starts as root", HELP),
        Ok(_) => {}
        Err(_) if id == "root" => findings.add(line, "the image starts as root", HELP),
        Err(_) => findings.add(line, format!("the user `{id}` is not a number"), HELP),
    }
}

/// The instruction that decides: the last one in the stage or in those it starts from.
fn line_of_user(stages: &Stages<'_>, last: &Stage<'_>) -> u32 {
    let lineage = stages.lineage(last);
    let instructions = lineage.iter().flat_map(|stage| &stage.instructions);
    let mut users = instructions.filter(|instruction| instruction.keyword == Keyword::User);
    users.next_back().map_or(last.line, |user| user.line)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(&RULE, "FROM a\nCMD [\"x\"]\n", &[1]);
        check(&RULE, "FROM a\nUSER 1000\nRUN x\nUSER root\n", &[4]);
        check(&RULE, "FROM a\nUSER 0:0\n", &[2]);
        check(&RULE, "FROM a\nUSER app\n", &[2]);
        check(&RULE, "FROM a AS b\nUSER 5\nFROM c\n", &[3]);
        check(&RULE, "FROM a AS b\nUSER root\nFROM b\n", &[2]);
    }

    #[test]
    fn finds_not() {
        check(&RULE, "FROM a\nUSER root\nRUN x\nUSER 65532:65532\n", &[]);
        check(&RULE, "FROM a AS b\nUSER 5\nFROM b\n", &[]);
        check(&RULE, "FROM a\nARG ID=1000\nUSER ${ID}\n", &[]);
        check(&RULE, "# nothing\n", &[]);
    }
}
