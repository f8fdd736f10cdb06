//! Reads what a builder prints into steps: which were cached, how long they took,
//! which one failed and what it said. Pure text in, typed values out.
//!
//! `BuildKit` prints `--progress=plain` lines of the form `#7 DONE 0.2s`
//! (<https://docs.docker.com/reference/cli/docker/buildx/build/#progress>), buildah
//! lines of the form `[1/2] STEP 2/3: COPY app /app`.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde::Serialize;

use super::dialect::LogStyle;
use super::useful;

/// A build as its log tells it.
#[derive(Debug, Default, PartialEq)]
pub struct BuildLog {
    /// The steps that can be cached, in the order in which they were first named.
    pub steps: Vec<BuildStep>,
    /// What stopped the build outside of any step, such as a Dockerfile that does not parse.
    pub error: Option<String>,
}

/// One instruction that makes a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildStep {
    /// The stage's name; `None` where the Dockerfile gives none.
    pub stage: Option<String>,
    /// As written, on one line: `COPY --from=build /app /app`.
    pub instruction: String,
    /// What became of it.
    pub state: StepState,
    /// What its program printed.
    pub output: Vec<String>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum StepState {
    /// Never finished, because another step failed first.
    Begun,
    /// Ran, in as many seconds where the builder tells.
    Done(Option<f64>),
    /// Taken from the cache.
    Cached,
    /// Failed, with the builder's own words.
    Failed(String),
}

/// Why a build failed, short enough to be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BuildFailure {
    /// The stage of the failed step.
    pub stage: Option<String>,
    /// The instruction that failed.
    pub instruction: Option<String>,
    /// The first useful line.
    pub line: String,
}

impl BuildLog {
    /// Never fails: lines that say nothing about steps are skipped.
    pub fn parse(style: LogStyle, text: &str) -> Self {
        match style {
            LogStyle::BuildKit => parse_buildkit(text),
            LogStyle::Buildah => parse_buildah(text),
        }
    }

    /// How many steps were taken from the cache.
    pub fn cached(&self) -> usize {
        self.steps.iter().filter(|step| step.state == StepState::Cached).count()
    }

    /// The steps that ran.
    pub fn ran(&self) -> impl Iterator<Item = &BuildStep> {
        self.steps.iter().filter(|step| matches!(step.state, StepState::Done(_) | StepState::Failed(_)))
    }

    /// The first step that failed, or what else stopped the build.
    pub fn failure(&self) -> BuildFailure {
        let failed = self.steps.iter().find_map(|step| match &step.state {
            StepState::Failed(error) => Some((step, error)),
            _ => None,
        });
        match failed {
            Some((step, error)) => BuildFailure {
                stage: step.stage.clone(),
                instruction: Some(step.instruction.clone()),
                line: useful::first_line(step.output.iter().map(String::as_str))
                    .unwrap_or_else(|| error.clone()),
            },
            None => BuildFailure {
                stage: None,
                instruction: None,
                line: self.error.clone().unwrap_or_else(|| "the builder said nothing".to_owned()),
            },
        }
    }
}

impl BuildStep {
    /// The step as people name it: `[deps] RUN npm ci`.
    pub fn title(&self) -> String {
        match &self.stage {
            Some(stage) => format!("[{stage}] {}", self.instruction),
            None => self.instruction.clone(),
        }
    }

    /// Whether it fetches what the program needs from elsewhere, so that it should not
    /// run again for a changed source file.
    pub fn is_dependency_step(&self) -> bool {
        // One row per package manager: the words that install or download.
        static INSTALLS: LazyLock<Regex> = LazyLock::new(|| {
            let words = [
                r"go mod download",
                r"npm (ci|i|install)\b",
                r"yarn( install)?(\s--\S+)*\s*($|&&)",
                r"yarn (install|workspaces focus)",
                r"pnpm (i|install|fetch)\b",
                r"bun (i|install)\b",
                r"pip3? (install|wheel|download)",
                r"uv (sync|pip install)",
                r"poetry install",
                r"pipenv (install|sync)",
                r"cargo (fetch|chef cook)",
                r"dependency:(go-offline|resolve)",
                r"gradlew? .*dependencies",
                r"apt(-get)? .*install",
                r"apk .*add",
                r"bundle install",
                r"composer install",
            ];
            Regex::new(&words.join("|")).expect("the words above are one valid pattern")
        });
        // The project itself, into an environment that has its dependencies: every edit is a reason to do that.
        static OWN: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"install .*--no-deps (-e )?\.($|\s)|uv sync .*--inexact .*--no-editable")
                .expect("a valid pattern")
        });
        let is_run = self.instruction.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("RUN "));
        let installs = INSTALLS.is_match(&self.instruction) && !OWN.is_match(&self.instruction);
        is_run && (self.stage.as_deref() == Some("deps") || installs)
    }
}

