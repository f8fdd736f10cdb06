//! What is planned for build files as people write them.

use crate::config::Settings;
use crate::diag::Severity;
use crate::plan::plan;
use crate::plan::service::{Plan, Service};
use crate::repo::inventory::Inventory;

pub(super) const MAIN: (&str, &str) =
    ("src/main/java/a/App.java", "package a;\nclass App {\n public static void main(String[] a) {}\n}");
pub(super) const SPRING: (&str, &str) = (
    "src/main/java/a/App.java",
    "package a;\n@SpringBootApplication\nclass App {\n public static void main(String[] a) {}\n}",
);

/// A service in a few words: JDK image, build command, what is shipped first, entrypoint, port.
fn brief(service: &Service) -> [String; 5] {
    let deps = service.stages.iter().next().expect("a stage").from.value.to_string();
    let tool = &service.tool;
    let build = tool["package"]["commands"][0].as_str().unwrap_or_default().to_owned();
    let first = tool["artifact"]["file"].as_str().or(tool["artifact"]["folder"].as_str());
    let entrypoint = service.runtime.entrypoint.as_ref().map(|words| words.value.to_string());
    let port = service.runtime.port.as_ref().map(|port| port.value.to_string());
    [
        deps,
        build,
        first.unwrap_or_default().to_owned(),
        entrypoint.unwrap_or_default(),
        port.unwrap_or_else(|| "none".to_owned()),
    ]
}

pub(super) fn planned(files: &[(&str, &str)]) -> Plan {
    plan(&Inventory::from_files(files.iter().copied()), &Settings::default())
}

fn check(files: &[(&str, &str)], expected: [&str; 5]) {
    let plan = planned(files);
    assert_eq!(plan.services.len(), 1, "{files:?}: {:?}", plan.diagnostics);
    assert_eq!(brief(&plan.services[0]), expected, "{files:?}");
}

/// A `pom.xml` with the usual coordinates.
pub(super) fn pom(rest: &str) -> String {
    format!(
        "<project><groupId>a</groupId><artifactId>shop</artifactId><version>1.0</version>{rest}</project>"
    )
}

/// A `<build>` with one plugin.
fn plugin(artifact: &str, rest: &str) -> String {
    format!("<build><plugins><plugin><artifactId>{artifact}</artifactId>{rest}</plugin></plugins></build>")
}

const WRAPPER: &str = "gradle/wrapper/gradle-wrapper.properties";
const RELEASE_21: &str = "<properties><maven.compiler.release>21</maven.compiler.release></properties>";
const MVN: &str = "mvn -B -ntp -DskipTests package";
const JDK_21: &str = "maven:3.9-eclipse-temurin-21";

#[test]
fn jars_by_the_plugin_that_makes_them() {
    let shade = |config: &str| {
        let executions = "<executions><execution><goals><goal>shade</goal></goals></execution></executions>";
        let manifest = "<transformers><transformer><mainClass>a.App</mainClass></transformer></transformers>";
        let configuration = format!("<configuration>{manifest}{config}</configuration>");
        pom(&format!("{RELEASE_21}{}", plugin("maven-shade-plugin", &format!("{executions}{configuration}"))))
    };
    let run = ["java -jar app.jar", "none"];
    let jar = |config: &str, file: &str| {
        check(&[("pom.xml", &shade(config)), MAIN], [JDK_21, MVN, file, run[0], run[1]]);
    };
    jar("", "target/shop-1.0.jar");
    jar("<finalName>all</finalName>", "target/all.jar");
    jar("<shadedArtifactAttached>true</shadedArtifactAttached>", "target/shop-1.0-shaded.jar");
    let assembly = |config: &str, executions: &str| {
        let reference =
            "<descriptorRefs><descriptorRef>jar-with-dependencies</descriptorRef></descriptorRefs>";
        let manifest = "<archive><manifest><mainClass>a.App</mainClass></manifest></archive>";
        let configuration = format!("<configuration>{reference}{manifest}{config}</configuration>");
        pom(&format!(
            "{RELEASE_21}{}",
            plugin("maven-assembly-plugin", &format!("{executions}{configuration}"))
        ))
    };
    let single = "<executions><execution><goals><goal>single</goal></goals></execution></executions>";
    check(
        &[("pom.xml", &assembly("", single)), MAIN],
        [JDK_21, MVN, "target/shop-1.0-jar-with-dependencies.jar", run[0], run[1]],
    );
    check(
        &[("pom.xml", &assembly("<appendAssemblyId>false</appendAssemblyId>", "")), MAIN],
        [JDK_21, &format!("{MVN} assembly:single"), "target/shop-1.0.jar", run[0], run[1]],
    );
}

