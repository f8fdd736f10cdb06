//! Secrets that can be told by their form, or by the program that they are given to.

use std::sync::LazyLock;

use regex_lite::Regex;

/// Tokens by their form: GitHub, GitLab, AWS, Slack, npm, Stripe, Google, `SendGrid`, `PyPI`, Docker, `DigitalOcean`, Hugging
/// Face, web tokens that are signed, private keys.
/// <https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns>
pub(super) static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{60,}|\bglpat-[A-Za-z0-9_-]{20}",
        r"|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bnpm_[A-Za-z0-9]{36}",
        r"|\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|\bAIza[A-Za-z0-9_-]{35}|\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
        r"|\bpypi-[A-Za-z0-9_-]{50,}|\bdckr_pat_[A-Za-z0-9_-]{20,}|\bdop_v1_[a-f0-9]{64}|\bhf_[A-Za-z0-9]{30,}",
        r"|hooks\.slack\.com/services/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9]{8,}",
        r"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----",
    ))
    .expect("the pattern is a constant")
});

/// `scheme://user:password@`, where the password is no variable.
pub(super) static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@'\x22]*:([^\s/@$'\x22{}<>]+)@")
        .expect("the pattern is a constant")
});

/// `https://token@host`: what is long and has a digit in it is nobody's name.
static TOKEN_AS_USER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bhttps?://([A-Za-z0-9_-]{16,})(?::x-oauth-basic)?@").expect("the pattern is a constant")
});

/// A program that takes a password without saying so, and where it takes it: the first group is the secret. The manuals of
/// curl, sshpass, mysql, redis-cli, docker, chpasswd, passwd and npm; RFC 9110 for the header.
struct Given {
    /// What a text without a match usually lacks.
    word: &'static str,
    pattern: &'static str,
}

const GIVEN: &[Given] = &[
    Given {
        word: "curl",
        pattern: r#"\bcurl\b(?:[^\n;|&]|\\\n|&[^&])*?\s(?:-u|--user|--proxy-user)(?:\s+|=)?['"]?[^\s:'"$]+:([^\s'"$;&|]+)"#,
    },
    Given { word: "sshpass", pattern: r#"\bsshpass\s+-p\s*['"]?([^\s'"$;&|]+)"# },
    Given {
        word: "-p",
        pattern: r#"\b(?:mysql|mysqladmin|mysqldump|mariadb)\b(?:[^\n;|&]|\\\n|&[^&])*?\s-p['"]?([^\s'"$;&|]+)"#,
    },
    Given {
        word: "redis-cli",
        pattern: r#"\bredis-cli\b(?:[^\n;|&]|\\\n|&[^&])*?\s-a\s+['"]?([^\s'"$;&|]+)"#,
    },
    Given { word: "login", pattern: r#"\blogin\b(?:[^\n;|&]|\\\n|&[^&])*?\s-p\s*['"]?([^\s'"$;&|]+)"# },
    Given {
        word: "chpasswd",
        pattern: r#"\becho\s+(?:-[en]+\s+)?\\?['"]?[^\s:'"|$]+:([^\s'"|$\\]+)\\?['"]?\s*\|\s*(?:sudo\s+)?chpasswd"#,
    },
    Given { word: "chpasswd", pattern: r#"\bchpasswd\s*<<<\s*['"]?[^\s:'"|$]+:([^\s'"|$]+)"# },
    Given {
        word: "stdin",
        pattern: r#"\becho\s+(?:-[en]+\s+)?['"]?([^\s'"|$]+)['"]?\s*\|[^\n|]*--(?:password-)?stdin"#,
    },
    Given {
        word: "config",
        pattern: r#"\bconfig\s+set\s+[^\s=]*_(?:auth|authToken|password)[\s=]+['"]?([^\s'"$;&|]+)"#,
    },
    Given {
        word: "uthorization",
        pattern: r#"(?i)\bauthorization:\s*(?:token|bearer|basic)\s+([^\s'"$\\]{3,})"#,
    },
];

static GIVEN_PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let compiled = GIVEN
        .iter()
        .map(|Given { word, pattern }| (*word, Regex::new(pattern).expect("the pattern is a constant")));
    compiled.collect()
});

/// One of these begins every token that [`TOKEN`] finds: most texts hold none, and are done sooner.
const BEGINNINGS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "xox",
    "npm_",
    "k_live_",
    "k_test_",
    "AIza",
    "SG.",
    "pypi-",
    "dckr_pat_",
    "dop_v1_",
    "hf_",
    "hooks.slack.com",
    "eyJ",
    "-----BEGIN",
];

/// Everything of that kind in a text.
pub(super) fn in_text(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    if BEGINNINGS.iter().any(|beginning| text.contains(beginning)) {
        found.extend(TOKEN.find_iter(text).map(|found| found.as_str()));
        found.retain(|value| !value.starts_with("-----"));
        found.extend(private_keys(text));
    }
    let mut take = |pattern: &Regex, is_one: fn(&str) -> bool| {
        let values = pattern.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str()));
        found.extend(values.filter(|value| is_one(value)));
    };
    if text.contains("://") && text.contains('@') {
        take(&ADDRESS, |_| true);
        take(&TOKEN_AS_USER, |user| user.bytes().any(|c| c.is_ascii_digit()));
    }
    for (_, pattern) in GIVEN_PATTERNS.iter().filter(|(word, _)| text.contains(word)) {
        take(pattern, |_| true);
    }
    found
}

/// The lines of private keys.
fn private_keys(text: &str) -> impl Iterator<Item = &str> {
    let keys = text.split("PRIVATE KEY-----").skip(1).step_by(2);
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    keys.flat_map(move |key| key.split(move |c: char| !is_base64(c)).filter(|line| line.len() >= 16))
}
