//! Enough of `sh` to see the commands inside a `RUN`: words, quotes, operators, control flow.
//! Nothing is expanded; a word that the shell would change says so.
//!
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>

use super::syntax::Span;

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Program and arguments, without assignments in front, redirections and control words.
    pub words: Vec<Word>,
    /// Where it stands in the script.
    pub span: Span,
    /// What comes after it.
    pub then: Then,
    /// Whether it stands in `if`, `for`, `while`, `case`, a subshell or after `||`.
    pub is_conditional: bool,
    /// Whether its output goes into a file.
    pub writes: bool,
}

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Quotes and escapes taken off; variables as written.
    pub text: String,
    /// Where it stands in the script, quotes included.
    pub span: Span,
    /// Whether the shell leaves it as it is: no variable, substitution or pattern in it.
    pub is_literal: bool,
}

/// The operator behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    End,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `;`, a line break, or the end of a group.
    Next,
    /// `|`.
    Pipe,
    /// `&`.
    Background,
}

/// Words in front of a command that say how it is run, not what.
const WRAPPERS: &[&str] = &["sudo", "env", "exec", "command", "time", "nice", "nohup", "eatmydata"];

impl Command {
    /// The program's name without its folder; none for an empty command.
    pub fn program(&self) -> Option<&str> {
        let word = &self.plain().first()?.text;
        Some(word.rsplit('/').next().unwrap_or(word))
    }

    /// The word that names the program, behind its wrappers.
    pub fn program_word(&self) -> Option<&Word> {
        self.plain().first()
    }

    /// The words behind the program.
    pub fn args(&self) -> &[Word] {
        self.plain().get(1..).unwrap_or_default()
    }

    /// The arguments that are no options.
    pub fn operands(&self) -> impl Iterator<Item = &Word> {
        self.args().iter().filter(|word| !word.text.starts_with('-'))
    }

    /// Is one of these options among the arguments?
    pub fn has_option(&self, names: &[&str]) -> bool {
        self.args().iter().any(|word| names.contains(&word.text.as_str()))
    }

    /// Is it `program subcommand`, options between the two not counted?
    pub fn is(&self, program: &str, subcommand: &str) -> bool {
        self.program() == Some(program) && self.operands().next().is_some_and(|word| word.text == subcommand)
    }

    /// Is it run through `sudo`?
    pub fn has_sudo(&self) -> bool {
        self.words.first().is_some_and(|word| word.text == "sudo")
    }

    /// Its text in the script without a `sudo` in front: who builds an image is root already.
    pub fn unwrapped<'s>(&self, script: &'s str) -> &'s str {
        let own = self.plain().first().filter(|_| self.has_sudo());
        &script[own.map_or(self.span.start, |word| word.span.start)..self.span.end]
    }

    /// The words without wrappers, their options and assignments.
    fn plain(&self) -> &[Word] {
        let mut words = self.words.as_slice();
        while let Some((first, rest)) = words.split_first()
            && WRAPPERS.contains(&first.text.as_str())
            && !rest.is_empty()
        {
            words = rest;
            while let Some((word, rest)) = words.split_first()
                && (word.text.starts_with('-') || is_assignment(&word.text))
            {
                words = rest;
            }
        }
        words
    }
}

/// The commands of a script in the order they are written, those in `$(..)` behind the one they stand in.
/// What does not read as a script gives what can be seen of it.
pub fn commands(script: &str) -> Vec<Command> {
    let mut reader = Reader::new(script);
    reader.read();
    reader.commands
}

/// `NAME=value` in front of a command.
pub fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    })
}

struct Reader<'a> {
    script: &'a str,
    at: usize,
    commands: Vec<Command>,
    words: Vec<Word>,
    /// Those in substitutions of the command being read.
    inner: Vec<Command>,
    start: Option<usize>,
    /// Open `if`, `for`, `while`, `case`, `(` and `{`.
    depth: usize,
    /// Open `(` among them.
    groups: usize,
    after_or: bool,
    /// What the next word is for, if it belongs to a redirection.
    target: Option<Target>,
    /// Output of the command being read goes into a file.
    writes: bool,
    /// Terminators of heredocs whose bodies follow the line.
    heredocs: Vec<String>,
}

/// The word behind a redirection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    File,
    Terminator,
}

