//! Variables that settings cannot do without, with a harmless value for commands of the build.
//!
//! Ways to read a variable without a default, as rows of what is called and what it makes of the text.

use crate::fact::Fact;

use super::lexer::Token;
use super::source::{Call, Source};

/// The variables of a settings module that have no default: name and a value that only the build sees.
pub(super) fn of(source: &Source<'_>) -> Vec<Fact<(String, String)>> {
    let mut all = Vec::new();
    for statement in source.statements.iter().filter(|statement| statement.function.is_none()) {
        for call in statement.calls() {
            if let Some((name, kind)) = asked(&call) {
                all.push(Fact::new((name.clone(), harmless(&name, kind)), source.cite(statement.line)));
            }
        }
        // os.environ["NAME"]
        for window in statement.tokens.windows(4) {
            if let [Token::Name(environ), open, Token::Text(name), close] = window
                && environ == "environ"
                && open.is("[")
                && close.is("]")
            {
                all.push(Fact::new((name.clone(), harmless(name, "str")), source.cite(statement.line)));
            }
        }
    }
    all
}

/// The variable that a call asks for when it gives no default, and the type it wants.
/// <https://django-environ.readthedocs.io/>, <https://github.com/HBNetwork/python-decouple>,
/// <https://github.com/sloria/environs>
fn asked(call: &Call<'_>) -> Option<(String, &'static str)> {
    let name = call.first_text()?;
    let is_variable =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let arguments = call.each();
    let has_default = call.keyword("default").is_some()
        || arguments.get(1).is_some_and(|second| !second.iter().any(|t| t.is("=")));
    if !is_variable || has_default {
        return None;
    }
    let cast = call.keyword("cast").and_then(|value| value.first()).map(Token::text);
    let kind = match (call.callee.as_str(), cast) {
        ("config" | "decouple.config" | "env", Some("bool")) | ("env.bool", _) => "bool",
        ("config" | "decouple.config" | "env", Some("int")) | ("env.int" | "env.float", _) => "int",
        ("config" | "decouple.config" | "env" | "env.str" | "env.list" | "env.path" | "env.url", _) => "str",
        ("env.db" | "env.dj_db_url" | "env.db_url", _) => "database",
        ("env.cache" | "env.cache_url", _) => "cache",
        ("env.email_url" | "env.email", _) => "email",
        _ => return None,
    };
    Some((name.to_owned(), kind))
}

fn harmless(name: &str, kind: &str) -> String {
    let value = match kind {
        "bool" => "0",
        "int" => "1",
        "database" => "sqlite:////tmp/build.sqlite3",
        "cache" => "locmemcache://",
        "email" => "consolemail://",
        _ if name.contains("DATABASE_URL") => "sqlite:////tmp/build.sqlite3",
        _ if name.contains("REDIS") || name.contains("BROKER") => "redis://127.0.0.1:6379/0",
        _ if name.contains("HOST") => "127.0.0.1",
        _ if name.contains("DEBUG") => "0",
        _ if name.ends_with("PORT") => "1",
        _ if name.ends_with("URL") => "http://127.0.0.1",
        _ => "only-for-the-build",
    };
    value.to_owned()
}
