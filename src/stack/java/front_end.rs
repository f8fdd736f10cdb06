//! The front end that a Java service packs into its archive: a bundler's folder whose build fills `src/main/resources`, or
//! whose files the build tool copies from where they come out.
//!
//! Plugins that bring a Node.js of their own build it themselves, and are left to it.

use crate::fact::Fact;
use crate::repo::dir::Doc;
use crate::repo::path::RelPath;
use crate::stack::Survey;
use crate::stack::common::front_end::{self, FrontEnd};
use crate::stack::common::pattern::pattern;
use crate::stack::java::build::Build;

/// Plugins that install Node.js and run the front end's build: <https://github.com/eirslett/frontend-maven-plugin>,
/// <https://github.com/node-gradle/gradle-node-plugin>, <https://github.com/siouan/frontend-gradle-plugin>.
const PLUGINS: &[&str] =
    &["com.github.node-gradle.node", "com.moowork.node", "frontend-maven-plugin", "org.siouan.frontend"];

/// The front end of the project in the surveyed folder.
pub(super) fn find(s: &Survey<'_>, build: &Build, build_files: &[&str]) -> Option<FrontEnd> {
    let found = near(s, &build.context, build_files)?;
    // A pattern of manifests would not fit a folder of the build context.
    (found.context == build.context || !build.manifests.is_pattern).then_some(found)
}

fn near(s: &Survey<'_>, context: &RelPath, build_files: &[&str]) -> Option<FrontEnd> {
    let docs: Vec<Doc<'_>> = build_files.iter().filter_map(|name| s.dir.doc(name)).collect();
    if docs.iter().any(|doc| PLUGINS.iter().any(|plugin| doc.text.contains(plugin))) {
        return None;
    }
    let mut wanted = front_end::read_but_missing(s, docs.iter().copied());
    wanted.extend(docs.iter().flat_map(|doc| resources(s, doc)));
    front_end::find_near(s, context, &wanted)
}

/// Folders that a pom has copied: `<directory>${project.basedir}/web/dist</directory>`.
/// <https://maven.apache.org/pom.html#Resources>
fn resources(s: &Survey<'_>, pom: &Doc<'_>) -> Vec<Fact<RelPath>> {
    let directory = pattern(r"<directory>\s*(?:\$\{[a-z.]+\}/)?([A-Za-z0-9_./-]+)\s*</directory>");
    let named = pom.lines().filter_map(|(number, line)| {
        let folder = s.dir.path().join(&directory.captures(line)?[1])?;
        Some(Fact::new(folder, pom.cite(number, line)))
    });
    named.filter(|folder| !s.dir.inventory().has_dir(&folder.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::catalog::Catalog;
    use crate::repo::Inventory;

    const MANIFEST: &str = r#"{"scripts":{"build":"vite build"},"devDependencies":{"vite":"7.0.0"}}"#;

    fn check(pom: &str, config: &str, expected: Option<&str>) {
        let inventory = Inventory::from_files([
            ("pom.xml", pom),
            ("src/main/java/App.java", ""),
            ("web/package.json", MANIFEST),
            ("web/index.html", ""),
            ("web/vite.config.js", config),
        ]);
        let s = Survey::new(inventory.dir(RelPath::root()), Catalog::builtin(), &Settings::default());
        let found = near(&s, &RelPath::root(), &["pom.xml"]);
        assert_eq!(
            found.map(|found| found.target(&RelPath::root(), "/src")).as_deref(),
            expected,
            "{pom} {config}"
        );
    }

    #[test]
    fn a_front_end_is_packed_where_nothing_else_builds_it() {
        let fills = "export default { build: {\n outDir: '../src/main/resources/static' } }";
        check("<project/>", fills, Some("./src/main/resources/static"));
        check("<project/>", "export default {}", None);
        check("<artifactId>frontend-maven-plugin</artifactId>", fills, None);
        check("<directory>${project.basedir}/web/dist</directory>", "export default {}", Some("./web/dist"));
        check("<directory>web/dist</directory>", "export default {}", Some("./web/dist"));
        check("<directory>src/main/resources</directory>", "export default {}", None);
    }
}
