//! A Gradle script read as text, in Groovy or Kotlin.
//!
//! Scripts are programs and are never run. What people write in them by convention is read line by
//! line, with comments taken out; what is computed stays unknown.
//! <https://docs.gradle.org/current/userguide/plugins.html#sec:plugins_block>

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::fact::{Evidence, Fact};
use crate::repo::dir::Doc;
use crate::repo::path::RelPath;

/// One script without its comments.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub file: RelPath,
    lines: Vec<String>,
}

/// A plugin that a script uses or names.
#[derive(Debug, Clone)]
pub(super) struct Used {
    /// Its id; `libs.plugins.x` for an alias of the catalog.
    pub id: String,
    pub version: Option<String>,
    /// `apply false`: only its version is said here.
    pub is_applied: bool,
    /// Is it this project's, not one that `subprojects` gives to those below?
    pub is_own: bool,
    pub because: Evidence,
}

/// A library as a script writes it.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    /// `implementation`, `testImplementation` …
    pub configuration: String,
    /// `group:artifact:version`, `libs.x.y`, or `:module`.
    pub notation: String,
    pub because: Evidence,
}

/// Over how many lines a formatter spreads a call.
const SPREAD_LINES: usize = 3;

impl Script {
    /// The script without its comments; lines keep their numbers.
    pub fn read(doc: &Doc<'_>) -> Self {
        let mut in_comment = false;
        let lines = doc.text.lines().map(|line| code(line, &mut in_comment)).collect();
        Self { file: doc.path.clone(), lines }
    }

    fn cite(&self, number: usize, line: &str) -> Evidence {
        Evidence::read(&self.file, u32::try_from(number + 1).unwrap_or(u32::MAX), line)
    }

    /// The first match of `pattern`: its first group that took part.
    pub fn find(&self, pattern: &Regex) -> Option<Fact<String>> {
        self.lines.iter().enumerate().find_map(|(number, line)| {
            let found = pattern.captures(line)?;
            let value = found.iter().skip(1).flatten().next()?.as_str().to_owned();
            Some(Fact::new(value, self.cite(number, line)))
        })
    }

