//! Programs that end when no file `.env` lies beside them. None is ever copied, so an empty one has to be there for what
//! `docker run --env-file` gives.

use crate::fact::Fact;
use crate::repo::dir::Doc;
use crate::repo::path::RelPath;
use crate::stack::common::pattern::pattern;

/// How a library is asked for the file.
#[derive(Debug, Clone, Copy)]
pub struct Asks {
    /// A regular expression. Its group `file` is the file's name, `.env` where it does not match.
    pub call: &'static str,
    /// How many lines from the call on say what happens without the file.
    pub lines: usize,
    /// Does the program end then, by these lines?
    pub ends: fn(&str) -> bool,
}

/// The library of the file's own name in Go, Rust and Java:
/// <https://pkg.go.dev/github.com/joho/godotenv>, <https://docs.rs/dotenvy>, <https://github.com/cdimascio/dotenv-java>
pub const GO: Asks = Asks {
    call: r#"err :?= godotenv\.(?:Load|Overload|Read)\((?:"(?P<file>[^"]+)")?\)"#,
    lines: 4,
    ends: |text| [".Fatal", "panic(", "os.Exit(", "return "].iter().any(|end| text.contains(end)),
};
/// See [`GO`].
pub const RUST: Asks = Asks {
    call: r#"\b(?:dotenvy?::)?(?:dotenv\(\)|from_filename\("(?P<file>[^"]+)"\))"#,
    lines: 2,
    ends: |text| {
        let rest = text.split_once(')').map_or("", |(_, rest)| rest).trim_start();
        [".expect(", ".unwrap()", "?", ").expect(", ").unwrap()", ")?"]
            .iter()
            .any(|end| rest.starts_with(end))
    },
};
/// See [`GO`].
pub const JAVA: Asks = Asks {
    call: r"Dotenv\.(?:load\(\)|configure\(\))",
    lines: 6,
    ends: |text| !text.contains("ignoreIfMissing") && !text.contains(".directory("),
};

/// The file that the program ends without, from where it starts.
pub fn insists_on<'d>(docs: impl IntoIterator<Item = Doc<'d>>, asks: Asks) -> Option<Fact<String>> {
    docs.into_iter().filter(|doc| doc.text.contains("otenv")).find_map(|doc| {
        let lines: Vec<(u32, &str)> = doc.lines().collect();
        lines.iter().enumerate().find_map(|(at, (number, line))| {
            let found = pattern(asks.call).captures(line).filter(|_| !line.trim_start().starts_with("//"))?;
            let start = found.get(0)?.start();
            let name = found.name("file").map_or(".env", |file| file.as_str());
            let file = RelPath::new(name.trim_start_matches("./")).ok()?;
            // What stands behind the end of a block does not belong to it.
            let beyond = lines[at + 1..].iter().map(|(_, line)| *line).take(asks.lines - 1);
            let beyond = beyond.take_while(|line| !line.trim_start().starts_with('}'));
            let text = std::iter::once(&line[start..]).chain(beyond).collect::<Vec<_>>().join("\n");
            (asks.ends)(&text).then(|| Fact::new(file.to_string(), doc.cite(*number, line.trim())))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;

    #[test]
    fn what_ends_without_the_file_is_told_from_what_goes_on() {
        for (path, asks, text, expected) in [
            ("a.go", GO, "if err := godotenv.Load(); err != nil {\n\tlog.Fatal(err)\n}", Some(".env")),
            (
                "a.go",
                GO,
                "err := godotenv.Load(\"./conf/dev.env\")\nif err != nil {\n\tpanic(err)\n}",
                Some("conf/dev.env"),
            ),
            ("a.go", GO, "err := godotenv.Load()\nif err != nil {\n\tlog.Println(err)\n}\n", None),
            (
                "a.go",
                GO,
                "if err := godotenv.Load(); err != nil {\n\tlog.Println(err)\n}\nreturn serve()",
                None,
            ),
            ("a.go", GO, "_ = godotenv.Load()\nlog.Fatal(serve())", None),
            ("a.go", GO, "err := godotenv.Load(\"../.env\")\nif err != nil {\n\tpanic(err)\n}", None),
            ("a.rs", RUST, "dotenvy::dotenv()?;", Some(".env")),
            ("a.rs", RUST, "    dotenv()\n        .expect(\"no settings\");", Some(".env")),
            ("a.rs", RUST, "dotenv().ok();\nlet x = y.unwrap();", None),
            ("a.rs", RUST, "dotenvy::from_filename(\"local.env\").unwrap();", Some("local.env")),
            ("a.rs", RUST, "// dotenv().unwrap();", None),
            ("a.java", JAVA, "Dotenv dotenv = Dotenv.load();", Some(".env")),
            ("a.java", JAVA, "Dotenv.configure()\n  .ignoreIfMissing()\n  .load();", None),
        ] {
            let inventory = Inventory::from_files([(path, text)]);
            let doc = inventory.doc(&RelPath::new(path).expect("a path"));
            let found = insists_on(doc, asks);
            assert_eq!(found.as_ref().map(|file| file.value.as_str()), expected, "{text}");
        }
    }
}