#[test]
fn plugins_that_go_to_those_below_are_not_the_root_s() {
    let root = "plugins {\n id 'org.springframework.boot' version '3.4.1' apply false\n}\nsubprojects {\n apply plugin: 'java'\n apply plugin: 'org.springframework.boot'\n}\n";
    let plan = planned(&[
        ("settings.gradle", "include 'web'\n"),
        ("build.gradle", root),
        (
            "web/build.gradle",
            "dependencies {\n implementation 'org.springframework.boot:spring-boot-starter-web'\n}\n",
        ),
        (&format!("web/{}", SPRING.0), SPRING.1),
    ]);
    let found: Vec<&str> = plan.services.iter().map(|service| service.dir.as_str()).collect();
    assert_eq!(found, ["web"], "{:?}", plan.diagnostics);
}

#[test]
fn a_main_class_with_its_libraries() {
    let uses = "<dependencies><dependency><groupId>g</groupId><artifactId>x</artifactId><version>1</version></dependency></dependencies>";
    let copies = " dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=target/lib";
    let class_path = "java -cp 'app.jar:lib/*' a.App";
    check(
        &[("pom.xml", &pom(&format!("{RELEASE_21}{uses}"))), MAIN],
        [JDK_21, &format!("{MVN}{copies}"), "target/shop-1.0.jar", class_path, "none"],
    );
    let test_only = uses.replace("</version></dep", "</version><scope>test</scope></dep");
    check(
        &[("pom.xml", &pom(&format!("{RELEASE_21}{test_only}"))), MAIN],
        [JDK_21, MVN, "target/shop-1.0.jar", "java -cp app.jar a.App", "none"],
    );
}

#[test]
fn properties_and_parents_are_resolved() {
    let name = |properties: &str, build: &str, file: &str| {
        let text =
            pom(&format!("<properties><java.version>21</java.version>{properties}</properties>{build}"));
        check(&[("pom.xml", &text), MAIN], [JDK_21, MVN, file, "java -cp app.jar a.App", "none"]);
    };
    name("", "<build><finalName>${project.artifactId}</finalName></build>", "target/shop.jar");
    name("<n>x</n>", "<build><finalName>${n}-${project.version}</finalName></build>", "target/x-1.0.jar");
    name("<n>${m}</n><m>${n}</m>", "<build><finalName>a${unknown}b</finalName></build>", "target/a*b.jar");
    let cycle = pom(
        "<parent><groupId>a</groupId><artifactId>shop</artifactId><version>1</version><relativePath>pom.xml</relativePath></parent>",
    );
    let plan = planned(&[("pom.xml", &cycle), MAIN]);
    assert!(plan.services.is_empty());
    assert!(
        plan.diagnostics.iter().any(|d| d.severity == Severity::Error && d.message.contains("lead back"))
    );
}

#[test]
fn spring_boot_by_its_version() {
    let boot = |version: &str, java: &str| {
        let parent = format!(
            "<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>{version}</version><relativePath/></parent>"
        );
        let java = if java.is_empty() {
            String::new()
        } else {
            format!("<properties><java.version>{java}</java.version></properties>")
        };
        let web = "<dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>";
        pom(&format!("{parent}{java}{web}{}", plugin("spring-boot-maven-plugin", "")))
    };
    let case = |version: &str, java: &str, line: &str, entrypoint: &str| {
        let image = format!("maven:3.9-eclipse-temurin-{line}");
        check(
            &[("pom.xml", &boot(version, java)), SPRING],
            [&image, MVN, "target/shop-1.0.jar", entrypoint, "8080"],
        );
    };
    case("4.0.1", "", "25", "java -jar app.jar");
    case("3.5.7", "21", "21", "java -jar app.jar");
    case("3.4.1", "", "21", "java -jar app.jar");
    case("3.2.0", "17", "17", "java org.springframework.boot.loader.launch.JarLauncher");
    case("2.7.18", "11", "11", "java org.springframework.boot.loader.JarLauncher");
    case("2.7.18", "", "8", "java org.springframework.boot.loader.JarLauncher");
    case("2.1.0.RELEASE", "1.8", "8", "java -jar app.jar");
    case("3.0.0", "11", "17", "java org.springframework.boot.loader.JarLauncher");
}