    /// Every match of `pattern` on every line.
    pub fn find_all(&self, pattern: &Regex) -> Vec<Fact<String>> {
        let mut all = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            for found in pattern.captures_iter(line) {
                if let Some(value) = found.iter().skip(1).flatten().next() {
                    all.push(Fact::new(value.as_str().to_owned(), self.cite(number, line)));
                }
            }
        }
        all
    }

    /// The first two groups of every match.
    pub fn pairs(&self, pattern: &Regex) -> Vec<(String, String)> {
        let all = self.lines.iter().flat_map(|line| pattern.captures_iter(line));
        all.map(|found| (found[1].to_owned(), found[2].to_owned())).collect()
    }

    /// The value that is given to a name: `name = "x"`, `name "x"`, `name.set("x")`, `name: 'x'`.
    pub fn assigned(&self, name: &str) -> Option<Fact<String>> {
        let name = regex_lite::escape(name);
        let pattern = format!(
            r#"(?:^|[\s.{{(])(?:"?{name}"?)(?:\]|"\))?\s*(?:by extra\(|\.set\(|=|:|\s)\s*["']([^"']+)["']"#
        );
        self.find(&Regex::new(&pattern).ok()?)
    }

    /// The value that is given to a name in the block of a task, also an empty one.
    pub fn assigned_in(&self, task: &str, name: &str) -> Option<Fact<String>> {
        let value = Regex::new(&format!(
            r#"\b{name}\b\s*(?:\.set\(|\.convention\(|=|\s)\s*(?:["']([^"']*)["']|(null|false|true)\b)"#,
            name = regex_lite::escape(name)
        ));
        let value = value.ok()?;
        self.block(task)?.find_map(|(number, line)| {
            let found = value.captures(line)?;
            let text = found.get(1).or(found.get(2))?.as_str();
            let text = if text == "null" { "" } else { text };
            Some(Fact::new(text.to_owned(), self.cite(number, line)))
        })
    }

    /// The lines of the first block that begins on a line with this word.
    fn block(&self, word: &str) -> Option<impl Iterator<Item = (usize, &str)>> {
        let is_start = |line: &String| {
            let at = line.to_ascii_lowercase().find(&word.to_ascii_lowercase());
            at.is_some_and(|at| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|c| !c.is_alphanumeric()) && line[at..].contains('{')
            })
        };
        let start = self.lines.iter().position(is_start)?;
        let mut depth = 0_usize;
        let mut end = start;
        for (number, line) in self.lines.iter().enumerate().skip(start) {
            depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
            end = number;
            if depth == 0 {
                break;
            }
        }
        Some(self.lines[start..=end].iter().enumerate().map(move |(at, line)| (start + at, line.as_str())))
    }

    /// Does any line hold these words?
    pub fn says(&self, words: &str) -> bool {
        self.lines.iter().any(|line| line.contains(words))
    }

    /// The plugins it names.
    pub fn plugins(&self) -> Vec<Used> {
        static ID: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r#"(?:\bid\s*\(?\s*["']([\w.-]+)["']|\balias\s*\(?\s*(libs\.plugins\.[\w.]+)|\bkotlin\s*\(\s*"([\w.]+)"|apply\s*\(?\s*plugin\s*[:=]\s*["']([\w.-]+)["'])\s*\)?(?:\s*\.?version\s*\(?\s*["']([^"']+)["'])?"#,
            )
            .expect("a constant pattern")
        });
        static CORE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"^\s*(?:plugins\s*\{)?\s*`?(application|war|java|groovy|`java-library`)`?\s*(?:[;}].*)?$",
            )
            .expect("a constant pattern")
        });
        // `apply(plugin = libs.plugins.x.get().pluginId)`, which a formatter spreads over lines.
        static BY_ALIAS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"\w+\.plugins\.([\w.]+?)\s*\.get\(\)\s*\.pluginId").expect("a constant pattern")
        });
        let for_others: Vec<usize> =
            self.block("subprojects").into_iter().flatten().map(|(number, _)| number).collect();
        let mut all = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            let is_own = !for_others.contains(&number);
            if line.contains(".plugins.") {
                let spread = self.lines[number..].iter().take(SPREAD_LINES).map(|line| line.trim());
                if let Some(found) = BY_ALIAS.captures(&spread.collect::<String>()) {
                    let id = format!("libs.plugins.{}", &found[1]);
                    let because = self.cite(number, line);
                    all.push(Used { id, version: None, is_applied: true, is_own, because });
                }
            }
            for part in line.split(';') {
                for found in ID.captures_iter(part) {
                    let group = |at: usize| found.get(at).map(|m| m.as_str().to_owned());
                    let kotlin = group(3).map(|name| format!("org.jetbrains.kotlin.{name}"));
                    let Some(id) = group(1).or(group(2)).or(kotlin).or(group(4)) else { continue };
                    let is_applied = !part.contains("apply false") && !part.contains("apply(false)");
                    let because = self.cite(number, line);
                    all.push(Used { id, version: group(5), is_applied, is_own, because });
                }
                if let Some(found) = CORE.captures(part) {
                    let id = found[1].trim_matches('`').to_owned();
                    let because = self.cite(number, line);
                    all.push(Used { id, version: None, is_applied: true, is_own, because });
                }
            }
        }
        all
    }

    /// The libraries it names.
    pub fn dependencies(&self) -> Vec<Declared> {
        static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r#"^\s*(?:dependencies\s*\{\s*)?"?(\w+)"?\s*\(?\s*(?:(?:enforcedP|p)latform\s*\(\s*)?(?:["']([\w.-]+:[\w.-]+(?::[^"']*)?)["']|(libs\.[\w.]+)|project\s*\(\s*(?:path\s*[:=]\s*)?["'](:[\w:.-]+)["']|(projects\.[\w.]+))"#,
            )
            .expect("a constant pattern")
        });
        static MAP: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r#"^\s*(\w+)\s*\(?\s*group\s*[:=]\s*["']([\w.-]+)["']\s*,\s*name\s*[:=]\s*["']([\w.-]+)["'](?:\s*,\s*version\s*[:=]\s*["']([^"']+)["'])?"#,
            )
            .expect("a constant pattern")
        });
        let mut all = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            if let Some(found) = MAP.captures(line) {
                let version = found.get(4).map(|m| format!(":{}", m.as_str())).unwrap_or_default();
                let notation = format!("{}:{}{version}", &found[2], &found[3]);
                let configuration = found[1].to_owned();
                all.push(Declared { configuration, notation, because: self.cite(number, line) });
            } else if let Some(found) = PLAIN.captures(line) {
                let notation = found.iter().skip(2).flatten().next().map(|m| m.as_str().to_owned());
                let configuration = found[1].to_owned();
                all.extend(notation.map(|notation| Declared {
                    configuration,
                    notation,
                    because: self.cite(number, line),
                }));
            }
        }
        all
    }
}