impl<'a> Reader<'a> {
    fn new(script: &'a str) -> Self {
        Self {
            script,
            at: 0,
            commands: Vec::new(),
            words: Vec::new(),
            inner: Vec::new(),
            start: None,
            depth: 0,
            groups: 0,
            after_or: false,
            target: None,
            writes: false,
            heredocs: Vec::new(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.script[self.at..]
    }

    fn read(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            match c {
                '\n' => {
                    self.end(Then::Next, 1);
                    self.skip_heredocs();
                }
                ' ' | '\t' | '\r' | '\u{b}' | '\u{c}' => self.at += 1,
                '\\' if rest[1..].starts_with('\n') => self.at += 2,
                '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
                _ if rest.starts_with("&&") => self.end(Then::And, 2),
                _ if rest.starts_with("||") => self.end(Then::Or, 2),
                _ if rest.starts_with("&>") => self.redirect(2),
                '&' => self.end(Then::Background, 1),
                '|' => self.end(Then::Pipe, if rest.starts_with("|&") { 2 } else { 1 }),
                ';' => self.end(Then::Next, if rest.starts_with(";;") { 2 } else { 1 }),
                '(' => {
                    self.end(Then::Next, 1);
                    self.depth += 1;
                    self.groups += 1;
                }
                ')' => {
                    self.end(Then::Next, 1);
                    // The parenthesis behind a pattern of `case` closes nothing.
                    if self.groups > 0 {
                        self.groups -= 1;
                        self.depth = self.depth.saturating_sub(1);
                    }
                }
                '<' | '>' => self.redirect(1),
                _ => self.word(),
            }
        }
        self.end(Then::End, 0);
    }

    fn redirect(&mut self, length: usize) {
        let is_output = self.rest().starts_with(['>', '&']);
        self.at += length;
        let rest = self.rest();
        let target = rest.trim_start_matches(['>', '|', ' ']);
        self.writes |= is_output && !target.starts_with("/dev/null") && !target.starts_with('&');
        let is_heredoc = rest.starts_with('<') && self.script[..self.at].ends_with('<');
        self.at += rest.len() - rest.trim_start_matches(['<', '>', '&', '|', '-']).len();
        // `2>&1` and `2>&-` have no word behind them that is split off; digits stand directly there.
        self.target = Some(if is_heredoc { Target::Terminator } else { Target::File });
    }

    fn end(&mut self, then: Then, length: usize) {
        let end = self.at;
        self.at += length;
        self.target = None;
        let writes = std::mem::take(&mut self.writes);
        let mut words = std::mem::take(&mut self.words);
        let start = self.start.take();
        let opened = self.control(&mut words);
        if !words.is_empty() {
            let start = words[0].span.start.min(start.unwrap_or(end));
            let is_conditional = opened || self.depth > 0 || self.after_or;
            let span = start..self.script[..end].trim_end().len().max(start);
            self.commands.push(Command { words, span, then, is_conditional, writes });
        } else if let Some(last) = self.commands.last_mut()
            && last.then == Then::End
        {
            last.then = then;
        }
        self.commands.append(&mut self.inner);
        self.after_or = then == Then::Or;
    }

    /// Takes control words off the front; says whether what follows is conditional.
    fn control(&mut self, words: &mut Vec<Word>) -> bool {
        let mut opened = false;
        while let Some(first) = words.first() {
            match first.text.as_str() {
                "if" | "while" | "until" | "{" => self.depth += 1,
                "for" | "case" | "select" | "function" => {
                    self.depth += 1;
                    words.clear();
                    return true;
                }
                "fi" | "done" | "esac" | "}" => self.depth = self.depth.saturating_sub(1),
                "then" | "else" | "elif" | "do" | "!" => {}
                word if is_assignment(word) => {}
                _ => return opened,
            }
            opened |= !is_assignment(&first.text);
            words.remove(0);
        }
        opened
    }

    /// Reads one word with all its quotes.
    fn word(&mut self) {
        let start = self.at;
        let mut word = Word { text: String::new(), span: start..start, is_literal: true };
        while let Some(c) = self.rest().chars().next() {
            match c {
                ' ' | '\t' | '\r' | '\n' | '\u{b}' | '\u{c}' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => {
                    break;
                }
                '\\' => {
                    self.at += 1;
                    let next = self.rest().chars().next();
                    self.at += next.map_or(0, char::len_utf8);
                    word.text.extend(next.filter(|next| *next != '\n'));
                }
                '\'' => {
                    let body = &self.rest()[1..];
                    let length = body.find('\'').unwrap_or(body.len());
                    word.text.push_str(&body[..length]);
                    self.at += (length + 2).min(self.rest().len());
                }
                '"' => self.double(&mut word),
                '$' | '`' => self.substitution(&mut word),
                _ => {
                    // `[` alone is the test command.
                    let is_class = c == '[' && !self.rest()[1..].starts_with([' ', '\t']);
                    word.is_literal &= !(matches!(c, '*' | '?') || is_class);
                    word.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        word.span.end = self.at;
        let is_descriptor =
            self.rest().starts_with(['<', '>']) && word.text.chars().all(|c| c.is_ascii_digit());
        if let Some(target) = self.target.take() {
            if target == Target::Terminator {
                self.heredocs.push(word.text);
            }
        } else if !is_descriptor {
            self.start.get_or_insert(start);
            self.words.push(word);
        }
    }

    fn double(&mut self, word: &mut Word) {
        self.at += 1;
        while let Some(c) = self.rest().chars().next() {
            match c {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => {
                    self.at += 1;
                    let Some(next) = self.rest().chars().next() else { return };
                    if !matches!(next, '$' | '`' | '"' | '\\' | '\n') {
                        word.text.push('\\');
                    }
                    word.text.extend(Some(next).filter(|next| *next != '\n'));
                    self.at += next.len_utf8();
                }
                '$' | '`' => self.substitution(word),
                _ => {
                    word.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// `$x`, `${x}`, `$(..)` or backquotes: kept as written.
    fn substitution(&mut self, word: &mut Word) {
        let start = self.at;
        let rest = self.rest();
        word.is_literal = false;
        if rest.starts_with("$(") || rest.starts_with('`') {
            let (open, length) = match rest.strip_prefix('`') {
                Some(body) => (1, body.find('`').map_or(rest.len(), |end| end + 2)),
                None => (2, closing(rest)),
            };
            let body = &rest[open..length.saturating_sub(1).max(open)];
            for mut command in commands(body) {
                command.span = command.span.start + start + open..command.span.end + start + open;
                for word in &mut command.words {
                    word.span = word.span.start + start + open..word.span.end + start + open;
                }
                command.is_conditional = true;
                self.inner.push(command);
            }
            self.at += length;
        } else if rest.starts_with("${") {
            self.at += rest.find('}').map_or(rest.len(), |end| end + 1);
        } else {
            self.at += 1;
        }
        word.text.push_str(&self.script[start..self.at]);
    }

    fn skip_heredocs(&mut self) {
        for terminator in std::mem::take(&mut self.heredocs) {
            while !self.rest().is_empty() {
                let rest = self.rest();
                let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
                self.at += length;
                if rest[..length].trim_end_matches(['\r', '\n']).trim_start_matches('\t') == terminator {
                    break;
                }
            }
        }
    }
}

/// How long `$(..)` is, from the dollar to behind its parenthesis; all of it where none closes it.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (_, '\\') if quote != Some('\'') => {
                chars.next();
            }
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per command: its words, `?` for what is conditional, `$` behind words that are not literal.
    fn outline(script: &str) -> Vec<String> {
        let word = |word: &Word| format!("{}{}", word.text, if word.is_literal { "" } else { "$" });
        let line = |command: &Command| {
            let words: Vec<String> = command.words.iter().map(word).collect();
            format!("{}{}", if command.is_conditional { "? " } else { "" }, words.join("|"))
        };
        commands(script).iter().map(line).collect()
    }

    #[test]
    fn sees_commands() {
        for (script, want) in [
            (
                "apt-get update && apt-get install -y curl=7.*",
                vec!["apt-get|update", "apt-get|install|-y|curl=7.*$"],
            ),
            ("a 'b c' \"d $e\" f\\ g", vec!["a|b c|d $e$|f g"]),
            ("a; b | c & d", vec!["a", "b", "c", "d"]),
            ("a || b && c", vec!["a", "? b", "c"]),
            ("if [ -f x ]; then apt-get install y; fi; z", vec!["? [|-f|x|]", "? apt-get|install|y", "z"]),
            ("for x in a b; do c $x; done && d", vec!["? c|$x$", "d"]),
            ("(a && b) && c", vec!["? a", "? b", "c"]),
            ("A=1 B=$C make > log 2>&1 < in", vec!["make"]),
            ("x=$(curl -s y) && z", vec!["? curl|-s|y", "z"]),
            ("echo `date -u` # && rm", vec!["echo|`date -u`$", "? date|-u"]),
            ("a \\\n  b\nc", vec!["a|b", "c"]),
            ("cat > f <<EOF\napt-get install x\nEOF\nb", vec!["cat", "b"]),
            ("case $x in a) b;; esac; c", vec!["? b", "c"]),
            ("", vec![]),
            ("'open", vec!["open"]),
            ("$(", vec!["$($"]),
            ("echo ${A:-b c} d", vec!["echo|${A:-b c}$|d"]),
            ("{ a; b; } && c", vec!["? a", "? b", "c"]),
        ] {
            assert_eq!(outline(script), want, "{script}");
        }
    }

    #[test]
    fn spans_are_those_of_the_script() {
        let script = "cd /x && apt-get  install 'a b' | tee";
        let found = commands(script);
        let texts: Vec<&str> = found.iter().map(|command| &script[command.span.clone()]).collect();
        assert_eq!(texts, ["cd /x", "apt-get  install 'a b'", "tee"]);
        assert_eq!(&script[found[1].words[2].span.clone()], "'a b'");
        assert_eq!(found[0].then, Then::And);
        assert_eq!(found[2].then, Then::End);
    }

    #[test]
    fn output_into_files_is_seen() {
        for (script, want) in
            [("echo a > b", true), ("echo a >> b", true), ("a 2>&1 >/dev/null < c", false), ("a &> b", true)]
        {
            assert_eq!(commands(script)[0].writes, want, "{script}");
        }
    }

    #[test]
    fn wrappers_are_not_the_program() {
        let found = commands("sudo -E apt-get -y install x; env A=1 /usr/bin/make y");
        assert!(found[0].is("apt-get", "install") && found[0].has_sudo());
        assert_eq!(found[1].program(), Some("make"));
    }
}
