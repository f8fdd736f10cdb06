//! The front end that a Java service packs into its archive: a bundler's folder whose build fills `src/main/resources`, or
//! whose files the build tool copies from where they come out.
//!
//! Plugins that bring a Node.js of their own build it themselves, and are left to it.

use crate::repo::dir::Doc;
use crate::stack::Survey;
use crate::stack::common::front_end::{self, FrontEnd};
use crate::stack::java::build::Build;

/// The front end of the project in the surveyed folder.
pub(super) fn find(s: &Survey<'_>, build: &Build, build_files: &[&str]) -> Option<FrontEnd> {
    if build.front_end_plugin.is_some() {
        return None;
    }
    let docs: Vec<Doc<'_>> = build_files.iter().filter_map(|name| s.dir.doc(name)).collect();
    let mut wanted = front_end::read_but_missing(s, docs.iter().copied());
    let copied = build.resources.iter().filter_map(|one| Some(one.derive(s.dir.path().join(&one.value)?)));
    wanted.extend(copied.filter(|folder| !s.dir.inventory().has_dir(&folder.value)));
    let found = front_end::find_near(s, &build.context, &wanted)?;
    // A pattern of manifests would not fit a folder of the build context.
    (found.context == build.context || !build.manifests.is_pattern).then_some(found)
}

#[cfg(test)]
mod tests {
    use crate::stack::java::tests::{MAIN, planned, pom};

    const MANIFEST: &str = r#"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"7.0.0"}}"#;

    /// What is copied where, with this file of the build tool and this configuration of the bundler.
    fn check(build: (&str, &str), config: &str, expected: Option<&str>) {
        let plan = planned(&[
            build,
            MAIN,
            ("web/package.json", MANIFEST),
            ("web/index.html", ""),
            ("web/vite.config.js", config),
        ]);
        let program = plan.services.iter().find(|service| service.stack.value == "java").expect("a program");
        assert_eq!(program.tool["front_end"]["target"].as_str(), expected, "{build:?} {config}");
    }

    #[test]
    fn a_front_end_is_packed_where_nothing_else_builds_it() {
        const FILLS: &str = "export default { build: {\n outDir: '../src/main/resources/static' } }";
        const PLAIN: &str = "export default {}";
        let pom = |build: &str| pom(&format!("<build>{build}</build>"));
        let resource = |folder: &str| {
            pom(&format!("<resources><resource><directory>{folder}</directory></resource></resources>"))
        };
        let copying = pom(
            "<plugins><plugin><artifactId>maven-resources-plugin</artifactId><executions><execution><configuration>\
             <resources><resource><directory>${basedir}/web/dist</directory></resource></resources>\
             </configuration></execution></executions></plugin></plugins>",
        );
        let plugin =
            pom("<plugins><plugin><artifactId>frontend-maven-plugin</artifactId></plugin></plugins>");
        for (pom, config, expected) in [
            (pom(""), FILLS, Some("./src/main/resources/static")),
            (pom(""), PLAIN, None),
            (plugin, FILLS, None),
            (pom("<!-- no frontend-maven-plugin -->"), FILLS, Some("./src/main/resources/static")),
            (resource("${project.basedir}/web/dist"), PLAIN, Some("./web/dist")),
            (resource("web/dist"), PLAIN, Some("./web/dist")),
            (copying, PLAIN, Some("./web/dist")),
            (resource("src/main/resources"), PLAIN, None),
        ] {
            check(("pom.xml", &pom), config, expected);
        }
        for (id, expected) in [
            ("com.github.node-gradle.node", None),
            ("org.siouan.frontend-jdk21", None),
            ("checkstyle", Some("./src/main/resources/static")),
        ] {
            let script = format!(
                "plugins {{\n id 'application'\n id '{id}'\n}}\napplication {{ mainClass = 'a.App' }}\n"
            );
            check(("build.gradle", &script), FILLS, expected);
        }
    }
}
