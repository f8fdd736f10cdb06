//! What in a Dockerfile looks like a secret, and how it is kept out of everything that is said.
//!
//! A secret is named, with its line, and never shown: not in a ledger, a diff, a report or a new file.
//! What is told by its form stands in [`super::tokens`].

use std::sync::LazyLock;

use regex_lite::Regex;

use super::is_secret;
use super::secret_in_env::{is_file, is_secret_in_text};
use super::tokens;
use crate::dockerfile::{Dockerfile, Instruction, ItemKind, Meaning, parse};

/// One secret: where it is and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The line of its instruction.
    pub line: u32,
    /// The variable's name, or what kind of thing it is.
    pub name: String,
    value: String,
}

/// All secrets of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    found: Vec<Secret>,
}

/// What stands in the place of a secret.
const MASK: &str = "***";

/// `NAME=value` and `name: value`, as shells, headers, YAML, JSON, addresses and connection strings write it.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z0-9_.-]+)\\?['"]?[ \t]*[=:][ \t]*\\?(?:"([^"\\]+)|'([^']+)|([^\s'"`$;&|,\\]+))"#)
        .expect("the pattern is a constant")
});

/// `--password value`, also as words of an exec form.
static OPTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?:^|[\s'"])--?([A-Za-z0-9_-]+)['"]?(?:\s*,\s*|\s+)['"]?([^\s'"$;&|,\\\]-][^\s'"$;&|,\\\]]*)"#,
    )
    .expect("the pattern is a constant")
});

/// `# the password is hunter2`: a word with a digit in it, because prose about passwords is no password.
static PROSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:password|passwd|token|secret|api key)\s+(?:is|was)\s+([A-Za-z0-9_-]*[0-9][^\s,;]*)")
        .expect("the pattern is a constant")
});

/// What every text that names a secret holds.
const NAMED: &[&str] = &["pass", "pwd", "secret", "token", "key", "auth", "credential", "pword", "_pat"];

/// Words that many things are called: as the value of a secret they are hidden beside its name and nowhere else.
const COMMON: &[&str] = &[
    "admin",
    "alpine",
    "build",
    "default",
    "false",
    "guest",
    "localhost",
    "maria",
    "mongo",
    "mysql",
    "node",
    "none",
    "null",
    "password",
    "postgres",
    "prod",
    "production",
    "python",
    "redis",
    "root",
    "secret",
    "test",
    "token",
    "true",
    "user",
];

impl Secrets {
    /// Everything in a file that looks like one.
    pub fn of(dockerfile: &Dockerfile) -> Self {
        let mut secrets = Self::default();
        for item in dockerfile.items() {
            let text = dockerfile.slice(&item.span);
            match &item.kind {
                ItemKind::Instruction(instruction) => {
                    secrets.named(instruction, item.line, text);
                    secrets.written_out(text, &instruction.keyword.to_string(), item.line);
                }
                ItemKind::Comment => secrets.in_comment(text, item.line),
                _ => {}
            }
        }
        secrets
    }

    /// Values whose names say it.
    fn named(&mut self, instruction: &Instruction, line: u32, text: &str) {
        let some = |pairs: Vec<(String, String)>| {
            pairs.into_iter().map(|(name, value)| (name, Some(value))).collect()
        };
        let pairs: Vec<(String, Option<String>)> = match instruction.meaning() {
            Ok(Meaning::Env(pairs) | Meaning::Label(pairs)) => some(pairs.pairs),
            Ok(Meaning::Arg(args)) => args.into_iter().map(|arg| (arg.name, arg.default)).collect(),
            _ => return,
        };
        for (name, value) in pairs.into_iter().filter(|(name, _)| is_secret(name)) {
            let value = value.unwrap_or_default();
            if is_file(&name, &value) {
                continue;
            }
            let plain =
                instruction.lexer().keeping_unset().expand(&value, &|_| None).unwrap_or(value.clone());
            for piece in pieces(&plain, text) {
                self.add(line, &name, piece);
            }
            self.add(line, &name, value);
            self.add(line, &name, plain);
        }
    }

    /// What stands in a text, of whatever kind.
    fn written_out(&mut self, text: &str, keyword: &str, line: u32) {
        let name = format!("{keyword} on line {line}");
        for value in tokens::in_text(text) {
            self.add_value(line, &name, value);
        }
        let lower = text.to_ascii_lowercase();
        if !NAMED.iter().any(|word| lower.contains(word)) {
            return;
        }
        let mut at = 0;
        while let Some(found) = ASSIGNMENT.captures_at(text, at) {
            // A value may hold names and values of its own.
            at = found.get(1).map_or(text.len(), |name| name.end());
            let value = found.iter().skip(2).flatten().next().map_or("", |value| value.as_str());
            if is_written_out(value) && is_secret_in_text(&found[1]) {
                self.add_value(line, &name, value);
            }
        }
        for found in OPTION.captures_iter(text) {
            if is_written_out(&found[2]) && !found[2].contains('=') && is_secret_in_text(&found[1]) {
                self.add_value(line, &name, &found[2]);
            }
        }
    }