/// `[linux/amd64 build 2/3] RUN make`, where platform and stage may be missing.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\[(?:(?P<stage>[^\]]*) )?\d+/\d+\] (?P<instruction>.*)$").expect("a valid pattern")
});

fn parse_buildkit(text: &str) -> BuildLog {
    static VERTEX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^#(\d+) (.*)$").expect("a valid pattern"));
    let mut steps: Vec<(&str, BuildStep)> = Vec::new();
    let mut trouble = Vec::new();
    for line in text.lines() {
        let line = line.trim_end();
        let Some(found) = VERTEX.captures(line) else {
            trouble.push(line);
            continue;
        };
        let (number, words) =
            (found.get(1).map_or("", |m| m.as_str()), found.get(2).map_or("", |m| m.as_str()));
        if let Some((_, step)) = steps.iter_mut().find(|(known, _)| *known == number) {
            read_buildkit_words(step, words);
        } else if let Some(step) = read_title(words) {
            steps.push((number, step));
        } else if let Some(error) = words.strip_prefix("ERROR: ") {
            // Steps inside the builder, such as finding a base image.
            trouble.push(error);
        }
    }
    BuildLog {
        // Base images are fetched, not cached: they are no steps of this file.
        steps: steps.into_iter().map(|(_, step)| step).filter(|step| !is_from(&step.instruction)).collect(),
        error: buildkit_error(&trouble),
    }
}

fn read_title(words: &str) -> Option<BuildStep> {
    let found = TITLE.captures(words)?;
    // A build for a named platform puts it before the stage's name.
    let stage = found.name("stage").and_then(|stage| stage.as_str().split(' ').next_back());
    // `stage-1` is what BuildKit calls a stage without a name, `linux/amd64` is no stage.
    let is_given = |name: &&str| !name.is_empty() && !name.starts_with("stage-") && !name.contains('/');
    Some(BuildStep {
        stage: stage.filter(is_given).map(str::to_owned),
        instruction: found["instruction"].to_owned(),
        state: StepState::Begun,
        output: Vec::new(),
    })
}

fn read_buildkit_words(step: &mut BuildStep, words: &str) {
    static OUTPUT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\d+\.\d+ ?(.*)$").expect("a valid pattern"));
    if words == "CACHED" {
        step.state = StepState::Cached;
    } else if let Some(seconds) = words.strip_prefix("DONE ") {
        step.state = StepState::Done(seconds.trim_end_matches('s').parse().ok());
    } else if let Some(error) = words.strip_prefix("ERROR: ") {
        step.state = StepState::Failed(error.to_owned());
    } else if let Some(found) = OUTPUT.captures(words) {
        step.output.push(found[1].to_owned());
    }
}

/// The last line that is no drawing, without the words that every failure begins with.
fn buildkit_error(trouble: &[&str]) -> Option<String> {
    let is_drawing = |line: &str| line.is_empty() || line.starts_with("------") || line.starts_with(" > ");
    let last = trouble.iter().rev().find(|line| !is_drawing(line))?;
    let noise = [
        "ERROR: ",
        "failed to solve: ",
        "failed to solve with frontend dockerfile.v0: ",
        "failed to create LLB definition: ",
    ];
    let mut line: &str = last;
    while let Some(rest) = noise.iter().find_map(|words| line.strip_prefix(words)) {
        line = rest;
    }
    Some(line.to_owned())
}

