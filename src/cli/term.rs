//! The only code that prints.

use std::cell::Cell;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};

use crate::cli::args::Color;
use crate::cli::{Exit, Failure};
use crate::diag::{Diagnostic, Severity};
use crate::lint::Finding;
use crate::repo::Inventory;

/// Where people and programs read.
pub(super) struct Term {
    color: bool,
    interactive: bool,
    /// Whether stderr is a screen, on which a line can be drawn over.
    is_screen: bool,
    /// Whether a line stands there that the next one has to take away.
    has_progress: Cell<bool>,
}

/// The columns of a screen that does not say how many it has, and those that a line is broken for at least and at most.
const WIDTH: usize = 80;
const NARROWEST: usize = 40;
const WIDEST: usize = 100;

const STRONG: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const HINT: Style = AnsiColor::Cyan.on_default();

impl Term {
    /// Colour by flag, then `NO_COLOR`, then `FORCE_COLOR`, then whether stderr is a terminal.
    pub fn new(color: Color) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let wanted = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                !is_set("NO_COLOR") && (is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE") || is_terminal)
            }
        };
        let choice = match (color, wanted) {
            (_, false) => anstream::ColorChoice::Never,
            (Color::Auto, true) if is_terminal => anstream::ColorChoice::Auto,
            (_, true) => anstream::ColorChoice::Always,
        };
        choice.write_global();
        Self {
            color: wanted,
            interactive: is_terminal && std::io::stdin().is_terminal(),
            is_screen: is_terminal,
            has_progress: Cell::new(false),
        }
    }

    /// Is there somebody to ask?
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// How far a long work is, on a screen; the next thing that is said takes its place.
    pub fn progress(&self, done: usize, all: usize, about: &str) {
        const WIDTH: usize = 20;
        if !self.is_screen {
            return;
        }
        self.clear();
        let full = done * WIDTH / all.max(1);
        let bar = format!("{}{}", "#".repeat(full), "-".repeat(WIDTH - full));
        let _ = write!(anstream::stderr(), "{QUIET}[{bar}]{QUIET:#} {done}/{all} {about}");
        let _ = std::io::stderr().flush();
        self.has_progress.set(true);
    }

    /// Takes the line of progress away.
    pub fn clear(&self) {
        if self.has_progress.replace(false) {
            let _ = write!(std::io::stderr(), "\r\u{1b}[2K");
        }
    }

    /// Data, for whoever reads stdout. A reader that goes away early is no error; a full disk is one.
    pub fn data(&self, text: &str) -> Result<(), Failure> {
        self.clear();
        let mut out = std::io::stdout().lock();
        received(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// A unified diff on stdout, coloured when stdout is a terminal.
    pub fn diff(&self, text: &str) -> Result<(), Failure> {
        use std::fmt::Write as _;

        self.clear();
        let mut coloured = String::new();
        for line in text.lines() {
            let style = match line.as_bytes().first() {
                Some(b'+') => GOOD,
                Some(b'-') => AnsiColor::Red.on_default(),
                Some(b'@') => HINT,
                _ => Style::new(),
            };
            let _ = writeln!(coloured, "{style}{line}{style:#}");
        }
        let mut out = anstream::stdout().lock();
        received(out.write_all(coloured.as_bytes()).and_then(|()| out.flush()))
    }

    /// A line for a person.
    pub fn say(&self, line: &str) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "{}", self.broken(line, 0));
    }

    /// A labelled line: what it is about, and what is said.
    pub fn row(&self, label: &str, value: &str) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "  {QUIET}{label:<9}{QUIET:#} {value}");
    }

    /// The name of something, made to stand out.
    pub fn title(&self, name: &str, about: &str) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "{STRONG}{name}{STRONG:#} {about}");
    }

    /// Something done to a file.
    pub fn done(&self, verb: &str, what: &str) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "{GOOD}{verb:>10}{GOOD:#} {what}");
    }

    /// What to do next.
    pub fn next(&self, command: &str) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "{HINT}next:{HINT:#} {command}");
    }

    /// Why a command could not do its work.
    pub fn error(&self, message: &str, help: Option<&str>) {
        self.clear();
        let _ = writeln!(anstream::stderr(), "{BAD}error{BAD:#}: {}", self.broken(message, 7));
        for line in help.unwrap_or_default().lines() {
            let _ = writeln!(anstream::stderr(), "{HINT}help{HINT:#}: {}", self.broken(line, 6));
        }
    }

    /// A line as wide as the screen, broken between words below what stands `before` it. In a pipe it stays whole, for
    /// whoever searches in it.
    fn broken(&self, line: &str, before: usize) -> String {
        let indent = " ".repeat(before.max(2));
        self.lines(line, before.max(2)).join(&format!("\n{indent}"))
    }

    fn lines(&self, line: &str, before: usize) -> Vec<String> {
        if !self.is_screen {
            return vec![line.to_owned()];
        }
        let screen = terminal_size::terminal_size_of(std::io::stderr());
        // One that has not been told says 0.
        let width = screen.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0).unwrap_or(WIDTH);
        let options = textwrap::Options::new(width.clamp(NARROWEST, WIDEST).saturating_sub(before))
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::wrap(line, options).into_iter().map(std::borrow::Cow::into_owned).collect()
    }

    /// Findings with the lines they are about.
    pub fn findings(&self, findings: &[Diagnostic], inventory: &Inventory) {
        for finding in findings {
            let _ = writeln!(anstream::stderr(), "{}", self.render(finding, inventory));
        }
    }

    /// A finding of a rule with its line, on stdout: it is what was asked for.
    pub fn finding(&self, file: &str, line: &str, finding: &Finding) -> Result<(), Failure> {
        let level = level(finding.severity);
        let help = match &finding.fix {
            Some(_) => format!("{} (`--fix` does it)", finding.help),
            None => finding.help.clone(),
        };
        let line = line.trim_start_matches('\u{feff}');
        let shown = line.char_indices().nth(160).map_or(line, |(end, _)| &line[..end]);
        let mut group = level.primary_title(finding.message.as_str()).id(finding.code).element(
            Snippet::source(shown)
                .path(file)
                .line_start(finding.line as usize)
                .annotation(AnnotationKind::Primary.span(0..shown.len())),
        );
        group = group.element(Level::HELP.message(help.as_str()));
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        let said = renderer.term_width(100).render(&[group]);
        let mut out = anstream::stdout().lock();
        received(writeln!(out, "{said}").and_then(|()| out.flush()))
    }

    fn render(&self, finding: &Diagnostic, inventory: &Inventory) -> String {
        let level = level(finding.severity);
        let code = finding.code.to_string();
        let message = self.lines(&finding.message, code.len() + "warning[]: ".len()).join("\n");
        let title = level.primary_title(message.as_str()).id(code.as_str());
        let mut group = title.elements([] as [annotate_snippets::Element<'_>; 0]);
        match cited(finding, inventory) {
            Some(snippet) => group = group.element(snippet),
            None => {
                if let Some(place) = &finding.at {
                    group = group.element(annotate_snippets::Origin::path(place.to_string()));
                }
            }
        }
        let help = finding.help.as_ref().map(|help| self.lines(help, "    = help: ".len()).join("\n"));
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(80).render(&[group])
    }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The line a finding is about. Notes go without. A minified file is one line of megabytes, so only its start is shown.
fn cited<'d>(
    finding: &'d Diagnostic,
    inventory: &'d Inventory,
) -> Option<Snippet<'d, annotate_snippets::Annotation<'d>>> {
    let place = finding.at.as_ref().filter(|_| finding.severity != Severity::Note)?;
    let number = usize::try_from(place.line?).ok()?;
    let text: &str = inventory.doc(&place.file)?.text;
    let line = text.lines().nth(number.checked_sub(1)?)?;
    let shown = line.char_indices().nth(160).map_or(line, |(end, _)| &line[..end]);
    let column = finding.column.and_then(|column| usize::try_from(column).ok());
    let span = match column {
        Some(column) => {
            let start = shown.char_indices().nth(column.saturating_sub(1)).map_or(shown.len(), |(at, _)| at);
            start..shown[start..].chars().next().map_or(start, |c| start + c.len_utf8())
        }
        None => shown.len() - shown.trim_start().len()..shown.len(),
    };
    Some(
        Snippet::source(shown)
            .path(place.file.as_str())
            .line_start(number)
            .annotation(AnnotationKind::Primary.span(span)),
    )
}

/// What became of data on its way to whoever reads it.
fn received(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Misuse, format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

fn is_set(variable: &str) -> bool {
    #[expect(clippy::disallowed_methods, reason = "colour is a matter of the terminal, never of a plan")]
    std::env::var(variable).is_ok_and(|value| !value.is_empty())
}