    /// A comment may hold an instruction that was taken out, and what people tell each other.
    fn in_comment(&mut self, text: &str, line: u32) {
        let words = text.trim().trim_start_matches('#').trim();
        for instruction in parse(words).0.instructions() {
            self.named(instruction, line, words);
        }
        self.written_out(words, "a comment", line);
        let name = format!("a comment on line {line}");
        for found in PROSE.captures_iter(words) {
            self.add_value(line, &name, &found[1]);
        }
    }

    fn add(&mut self, line: u32, name: &str, value: String) {
        if !self.found.iter().any(|known| known.value == value && known.name == name) {
            self.found.push(Secret { line, name: name.to_owned(), value });
        }
    }

    fn add_value(&mut self, line: u32, name: &str, value: &str) {
        if !self.found.iter().any(|known| known.value == value) {
            self.add(line, name, value.to_owned());
        }
    }

    /// Each secret once: its line and its name.
    pub fn names(&self) -> Vec<(u32, &str)> {
        let mut names: Vec<(u32, &str)> =
            self.found.iter().map(|secret| (secret.line, secret.name.as_str())).collect();
        names.dedup();
        names
    }

    /// Is the value of this variable one?
    pub fn has(&self, name: &str) -> bool {
        self.found.iter().any(|secret| secret.name == name)
    }

    /// Does the text hold one?
    pub fn are_in(&self, text: &str) -> bool {
        self.mask(text) != text
    }

    /// The text without them.
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        let mut values: Vec<&Secret> = self.found.iter().filter(|secret| !secret.value.is_empty()).collect();
        values.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
        for secret in values.into_iter().filter(|secret| !secret.value.starts_with('$')) {
            let value = &secret.value;
            if value.len() >= 4 && !COMMON.contains(&value.to_ascii_lowercase().as_str()) {
                masked = without(&masked, value);
                continue;
            }
            for sign in ["=", " ", "=\"", "='", ": "] {
                let written = format!("{}{sign}{value}", secret.name);
                masked = masked.replace(&written, &format!("{}{sign}{MASK}", secret.name));
            }
        }
        masked
    }
}

/// Is it a value, and no variable, file or place for one?
fn is_written_out(value: &str) -> bool {
    const NONE: &[&str] = &["unset", "dummy", "placeholder", "xxx", "foo", "none", "null", "true", "false"];
    let lower = value.to_ascii_lowercase();
    let is_path = value.starts_with('/') || value.starts_with("./") || value.ends_with(".pem");
    let is_open = value.contains(['$', '<', '{', '%', '`']);
    value.len() >= 3 && !is_path && !is_open && !NONE.iter().any(|none| lower.contains(none))
}

/// The text without a value. A short one is only taken for itself where no letter or digit goes on.
fn without(text: &str, value: &str) -> String {
    if value.len() >= 8 {
        return text.replace(value, MASK);
    }
    let goes_on = |next: Option<char>| next.is_some_and(char::is_alphanumeric);
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let end = at + value.len();
        let before = rest[..at].chars().next_back().or_else(|| masked.chars().next_back());
        // What is glued to an option is the option's value: `-phunter2`.
        let is_glued = rest[..at].ends_with("-p") || rest[..at].ends_with("-a");
        masked.push_str(&rest[..at]);
        let is_whole = (!goes_on(before) || is_glued) && !goes_on(rest[end..].chars().next());
        masked.push_str(if is_whole { MASK } else { value });
        rest = &rest[end..];
    }
    masked + rest
}

