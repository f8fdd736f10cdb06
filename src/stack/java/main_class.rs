//! Finds the classes that have a main method, in Java and Kotlin sources.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::fact::Fact;
use crate::repo::dir::Doc;

/// A class that can be started.
#[derive(Debug, Clone)]
pub(super) struct MainClass {
    /// Its full name, with the line of its main method.
    pub class: Fact<String>,
    /// Does its file start a server or a framework?
    pub starts: bool,
}

/// Calls that start a framework or a server; the file with one is the program, the others are tools.
const STARTS: &[&str] = &[
    "SpringApplication.run",
    "SpringApplicationBuilder",
    "@SpringBootApplication",
    "runApplication<",
    "@QuarkusMain",
    "Quarkus.run",
    "Micronaut.run",
    "Micronaut.build",
    "HttpServer.create",
    "Javalin.",
    "Spark.",
    "embeddedServer(",
    "EngineMain",
    "Vertx.vertx",
    "new Server(",
    "WebServer.",
    "Undertow.",
    "JavalinApp",
    "extends Application<",
    "ServerBuilder",
    "ServerSocket(",
    "Grizzly",
    "new Tomcat(",
    "Jooby",
    "asServer(",
];

/// All classes with a main method, in the order of `sources`. Only where no source has a static one do those of
/// instances count, which Java starts since 25: <https://openjdk.org/jeps/512>.
pub(super) fn find<'d>(sources: impl IntoIterator<Item = Doc<'d>>) -> Vec<MainClass> {
    static INSTANCE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\s*(?:public\s+)?void\s+main\s*\(\s*(?:String\s*(?:\[\]|\.\.\.)\s*\w+\s*)?\)\s*(?:throws\b.*)?\{")
            .expect("a constant pattern")
    });
    let sources: Vec<Doc<'d>> = sources.into_iter().collect();
    let found = find_static(&sources);
    if !found.is_empty() {
        return found;
    }
    let of = |doc: &Doc<'d>| {
        let name = doc.path.name().strip_suffix(".java")?;
        let found = doc.find(|line| INSTANCE.is_match(line).then(|| name.to_owned()))?;
        Some(in_package(doc, found))
    };
    sources.iter().filter_map(of).collect()
}

fn in_package(doc: &Doc<'_>, found: Fact<String>) -> MainClass {
    let class = match package(doc) {
        Some(package) => found.map(|class| format!("{package}.{class}")),
        None => found,
    };
    MainClass { class, starts: STARTS.iter().any(|call| doc.text.contains(call)) }
}

fn find_static(sources: &[Doc<'_>]) -> Vec<MainClass> {
    static JAVA: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
        r"^\s*(?:(?:public|static|final|synchronized)\s+)*static\s+(?:(?:public|final|synchronized)\s+)*void\s+main\s*\(",
    )
    .expect("a constant pattern")
    });
    static KOTLIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(\s*)(?:@JvmStatic\s+)?(?:suspend\s+)?fun\s+main\s*\(").expect("a constant pattern")
    });
    sources
        .iter()
        .filter_map(|doc| {
            let is_kotlin = doc.path.extension() == Some("kt");
            let name = doc.path.name().rsplit_once('.')?.0;
            let found = doc.lines().find_map(|(number, line)| {
                let class = if is_kotlin {
                    let indent = KOTLIN.captures(line)?.get(1)?.as_str();
                    if indent.is_empty() { kotlin_file_class(name) } else { name.to_owned() }
                } else {
                    JAVA.is_match(line).then(|| name.to_owned())?
                };
                Some(Fact::new(class, doc.cite(number, line)))
            })?;
            Some(in_package(doc, found))
        })
        .collect()
}

/// The class that Kotlin makes of a file's own functions: `app.kt` becomes `AppKt`.
fn kotlin_file_class(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
    let rest: String = letters.map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("{first}{rest}Kt")
}

fn package<'d>(doc: &Doc<'d>) -> Option<&'d str> {
    doc.lines().find_map(|(_, line)| {
        let name = line.trim().strip_prefix("package ")?.split(';').next()?.trim();
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_' || c == '$');
        is_name.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::inventory::Inventory;

    #[test]
    fn main_methods_are_found() {
        for (file, text, class) in [
            (
                "A.java",
                "package a.b;\nclass A {\n  public static void main(String[] args) {}\n}",
                Some("a.b.A"),
            ),
            ("A.java", "class A {\n  static public final void main(final String... a) {}\n}", Some("A")),
            ("A.java", "class A {\n  // public static void main(String[] args)\n}", None),
            ("A.java", "class A { void remain(String a) {} }", None),
            ("A.java", "package a;\nclass A {\n  void main() { }\n}", Some("a.A")),
            ("Hello.java", "void main(String[] args) throws Exception {\n}", Some("Hello")),
            ("A.java", "interface A {\n  void main();\n}", None),
            ("app.kt", "package a\n\nfun main() {}", Some("a.AppKt")),
            ("my-app.kt", "suspend fun main(args: Array<String>) {}", Some("My_appKt")),
            ("B.kt", "object B {\n  @JvmStatic fun main(args: Array<String>) {}\n}", Some("B")),
        ] {
            let inventory = Inventory::from_files([(file, text)]);
            let found = find(inventory.dir(crate::repo::path::RelPath::root()).docs());
            assert_eq!(found.first().map(|main| main.class.value.as_str()), class, "{text}");
        }
    }
}