fn parse_buildah(text: &str) -> BuildLog {
    static STEP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?:\[\d+/\d+\] )?STEP \d+(?:/\d+)?: (.*)$").expect("a valid pattern"));
    let mut log = BuildLog::default();
    let mut stage = None;
    let mut current: Option<BuildStep> = None;
    // Programs print lines like the builder's own, which is the last of them.
    let last_error = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("Error: "))
        .map(|(number, _)| number)
        .last();
    for (number, line) in text.lines().enumerate() {
        if let Some(found) = STEP.captures(line) {
            log.steps.extend(current.take());
            let instruction = found[1].to_owned();
            if is_from(&instruction) {
                stage = stage_of(&instruction);
            } else {
                current = Some(BuildStep {
                    stage: stage.clone(),
                    instruction,
                    state: StepState::Done(None),
                    output: Vec::new(),
                });
            }
        } else if let Some(error) = line.strip_prefix("Error: ").filter(|_| Some(number) == last_error) {
            match &mut current {
                Some(step) => step.state = StepState::Failed(error.to_owned()),
                None => log.error = Some(error.to_owned()),
            }
        } else if let Some(step) = &mut current {
            match line.strip_prefix("--> ") {
                Some(words) if words.starts_with("Using cache") => step.state = StepState::Cached,
                Some(_) => {}
                // The builder's own log, about itself.
                None if line.starts_with("time=\"") => {}
                None => step.output.push(line.to_owned()),
            }
        }
    }
    log.steps.extend(current);
    // buildah counts USER and CMD as steps, BuildKit does not: the same file must give
    // the same number with both.
    log.steps.retain(|step| makes_layer(&step.instruction) || matches!(step.state, StepState::Failed(_)));
    log
}

fn stage_of(from: &str) -> Option<String> {
    let words: Vec<_> = from.split_whitespace().collect();
    let place = words.iter().position(|word| word.eq_ignore_ascii_case("as"))?;
    words.get(place + 1).map(ToString::to_string)
}

fn is_from(instruction: &str) -> bool {
    instruction.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("FROM"))
}