/// A line without its comments. `//` within a text (an address) is none.
fn code(line: &str, in_comment: &mut bool) -> String {
    let mut out = String::new();
    let mut quote: Option<char> = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        match (c, next) {
            ('*', Some('/')) if *in_comment => {
                rest.next();
                *in_comment = false;
            }
            _ if *in_comment => {}
            ('/', Some('/')) if quote.is_none() => break,
            ('/', Some('*')) if quote.is_none() => *in_comment = true,
            ('"' | '\'', _) => {
                quote = match quote {
                    Some(open) if open == c => None,
                    None => Some(c),
                    open => open,
                };
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;

    fn script(text: &str) -> Script {
        let inventory = Inventory::from_files([("build.gradle", text)]);
        Script::read(&inventory.doc(&RelPath::new("build.gradle").unwrap()).unwrap())
    }

    #[test]
    fn plugins_in_both_languages() {
        let check = |text: &str, expected: &[(&str, Option<&str>, bool)]| {
            let found = script(text).plugins();
            let found: Vec<_> = found
                .iter()
                .map(|used| (used.id.as_str(), used.version.as_deref(), used.is_applied))
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "id 'org.springframework.boot' version '3.3.4'",
            &[("org.springframework.boot", Some("3.3.4"), true)],
        );
        check(
            "plugins { java; id(\"org.springframework.boot\") version \"3.3.4\"; id(\"a.b\") version \"1\" apply false }",
            &[
                ("java", None, true),
                ("org.springframework.boot", Some("3.3.4"), true),
                ("a.b", Some("1"), false),
            ],
        );
        check("alias(libs.plugins.spring.boot)", &[("libs.plugins.spring.boot", None, true)]);
        check("    application", &[("application", None, true)]);
        check("    kotlin(\"jvm\") version \"2.2.0\"", &[("org.jetbrains.kotlin.jvm", Some("2.2.0"), true)]);
        check("apply plugin: 'war'", &[("war", None, true)]);
        check(
            "plugins.apply(\n  catalog.plugins.spring.boot\n    .get()\n    .pluginId,\n)",
            &[("libs.plugins.spring.boot", None, true)],
        );
        check("apply(plugin = libs.plugins.ktor.get().pluginId)", &[("libs.plugins.ktor", None, true)]);
        check("// id 'org.springframework.boot'", &[]);
        check("/* id 'a'\n id 'b' */ id 'c'", &[("c", None, true)]);
    }

    #[test]
    fn dependencies_in_both_languages() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let found = script(text).dependencies();
            let found = found.first().map(|used| (used.configuration.as_str(), used.notation.as_str()));
            assert_eq!(found, expected, "{text}");
        };
        check("  implementation 'a.b:c:1.0'", Some(("implementation", "a.b:c:1.0")));
        check("  implementation(\"a.b:c\")", Some(("implementation", "a.b:c")));
        check("  api(platform(\"a:bom:1\"))", Some(("api", "a:bom:1")));
        check("  implementation(libs.ktor.server.core)", Some(("implementation", "libs.ktor.server.core")));
        check("  implementation project(':core')", Some(("implementation", ":core")));
        check("  implementation(project(\":libs:core\"))", Some(("implementation", ":libs:core")));
        check("  compile group: 'a', name: 'b', version: '2'", Some(("compile", "a:b:2")));
        check("  println 'hello'", None);
    }

    #[test]
    fn a_task_has_values_of_its_own() {
        let check = |text: &str, task: &str, value: Option<&str>| {
            let found = script(text).assigned_in(task, "archiveClassifier");
            assert_eq!(found.as_ref().map(|fact| fact.value.as_str()), value, "{text}");
        };
        check("jar {\n  archiveClassifier = 'plain'\n}\nbootJar {\n}", "bootJar", None);
        check(
            "tasks.named<ShadowJar>(\"shadowJar\") {\n  archiveClassifier.set(\"\")\n}",
            "shadowJar",
            Some(""),
        );
        check("tasks.withType<ShadowJar> { archiveClassifier = \"all\" }", "shadowJar", Some("all"));
        check("bootJar { a { b = 1 }\n archiveClassifier = 'x' }", "bootJar", Some("x"));
        check("bootJar { }\njar { archiveClassifier = 'x' }", "bootJar", None);
    }

    #[test]
    fn values_are_read_where_they_are_given() {
        let check = |text: &str, name: &str, value: Option<&str>| {
            let found = script(text).assigned(name);
            assert_eq!(found.as_ref().map(|fact| fact.value.as_str()), value, "{text}");
        };
        check("version = '1.0'", "version", Some("1.0"));
        check("version '1.0'", "version", Some("1.0"));
        check("rootProject.name=\"demo\"", "rootProject.name", Some("demo"));
        check("    mainClass.set(\"a.MainKt\")", "mainClass", Some("a.MainKt"));
        check("    mainClassName = 'a.Main'", "mainClassName", Some("a.Main"));
        check("val springVersion by extra(\"3.0\")", "springVersion", Some("3.0"));
        check("id 'x' version '3'", "group", None);
        check("// version = '1.0'", "version", None);
    }
}