#[test]
fn gradle_in_both_languages() {
    let wrapper = |version: &str| {
        format!("distributionUrl=https\\://services.gradle.org/distributions/gradle-{version}-bin.zip\n")
    };
    check(
        &[
            ("settings.gradle", "rootProject.name = 'demo'"),
            (
                "build.gradle",
                "plugins {\n id 'java'\n id 'org.springframework.boot' version '3.3.4'\n}\nversion = '0.1'\njava { toolchain { languageVersion = JavaLanguageVersion.of(17) } }\ndependencies {\n implementation 'org.springframework.boot:spring-boot-starter-web'\n}",
            ),
            (WRAPPER, &wrapper("8.10.2")),
            SPRING,
        ],
        [
            "gradle:8.10-jdk17",
            "gradle --no-daemon bootJar",
            "build/libs/demo-0.1.jar",
            "java -jar app.jar",
            "8080",
        ],
    );
    check(
        &[
            ("settings.gradle.kts", "rootProject.name = \"tool\""),
            (
                "build.gradle.kts",
                "plugins {\n    application\n}\njava.sourceCompatibility = JavaVersion.VERSION_21\napplication {\n    mainClass = \"a.App\"\n}",
            ),
            (WRAPPER, &wrapper("8.2")),
            MAIN,
        ],
        [
            "gradle:8.5-jdk21",
            "gradle --no-daemon installDist",
            "build/install/tool",
            "java -cp 'lib/*' a.App",
            "none",
        ],
    );
    check(
        &[
            (
                "build.gradle",
                "plugins {\n  id 'com.gradleup.shadow' version '9.0.0'\n}\nversion = gitVersion()\njar { manifest { attributes 'Main-Class': 'a.App' } }",
            ),
            (WRAPPER, &wrapper("9.1.0")),
            MAIN,
        ],
        [
            "gradle:9.1-jdk25",
            "gradle --no-daemon shadowJar",
            "build/libs/*-all.jar",
            "java -cp app.jar a.App",
            "none",
        ],
    );
}

#[test]
fn only_what_runs_is_built() {
    let library = [("pom.xml", &*pom(RELEASE_21)), ("src/main/java/a/B.java", "package a;\nclass B {}")];
    assert!(planned(&library).services.is_empty());
    let root = pom(&format!(
        "{RELEASE_21}<packaging>pom</packaging><modules><module>core</module><module>web</module></modules>"
    ));
    let module = |name: &str, rest: &str| {
        format!(
            "<project><parent><groupId>a</groupId><artifactId>shop</artifactId><version>1.0</version></parent><artifactId>{name}</artifactId>{rest}</project>"
        )
    };
    let uses_core = "<dependencies><dependency><groupId>a</groupId><artifactId>core</artifactId><version>1.0</version></dependency></dependencies>";
    let main = MAIN.1;
    let reactor = planned(&[
        ("pom.xml", &root),
        ("core/pom.xml", &module("core", "")),
        ("core/src/main/java/a/App.java", main),
        ("web/pom.xml", &module("web", uses_core)),
        ("web/src/main/java/a/App.java", main),
    ]);
    let services: Vec<_> = reactor.services.iter().map(|service| service.dir.to_string()).collect();
    assert_eq!(services, ["web"]);
    assert!(reactor.services[0].context.is_root());
    let [_, build, file, ..] = brief(&reactor.services[0]);
    assert!(build.starts_with("mvn -B -ntp -DskipTests -pl web -am package"), "{build}");
    assert_eq!(file, "web/target/web-1.0.jar");
}

#[test]
fn web_archives_get_the_tomcat_of_their_namespace() {
    let image = |java: u32, library: &str| {
        let text = pom(&format!(
            "<packaging>war</packaging><properties><maven.compiler.release>{java}</maven.compiler.release></properties><dependencies><dependency>{library}<scope>provided</scope></dependency></dependencies>"
        ));
        let plan = planned(&[("pom.xml", &text), ("src/main/java/a/B.java", "package a;\nclass B {}")]);
        plan.services[0].stages.runtime().from.value.to_string()
    };
    let javax =
        "<groupId>javax.servlet</groupId><artifactId>javax.servlet-api</artifactId><version>4.0.1</version>";
    let jakarta = "<groupId>jakarta.servlet</groupId><artifactId>jakarta.servlet-api</artifactId><version>6.0.0</version>";
    assert_eq!(image(11, javax), "tomcat:9.0-jre11");
    assert_eq!(image(21, jakarta), "tomcat:11.0-jre21");
    assert_eq!(image(11, jakarta), "tomcat:10.1-jre11");
}

#[test]
fn reactive_servers_do_not_wait_when_they_stop() {
    const SAYS: &str = "spring.reactor.netty.shutdown-quiet-period=1s\n";
    let starter = |name: &str| {
        format!(
            "<dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-{name}</artifactId></dependency>"
        )
    };
    for (starters, properties, waits) in [
        (&["webflux"][..], "", false),
        (&["webflux", "web"], "", true),
        (&["web"], "", true),
        (&["webflux"], SAYS, true),
    ] {
        let libraries: String = starters.iter().map(|name| starter(name)).collect();
        let pom = pom(&format!(
            "<dependencies>{libraries}</dependencies>{}",
            plugin("spring-boot-maven-plugin", "<groupId>org.springframework.boot</groupId>")
        ));
        let plan =
            planned(&[("pom.xml", &pom), SPRING, ("src/main/resources/application.properties", properties)]);
        let env = &plan.services[0].runtime.env;
        let said = env.get("SPRING_REACTOR_NETTY_SHUTDOWNQUIETPERIOD").map(|fact| fact.value.as_str());
        assert_eq!(said, (!waits).then_some("0s"), "{starters:?} {properties}");
    }
}
