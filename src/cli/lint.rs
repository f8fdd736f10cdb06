//! `dockgen lint` and `dockgen explain`: what is wrong with any Dockerfile, and why that is wrong.

use crate::cli::args::{LintArgs, LintFormat};
use crate::cli::dockerfiles::{self, Found};
use crate::cli::term::Term;
use crate::cli::{Exit, Failure};
use crate::diag::{self, Severity};
use crate::dockerfile;
use crate::lint::report::{self, Judged};
use crate::lint::{self, Finding, Fix, Secrets, fix};
use crate::out::{self, Consent, OutFile};
use crate::text::count;

/// Runs `dockgen lint`.
pub(super) fn run(args: &LintArgs, term: &Term) -> Result<Exit, Failure> {
    let found = dockerfiles::find(&args.files)?;
    if found.is_empty() {
        return Err(Failure::new(Exit::Nothing, "there is no Dockerfile")
            .help("looked for Dockerfile, Dockerfile.*, *.Dockerfile and Containerfile"));
    }
    let mut judged = Vec::new();
    for file in found {
        let mut findings = judge(&file, &file.text);
        let mut text = file.text.clone();
        if args.fix {
            (text, findings) = repair(&file, findings, term)?;
        }
        judged.push(Judged { file: file.shown, text, findings });
    }
    match args.format {
        LintFormat::Text => text(&judged, term)?,
        LintFormat::Json => term.data(&report::json(&judged))?,
        LintFormat::Sarif => term.data(&report::sarif(&judged))?,
        LintFormat::Github => term.data(&report::github(&judged))?,
    }
    let mut all = judged.iter().flat_map(|file| &file.findings);
    let is_bad = all.any(|finding| finding.severity < Severity::Note);
    Ok(if is_bad && !args.exit_zero { Exit::Findings } else { Exit::Done })
}

fn judge(file: &Found, text: &str) -> Vec<Finding> {
    let (parsed, _) = dockerfile::parse(text);
    file.with_context(|context| lint::lint(&parsed, context))
}

/// Makes the repairs until nothing is left to repair; gives the text and what remains.
fn repair(file: &Found, findings: Vec<Finding>, term: &Term) -> Result<(String, Vec<Finding>), Failure> {
    let mut findings = findings;
    let mut text = file.text.clone();
    // A repair may uncover another one, but each round leaves fewer.
    for _ in 0..4 {
        let fixes: Vec<&Fix> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        if fixes.is_empty() {
            break;
        }
        text = fix::apply(&text, fixes);
        findings = judge(file, &text);
    }
    if text != file.text {
        let Some((root, path)) = &file.at else {
            term.data(&text)?;
            return Ok((text, findings));
        };
        let new = OutFile { path: path.clone(), text: text.clone() };
        out::write(root, [(&new, Consent::AnyFile)])
            .map_err(|bad| Failure::new(Exit::Misuse, bad.to_string()))?;
        term.done("repaired", &file.shown);
    }
    Ok((text, findings))
}

fn text(judged: &[Judged], term: &Term) -> Result<(), Failure> {
    for file in judged {
        let (parsed, _) = dockerfile::parse(&file.text);
        let secrets = Secrets::of(&parsed);
        for finding in &file.findings {
            let line = file.text.lines().nth((finding.line as usize).saturating_sub(1)).unwrap_or_default();
            term.finding(&file.file, &secrets.mask(line), finding)?;
        }
    }
    let all = || judged.iter().flat_map(|file| &file.findings);
    let of = |severity| all().filter(|finding| finding.severity == severity).count();
    let repairs = all().filter(|finding| finding.fix.is_some()).count();
    let files = count(judged.len(), "file");
    term.say(&format!(
        "{files}: {} errors, {} warnings, {} notes",
        of(Severity::Error),
        of(Severity::Warning),
        of(Severity::Note)
    ));
    if repairs > 0 {
        term.next(&format!(
            "dockgen lint --fix   ({repairs} can be repaired without a change of the image's configuration)"
        ));
    }
    Ok(())
}

/// Runs `dockgen explain`.
pub(super) fn explain(code: Option<&str>, term: &Term) -> Result<Exit, Failure> {
    let Some(code) = code else {
        let rows = lint::ALL.iter().map(|rule| format!("{:<22} {}\n", rule.code, rule.why));
        term.data(&rows.collect::<String>())?;
        return Ok(Exit::Done);
    };
    let of_plans = diag::manual();
    let Some(rule) = lint::rule(code) else {
        if let Some((_, says)) = of_plans.iter().find(|(known, _)| known == code) {
            term.data(&format!("{code}: {says}\n"))?;
            return Ok(Exit::Done);
        }
        let known =
            lint::ALL.iter().map(|rule| rule.code).chain(of_plans.iter().map(|(known, _)| known.as_str()));
        let alike = known.map(|known| (strsim::jaro_winkler(known, code), known));
        let nearest = alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score > 0.7);
        let failure = Failure::new(Exit::Misuse, format!("there is no rule `{}`", code.escape_debug()));
        return Err(match nearest {
            Some((_, code)) => failure.help(format!("did you mean `dockgen explain {code}`?")),
            None => failure.help("`dockgen explain` lists them"),
        });
    };
    term.data(&report::manual(rule))?;
    Ok(Exit::Done)
}
