//! Writes a report for people: one line for each step, in 80 columns, and a table
//! when two Dockerfiles are compared.

use std::fmt::Write as _;

use super::report::{DockerfileReport, Failure, Outcome, Report, ServiceReport, Step, Verdict};

const WIDTH: usize = 80;
/// Where the second column begins: `  ok    rebuild  `.
const INDENT: usize = 17;

/// The report as text.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    if let Some(engine) = &report.engine {
        let network = serde_json::to_value(engine.network).unwrap_or_default();
        let network = network.as_str().unwrap_or_default().to_owned();
        line(&mut out, &format!("{} {}, {network} network", engine.name.name(), engine.version));
    }
    for service in &report.services {
        render_service(&mut out, service);
    }
    let verdict = match report.verdict {
        Verdict::Verified => "verified",
        Verdict::Failed => "failed",
        Verdict::Unknown => "not verified",
    };
    line(&mut out, verdict);
    out
}

/// 8400000 as `8.4 MB`, in the units of `docker images`.
pub fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB"] {
        if value < 1000.0 {
            return if unit == "B" { format!("{value} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.2} GB")
}

fn render_service(out: &mut String, service: &ServiceReport) {
    for report in &service.dockerfiles {
        out.push('\n');
        line(out, &report.dockerfile);
        // After a failed build nothing else was tried, which needs no line for each.
        let was_built = report.build.outcome != Outcome::Failed;
        for row in rows(report).iter().filter(|row| was_built || row.outcome != Outcome::Skipped) {
            row.render(out);
        }
        for log in &report.logs {
            line(out, &format!("  log   {log}"));
        }
    }
    if let [own, other] = service.dockerfiles.as_slice() {
        out.push('\n');
        out.push_str(&side_by_side(own, other));
    }
    out.push('\n');
}

struct Row<'a> {
    word: &'static str,
    outcome: Outcome,
    said: String,
    failure: Option<&'a Failure>,
    notes: &'a [String],
}

impl Row<'_> {
    fn render(&self, out: &mut String) {
        let mark = match self.outcome {
            Outcome::Passed => "ok",
            Outcome::Failed => "FAIL",
            Outcome::Skipped => "-",
        };
        let head = format!("  {mark:<6}{:<9}", self.word);
        let mut parts: Vec<String> = Vec::new();
        if let Some(failure) = self.failure {
            parts.push(failure.line.clone());
            let place =
                [failure.stage.as_ref().map(|stage| format!("stage {stage}")), failure.instruction.clone()];
            let place: Vec<String> = place.into_iter().flatten().collect();
            if !place.is_empty() {
                parts.push(format!("in {}", place.join(": ")));
            }
        }
        if !self.said.is_empty() {
            parts.push(self.said.clone());
        }
        parts.extend(self.notes.iter().cloned());
        let mut head = head;
        for part in parts {
            for piece in wrap(&part, WIDTH - INDENT) {
                line(out, &format!("{head:<INDENT$}{piece}"));
                head.clear();
            }
        }
    }
}

fn row<'a, T>(word: &'static str, step: &'a Step<T>, say: impl Fn(&T) -> String) -> Row<'a> {
    let said = step.facts.as_ref().map(say).unwrap_or_default();
    Row { word, outcome: step.outcome, said, failure: step.failure.as_ref(), notes: &step.notes }
}