fn makes_layer(instruction: &str) -> bool {
    let word = instruction.split_whitespace().next().unwrap_or_default();
    ["RUN", "COPY", "ADD", "WORKDIR"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded from docker 20.10 with the current frontend, and from podman 4.3.
    const REBUILT: &str = "\
#1 [internal] load build definition from Dockerfile
#1 sha256:78fc74c92af9d59735801c27a9271f88663bfab8598f8580a563191002d76dc5
#1 transferring dockerfile: 32B done
#1 DONE 0.0s

#4 docker-image://docker.io/docker/dockerfile:1
#4 CACHED

#7 [internal] load build context
#7 transferring context: 361B done
#7 DONE 0.0s

#8 [build 1/3] FROM docker.io/library/golang:1.24
#8 CACHED

#9 [build 2/3] COPY app /app
#9 sha256:f170d18ac58d9c3c8ce48d57131719d2b4aca96bd6b38410e678c33090c1a856
#9 CACHED

#11 [runtime 2/2] COPY main.go /
#11 sha256:7fea55960c079ed14ce3cbad01af73dcf96b2166fd764128dc8b9cb898251698
#11 DONE 0.3s

#12 exporting to image
#12 exporting layers 0.0s done
#12 DONE 0.0s
";
    const FAILED_RUN: &str = "\
#4 [1/2] COPY app /app
#4 CACHED

#5 [build 2/2] RUN npm run build
#5 0.097 > hello@1.0.0 build
#5 0.098 src/server.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.
#5 0.099 npm error code 2
#5 ERROR: executor failed running [/bin/sh -c npm run build]: exit code: 2
------
 > [build 2/2] RUN npm run build:
------
executor failed running [/bin/sh -c npm run build]: exit code: 2
";
    const MISSING_FILE: &str = "\
#9 [2/2] COPY nothing /x
#9 sha256:bbea41737796965a8df955ea01b8e00b396305c3628c26968fd0e074175e9fac
#9 ERROR: \"/nothing\" not found: not found
------
 > [2/2] COPY nothing /x:
------
failed to compute cache key: \"/nothing\" not found: not found
";
    const BAD_FILE: &str = "\
#1 [internal] load build definition from Bad3
#1 DONE 0.0s
failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 3: unknown instruction: FORM
";
    const PODMAN: &str = "\
[1/2] STEP 1/3: FROM scratch AS build
[1/2] STEP 2/3: COPY app /app
--> Using cache 2aca06a14bc0f066e513ee7383a677b89a49bace0bd79c9af87bed01244383a0
--> 2aca06a14bc
[2/2] STEP 1/6: FROM scratch AS runtime
[2/2] STEP 3/6: COPY main.go /
--> 6c993aa3406
[2/2] STEP 4/6: USER 65532
--> c26bb2d7c85
[2/2] COMMIT vtp
--> 07b8cdffd5a
";
    const PODMAN_UNKNOWN: &str = "\
STEP 1/2: FROM scratch
STEP 2/2: FORM x
time=\"2026-11-21T10:30:54Z\" level=error msg=\"+(UNHANDLED LOGLEVEL) &imagebuilder.Step{}\"
Error: building at STEP \"FORM x\": Build error: Unknown instruction: \"FORM\"
";
    const PODMAN_PRINTS: &str = "\
STEP 1/2: FROM scratch
STEP 2/2: RUN seed
Error: no such table: notes
subprocess exited with status 3
Error: building at STEP \"RUN seed\": exit status 3
";
    const PODMAN_FAILED: &str = "\
STEP 1/3: FROM scratch AS build
STEP 3/3: RUN make
starting
make: *** No rule to make target 'all'.  Stop.
Error: building at STEP \"RUN make\": exit status 2
";

    #[test]
    fn steps_and_their_states_are_counted() {
        for (style, text, steps, cached) in [
            (LogStyle::BuildKit, REBUILT, 2, 1),
            (LogStyle::BuildKit, FAILED_RUN, 2, 1),
            (LogStyle::Buildah, PODMAN, 2, 1),
            (LogStyle::BuildKit, "", 0, 0),
        ] {
            let log = BuildLog::parse(style, text);
            assert_eq!((log.steps.len(), log.cached()), (steps, cached), "{log:#?}");
        }
    }

    #[test]
    fn a_step_knows_its_stage_and_its_seconds() {
        let log = BuildLog::parse(LogStyle::BuildKit, REBUILT);
        assert_eq!(log.steps[0].title(), "[build] COPY app /app");
        assert_eq!(log.steps[1].state, StepState::Done(Some(0.3)));
        let log = BuildLog::parse(LogStyle::Buildah, PODMAN);
        assert_eq!(log.steps[1].title(), "[runtime] COPY main.go /");
        for (title, stage) in [
            ("#5 [linux/amd64 deps 2/4] RUN x", Some("deps")),
            ("#5 [linux/amd64 2/4] RUN x", None),
            ("#5 [stage-1 2/4] RUN x", None),
            ("#5 [2/4] RUN x", None),
        ] {
            let log = BuildLog::parse(LogStyle::BuildKit, title);
            assert_eq!(log.steps[0].stage.as_deref(), stage, "{title}");
        }
    }

    #[test]
    fn a_failure_is_one_useful_line_and_its_place() {
        for (style, text, stage, instruction, line) in [
            (
                LogStyle::BuildKit,
                FAILED_RUN,
                Some("build"),
                Some("RUN npm run build"),
                "src/server.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.",
            ),
            (
                LogStyle::BuildKit,
                MISSING_FILE,
                None,
                Some("COPY nothing /x"),
                "\"/nothing\" not found: not found",
            ),
            (
                LogStyle::BuildKit,
                BAD_FILE,
                None,
                None,
                "dockerfile parse error line 3: unknown instruction: FORM",
            ),
            (
                LogStyle::Buildah,
                PODMAN_FAILED,
                Some("build"),
                Some("RUN make"),
                "make: *** No rule to make target 'all'.  Stop.",
            ),
            (
                LogStyle::Buildah,
                PODMAN_UNKNOWN,
                None,
                Some("FORM x"),
                "building at STEP \"FORM x\": Build error: Unknown instruction: \"FORM\"",
            ),
            (LogStyle::Buildah, PODMAN_PRINTS, None, Some("RUN seed"), "Error: no such table: notes"),
        ] {
            let expected = BuildFailure {
                stage: stage.map(str::to_owned),
                instruction: instruction.map(str::to_owned),
                line: line.to_owned(),
            };
            assert_eq!(BuildLog::parse(style, text).failure(), expected);
        }
    }

    #[test]
    fn dependency_steps_are_known_by_what_they_run() {
        for (instruction, expected) in [
            ("RUN --mount=type=cache,target=/root/.npm npm ci", true),
            ("RUN go mod download", true),
            ("RUN yarn", true),
            ("RUN yarn --frozen-lockfile && yarn build", true),
            ("RUN yarn build", false),
            ("RUN pip wheel -r requirements.txt", true),
            ("RUN mvn -B dependency:go-offline", true),
            ("RUN uv sync --frozen --no-dev --no-install-project", true),
            ("RUN uv sync --frozen --inexact --no-dev --no-editable", false),
            ("RUN uv pip install --python /opt/venv --no-deps .", false),
            ("RUN pip install --no-deps -r requirements.txt", true),
            ("RUN npm run build", false),
            ("RUN go build ./...", false),
            ("COPY npm install", false),
        ] {
            let step = BuildStep {
                stage: None,
                instruction: instruction.to_owned(),
                state: StepState::Begun,
                output: Vec::new(),
            };
            assert_eq!(step.is_dependency_step(), expected, "{instruction}");
        }
    }
}