/// The parts of a value that is written over several lines: a text is shown line by line.
fn pieces(value: &str, text: &str) -> Vec<String> {
    if value.is_empty() || text.contains(value) || !text.trim_end().contains('\n') {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut rest = value;
    for line in text.lines() {
        let line = line.trim_end().trim_end_matches('\\');
        let starts = |size: &usize| rest.is_char_boundary(*size) && line.ends_with(&rest[..*size]);
        let size = if found.is_empty() {
            (3..rest.len()).rev().find(starts)
        } else {
            // The whole line, or the end of the value with what comes after it.
            let line = line.trim_start();
            let common = rest.bytes().zip(line.bytes()).take_while(|(one, other)| one == other).count();
            Some(common).filter(|size| *size > 0 && rest.is_char_boundary(*size))
        };
        if let Some(size) = size {
            found.push(rest[..size].to_owned());
            rest = &rest[size..];
        }
        if rest.is_empty() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        Secrets::of(&parse(text).0).mask(text)
    }

    #[test]
    fn values_are_never_shown() {
        let text = "FROM a\nARG NPM_TOKEN=abcdef\nENV DB_PASSWORD=\"hunter2\" A=b PIN_KEY=1\n\
                    RUN git clone https://me:topsecret@x/y && curl -H 'Authorization: Bearer zzzzz' --password=qqqqq\n\
                    ENV TOKEN $GIVEN\nENV LEGACY_SECRET two words\n";
        let (dockerfile, _) = parse(text);
        let secrets = Secrets::of(&dockerfile);
        let masked = secrets.mask(text);
        for value in ["abcdef", "hunter2", "topsecret", "zzzzz", "qqqqq", "KEY=1", "two words"] {
            assert!(!masked.contains(value), "{value}: {masked}");
        }
        assert!(
            masked.contains("A=b") && masked.contains("$GIVEN") && masked.contains("NPM_TOKEN=***"),
            "{masked}"
        );
        assert_eq!(secrets.names()[0], (2, "NPM_TOKEN"));
    }

    /// In each line `S3KRET` begins what must not be shown.
    #[test]
    fn in_every_spelling() {
        for line in [
            "# ENV DB_PASSWORD S3KRETone",
            "# token: S3KRETone",
            "# the root password is S3KRETone",
            "ENV SMTP_PASS=S3KRETone PGPASSWORD=S3KRETtwo MYSQL_PWD=S3KRETthree GH_PAT='S3KRET four'",
            "ENV API_KEY=S3KRETo\\\nS3KRETne",
            "ARG T=1 API_TOKEN=${OTHER:-S3KRETone}",
            "LABEL db.password=S3KRETone",
            "ENV CONN=\"Server=db;User Id=sa;Pwd=S3KRETone;\"",
            "ENV URL=jdbc:mysql://db/x?user=me&password=S3KRETone",
            "RUN curl -sSL -u me:S3KRETone https://x",
            "RUN curl --user=me:S3KRETone https://x",
            "RUN wget --header='X-Api-Key: S3KRETone' https://x",
            "RUN curl -H \"Private-Token: S3KRETone\" https://x?api_key=S3KRETtwo",
            "RUN mysql -u root -pS3KRETone < x",
            "RUN docker login -u me -p S3KRETone",
            "RUN sshpass -p 'S3KRETone' scp a b",
            "RUN echo 'root:S3KRETone' | chpasswd",
            "RUN bash -c \"echo \\\"root:S3KRETone\\\" | chpasswd\"",
            "RUN echo S3KRETone | docker login -u me --password-stdin",
            "RUN redis-cli -a S3KRETone ping",
            "RUN npm config set //registry.example/:_authToken S3KRETone",
            "RUN npm config set _auth=S3KRETone && GH_PAT='S3KRET two' npm ci",
            "RUN git clone https://S3KRETabcdefghijklmnop@github.com/x/y",
            "RUN cat <<EOF > /x\n{\"password\": \"S3KRETone\", \"clientSecret\": \"S3KRETtwo\"}\nEOF",
            "COPY <<EOF /app/.env\nSECRET_KEY=S3KRETone\npassword: S3KRETtwo\nEOF",
            "HEALTHCHECK CMD curl -f http://localhost/health?token=S3KRETone",
            "CMD [\"app\", \"--api-key\", \"S3KRETone\", \"--port\", \"80\"]",
            "CMD app --password S3KRETone",
            "RUN curl -f \\\n  -u me:S3KRETone \\\n  https://x",
            "RUN echo '-----BEGIN RSA PRIVATE KEY-----\\nS3KRETMIIEowIBAAKCAQEA\\nS3KRETsecondLineOfIt==\\n-----END RSA PRIVATE KEY-----'",
        ] {
            let shown = masked(&format!("FROM a\n{line}\n"));
            assert!(!shown.contains("S3KRET"), "{line}: {shown}");
        }
    }

    #[test]
    fn what_is_none_stays() {
        for line in [
            "# pass the token to the build, the password is needed",
            "ENV TOKEN_FILE=/run/secrets/token KEYBOARD=us GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp/key.json",
            "RUN adduser --disabled-password app && echo 'app ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers",
            "RUN SECRET_KEY=unset ./manage.py collectstatic && OTP_SECRET=precompile_placeholder rake assets",
            "# docker build --build-arg github_token=<token> .",
            "RUN --mount=type=secret,id=token,env=NPM_TOKEN npm ci",
            "RUN key='573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62' && apt-key adv --recv-keys \"$key\"",
            "RUN git clone https://me@github.com/x/y && curl -u \"$USER:$PASSWORD\" https://x",
            "RUN docker login -u me -p $TOKEN && mkdir -p /data && cp -a x y",
            "RUN mysql -p\"$PASSWORD\" -u root && export PWD=/app",
            "CMD [\"app\", \"--token-file\", \"/run/secrets/t\", \"--no-password\", \"--port\", \"80\"]",
        ] {
            let text = format!("FROM a\n{line}\n");
            assert_eq!(masked(&text), text);
        }
    }

    /// A password that is called like everything else in the file must not take the file away.
    #[test]
    fn common_words_are_hidden_beside_their_names() {
        let text = "FROM postgres\nENV POSTGRES_PASSWORD=postgres PORT=1 DB_PASS=app1\nCMD [\"postgres\", \"app12\"]\n";
        assert_eq!(
            masked(text),
            "FROM postgres\nENV POSTGRES_PASSWORD=*** PORT=1 DB_PASS=***\nCMD [\"postgres\", \"app12\"]\n"
        );
    }
}