fn rows(report: &DockerfileReport) -> Vec<Row<'_>> {
    let image = report.image_bytes.map(|bytes| format!(", image {}", size(bytes))).unwrap_or_default();
    vec![
        row("builds", &report.build, |facts| match facts.steps {
            0 => format!("{:.1} s{image}", facts.seconds),
            steps => format!("{:.1} s, {steps} steps of which {} cached{image}", facts.seconds, facts.cached),
        }),
        row("boots", &report.boot, |facts| {
            let mut said = format!("{:.1} s, {}", facts.seconds, facts.probe);
            if let Some(status) = facts.status {
                let _ = write!(said, " -> {status}");
            }
            if let Some(code) = facts.exit_code {
                let _ = write!(said, ", exit code {code}");
            }
            said
        }),
        row("user", &report.user, |facts| {
            let image = if facts.image.is_empty() { "root (no USER)" } else { &facts.image };
            match &facts.process {
                Some(process) => format!("{image} in the image, {process} in the process"),
                None => format!("{image} in the image"),
            }
        }),
        row("health", &report.health, |facts| facts.command.clone()),
        row("stops", &report.stop, |facts| format!("{:.1} s, exit code {}", facts.seconds, facts.exit_code)),
        row("test", &report.test, |facts| format!("{:.1} s", facts.seconds)),
        row("rebuild", &report.rebuild, |facts| {
            format!(
                "{:.1} s after an edit of {}, {} of {} steps cached",
                facts.seconds, facts.edited, facts.cached, facts.steps
            )
        }),
    ]
}

/// The measures of one Dockerfile as they stand in a column.
pub fn measures(report: &DockerfileReport) -> Vec<(&'static str, String)> {
    fn cell<T>(step: &Step<T>, say: impl Fn(&T) -> String) -> String {
        match (step.outcome, &step.facts) {
            (Outcome::Failed, _) => "FAIL".to_owned(),
            (Outcome::Passed, Some(facts)) => say(facts),
            _ => "-".to_owned(),
        }
    }
    let user = report.user.facts.as_ref().map_or("-".to_owned(), |facts| {
        match (&facts.process, facts.image.as_str()) {
            (Some(process), _) => process.clone(),
            (None, "") => "root".to_owned(),
            (None, image) => image.to_owned(),
        }
    });
    let stop = report.stop.facts.as_ref().map_or("-".to_owned(), |facts| format!("{:.1}", facts.seconds));
    vec![
        ("builds", cell(&report.build, |_| "yes".to_owned())),
        ("boots", cell(&report.boot, |_| "yes".to_owned())),
        ("size", report.image_bytes.map_or("-".to_owned(), size)),
        ("rebuild, seconds", cell(&report.rebuild, |facts| format!("{:.1}", facts.seconds))),
        ("steps cached", cell(&report.rebuild, |facts| format!("{} of {}", facts.cached, facts.steps))),
        ("user", user),
        ("stop, seconds", stop),
        ("test", cell(&report.test, |_| "yes".to_owned())),
    ]
}

fn side_by_side(own: &DockerfileReport, other: &DockerfileReport) -> String {
    const FIRST: usize = 18;
    const COLUMN: usize = 30;
    let name = |report: &DockerfileReport| tail(&report.dockerfile, COLUMN - 2);
    let mut out = String::new();
    line(&mut out, &format!("  {:FIRST$}{:COLUMN$}{}", "", name(own), name(other)));
    for ((word, left), (_, right)) in measures(own).into_iter().zip(measures(other)) {
        line(&mut out, &format!("  {word:FIRST$}{left:COLUMN$}{right}"));
    }
    out
}

/// The end of a path tells more than its beginning.
fn tail(path: &str, width: usize) -> String {
    let length = path.chars().count();
    if length <= width {
        return path.to_owned();
    }
    format!("...{}", path.chars().skip(length - width + 3).collect::<String>())
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// Breaks between words; a word that is too long stays whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::dialect::{EngineKind, Network};
    use crate::verify::report::{
        BootFacts, BuildFacts, EngineReport, RebuildFacts, SCHEMA_VERSION, StopFacts, UserFacts,
    };

    fn passing(dockerfile: &str) -> DockerfileReport {
        let mut report = DockerfileReport::new(dockerfile.to_owned());
        report.build = Step::passed(BuildFacts { seconds: 12.34, steps: 9, cached: 2 });
        report.image_bytes = Some(8_373_607);
        let probe = "GET http://:8080/".to_owned();
        report.boot = Step::passed(BootFacts {
            seconds: 0.42,
            probe,
            port: Some(8080),
            status: Some(200),
            exit_code: None,
        });
        report.user =
            Step::passed(UserFacts { image: "65532".to_owned(), process: Some("65532".to_owned()) });
        report.health = Step::skipped("the image has no HEALTHCHECK");
        report.stop = Step::passed(StopFacts { seconds: 0.21, exit_code: 0 });
        report.test = Step::skipped("the Dockerfile has no stage `test`");
        report.rebuild = Step::passed(RebuildFacts {
            seconds: 1.2,
            steps: 9,
            cached: 5,
            edited: "main.go".to_owned(),
            dependency_steps_rerun: Vec::new(),
        });
        report.judge();
        report
    }

    fn whole(verdict: Verdict, dockerfiles: Vec<DockerfileReport>) -> Report {
        Report {
            schema_version: SCHEMA_VERSION,
            verdict,
            engine: Some(EngineReport {
                name: EngineKind::Docker,
                version: "20.10.24".to_owned(),
                network: Network::Host,
            }),
            services: vec![ServiceReport { service: ".".to_owned(), dockerfiles }],
            error: None,
        }
    }

    #[test]
    fn a_passing_report_is_one_line_a_step() {
        insta::assert_snapshot!(text(&whole(Verdict::Verified, vec![passing("Dockerfile")])), @"
        docker 20.10.24, host network

        Dockerfile
          ok    builds   12.3 s, 9 steps of which 2 cached, image 8.4 MB
          ok    boots    0.4 s, GET http://:8080/ -> 200
          ok    user     65532 in the image, 65532 in the process
          -     health   the image has no HEALTHCHECK
          ok    stops    0.2 s, exit code 0
          -     test     the Dockerfile has no stage `test`
          ok    rebuild  1.2 s after an edit of main.go, 5 of 9 steps cached

        verified
        ");
    }

    #[test]
    fn a_failure_has_its_line_and_its_place_and_no_line_is_too_wide() {
        let mut report = passing("Dockerfile");
        report.build = Step::failed(
            None,
            Failure {
                line: "src/server.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'."
                    .to_owned(),
                stage: Some("build".to_owned()),
                instruction: Some("RUN npm run build".to_owned()),
            },
        );
        report.judge();
        let text = text(&whole(Verdict::Failed, vec![report]));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        insta::assert_snapshot!(text.lines().take(6).collect::<Vec<_>>().join("\n"), @"
        docker 20.10.24, host network

        Dockerfile
          FAIL  builds   src/server.ts(3,7): error TS2322: Type 'string' is not
                         assignable to type 'number'.
                         in stage build: RUN npm run build
        ");
    }

    #[test]
    fn two_dockerfiles_stand_side_by_side() {
        let mut other = passing("a/very/long/folder/of/somebody/Dockerfile.old");
        other.image_bytes = Some(1_234_000_000);
        other.user = Step::failed(
            Some(UserFacts { image: String::new(), process: Some("0".to_owned()) }),
            Failure::of("root"),
        );
        insta::assert_snapshot!(side_by_side(&passing("Dockerfile"), &other), @"
                          Dockerfile                    ...f/somebody/Dockerfile.old
        builds            yes                           yes
        boots             yes                           yes
        size              8.4 MB                        1.23 GB
        rebuild, seconds  1.2                           1.2
        steps cached      5 of 9                        5 of 9
        user              65532                         0
        stop, seconds     0.2                           0.2
        test              -                             -
        ");
    }

    #[test]
    fn sizes_are_in_the_units_of_docker() {
        for (bytes, expected) in
            [(12, "12 B"), (1_500, "1.5 kB"), (8_373_607, "8.4 MB"), (1_234_000_000, "1.23 GB")]
        {
            assert_eq!(size(bytes), expected);
        }
    }
}
