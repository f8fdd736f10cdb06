//! Build files as people write them: properties, parents, ranges, toolchains, and odd but legal spellings,
//! each with the facts that must come out.

use super::tests::{MAIN, SPRING, planned, pom};
use crate::plan::service::Service;

/// What is written in a project's build file.
enum Build {
    /// Elements below `<project>`, beside the coordinates `a:shop:1.0`.
    Maven(&'static str),
    /// A whole `pom.xml`.
    Pom(&'static str),
    /// `build.gradle`.
    Groovy(&'static str),
    /// `build.gradle.kts`.
    Kotlin(&'static str),
}

use Build::{Groovy, Kotlin, Maven, Pom};

/// What it is about, the build file, other files, and the facts as `name=value` words.
type Row = (&'static str, Build, &'static [(&'static str, &'static str)], &'static str);

const JAVA: &str = "src/main/java/a/App.java";
const WRAPPER: &str = "gradle/wrapper/gradle-wrapper.properties";
const APPLICATION: &str = "src/main/resources/application.properties";
const YAML: &str = "src/main/resources/application.yml";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // --- the Java line, in a pom.xml
    ("release", Maven("<properties><maven.compiler.release>17</maven.compiler.release></properties>"), &[], "java=17"),
    ("source and target", Maven("<properties><maven.compiler.source>1.8</maven.compiler.source><maven.compiler.target>1.8</maven.compiler.target></properties>"), &[], "java=8"),
    ("a property of a property", Maven("<properties><jdk>21</jdk><maven.compiler.release>${jdk}</maven.compiler.release></properties>"), &[], "java=21"),
    ("the plugin's own words win", Maven("<properties><maven.compiler.target>8</maven.compiler.target></properties><build><plugins><plugin><artifactId>maven-compiler-plugin</artifactId><configuration><release>21</release></configuration></plugin></plugins></build>"), &[], "java=21"),
    ("managed for the plugin", Maven("<build><pluginManagement><plugins><plugin><artifactId>maven-compiler-plugin</artifactId><configuration><source>11</source><target>11</target></configuration></plugin></plugins></pluginManagement></build>"), &[], "java=11"),
    ("a line without images is rounded up", Maven("<properties><maven.compiler.release>19</maven.compiler.release></properties>"), &[], "java=21"),
    ("older than any image", Maven("<properties><maven.compiler.source>1.6</maven.compiler.source></properties>"), &[], "java=8"),
    ("a toolchain", Maven("<build><plugins><plugin><artifactId>maven-toolchains-plugin</artifactId><executions><execution><goals><goal>toolchain</goal></goals></execution></executions><configuration><toolchains><jdk><version>17</version></jdk></toolchains></configuration></plugin></plugins></build>"), &[], "java=17 build=mvn_-B_-ntp_-DskipTests_-t_/opt/toolchains.xml_package"),
    ("a range of the enforcer", Maven("<build><plugins><plugin><artifactId>maven-enforcer-plugin</artifactId><executions><execution><configuration><rules><requireJavaVersion><version>[17,)</version></requireJavaVersion></rules></configuration></execution></executions></plugin></plugins></build>"), &[], "java=17"),
    ("nothing is said", Maven(""), &[], "java=25"),
    ("a comment within a number", Maven("<properties><maven.compiler.release><!-- LTS -->21</maven.compiler.release></properties>"), &[], "java=21"),
    ("white space around it", Maven("<properties><maven.compiler.release>\n  21\n</maven.compiler.release></properties>"), &[], "java=21"),
    ("CDATA", Maven("<properties><maven.compiler.release><![CDATA[21]]></maven.compiler.release></properties>"), &[], "java=21"),
    ("a profile that is active", Maven("<profiles><profile><id>x</id><activation><activeByDefault>true</activeByDefault></activation><properties><maven.compiler.release>17</maven.compiler.release></properties></profile></profiles>"), &[], "java=17"),
    ("a profile that is not", Maven("<properties><maven.compiler.release>21</maven.compiler.release></properties><profiles><profile><id>x</id><properties><maven.compiler.release>17</maven.compiler.release></properties></profile></profiles>"), &[], "java=21"),
    ("a profile that a file switches on", Maven("<profiles><profile><id>x</id><activation><file><exists>marker</exists></file></activation><properties><maven.compiler.release>17</maven.compiler.release></properties></profile></profiles>"), &[("marker", "")], "java=17"),
    ("a version file", Maven(""), &[(".java-version", "21.0.4\n")], "java=21"),
    ("a version file of SDKMAN", Maven(""), &[(".sdkmanrc", "# env\njava=17.0.12-tem\n")], "java=17"),
    ("a version file below what is compiled for", Maven("<properties><maven.compiler.release>21</maven.compiler.release></properties>"), &[(".java-version", "17\n")], "java=21"),
    ("Heroku's file", Maven(""), &[("system.properties", "java.runtime.version=17\n")], "java=17"),
    ("asdf's file", Maven(""), &[(".tool-versions", "nodejs 22.1.0\njava temurin-21.0.2+13\n")], "java=21"),
    ("a library that needs more", Maven("<properties><maven.compiler.release>11</maven.compiler.release></properties><dependencies><dependency><groupId>io.helidon.webserver</groupId><artifactId>helidon-webserver</artifactId><version>4.2.0</version></dependency></dependencies>"), &[], "java=21"),
    ("Lombok bears less", Maven("<dependencies><dependency><groupId>org.projectlombok</groupId><artifactId>lombok</artifactId><version>1.18.30</version><scope>provided</scope></dependency></dependencies>"), &[], "java=21"),
    ("an old Lombok", Maven("<dependencies><dependency><groupId>org.projectlombok</groupId><artifactId>lombok</artifactId><version>1.18.10</version></dependency></dependencies>"), &[], "java=11"),
    ("Kotlin bears less", Maven("<build><plugins><plugin><groupId>org.jetbrains.kotlin</groupId><artifactId>kotlin-maven-plugin</artifactId><version>1.9.24</version></plugin></plugins></build>"), &[], "java=21"),
    // --- files and names
    ("a name for the file", Maven("<build><finalName>shop</finalName></build>"), &[], "file=target/shop.jar"),
    ("a name with a property", Maven("<properties><n>x</n></properties><build><finalName>${n}-${project.version}</finalName></build>"), &[], "file=target/x-1.0.jar"),
    ("the old names of coordinates", Maven("<build><finalName>${pom.artifactId}-${version}</finalName></build>"), &[], "file=target/shop-1.0.jar"),
    ("a folder of its own", Maven("<build><directory>${project.basedir}/out</directory></build>"), &[], "file=out/shop-1.0.jar"),
    ("a version for machines", Pom("<project><groupId>a</groupId><artifactId>shop</artifactId><version>${revision}${changelist}</version><properties><revision>2.0</revision><changelist>-SNAPSHOT</changelist></properties></project>"), &[], "file=target/shop-2.0-SNAPSHOT.jar"),
    ("a parent in the repository", Pom("<project><parent><groupId>a</groupId><artifactId>p</artifactId><version>3</version><relativePath>parent</relativePath></parent><artifactId>shop</artifactId></project>"), &[("parent/pom.xml", "<project><groupId>a</groupId><artifactId>p</artifactId><version>3</version><packaging>pom</packaging><properties><maven.compiler.release>17</maven.compiler.release></properties></project>")], "java=17 file=target/shop-3.jar"),
    ("a namespace with a prefix", Pom("<m:project xmlns:m=\"http://maven.apache.org/POM/4.0.0\"><m:groupId>a</m:groupId><m:artifactId>shop</m:artifactId><m:version>1</m:version><m:properties><m:maven.compiler.release>17</m:maven.compiler.release></m:properties></m:project>"), &[], "java=17 file=target/shop-1.jar"),
    ("an order that nobody uses", Pom("<project><properties><maven.compiler.release>17</maven.compiler.release></properties><version>1</version><artifactId>shop</artifactId><groupId>a</groupId></project>"), &[], "java=17 file=target/shop-1.jar"),
    ("a shaded file with its folder", Maven("<build><plugins><plugin><artifactId>maven-shade-plugin</artifactId><executions><execution><goals><goal>shade</goal></goals><configuration><outputFile>${project.build.directory}/${project.artifactId}-fat.jar</outputFile><transformers><transformer><manifestEntries><Main-Class>a.App</Main-Class></manifestEntries></transformer></transformers></configuration></execution></executions></plugin></plugins></build>"), &[], "file=target/shop-fat.jar start=java_-jar_app.jar"),
    // --- what starts
    ("the manifest's class", Maven("<build><plugins><plugin><artifactId>maven-jar-plugin</artifactId><configuration><archive><manifest><mainClass>a.Other</mainClass></manifest></archive></configuration></plugin></plugins></build>"), &[], "start=java_-cp_app.jar_a.Other"),
    ("the manifest's entry", Maven("<build><plugins><plugin><artifactId>maven-jar-plugin</artifactId><configuration><archive><manifestEntries><Main-Class>a.Other</Main-Class></manifestEntries></archive></configuration></plugin></plugins></build>"), &[], "start=java_-cp_app.jar_a.Other"),
    ("libraries that the build copies itself", Maven("<dependencies><dependency><groupId>g</groupId><artifactId>x</artifactId><version>1</version></dependency></dependencies><build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId><executions><execution><goals><goal>copy-dependencies</goal></goals><configuration><outputDirectory>${project.build.directory}/libs</outputDirectory></configuration></execution></executions></plugin></plugins></build>"), &[], "libraries=target/libs build=mvn_-B_-ntp_-DskipTests_package"),
    ("a main method of an instance", Maven(""), &[(JAVA, "package a;\nclass App {\n void main() {\n }\n}")], "start=java_-cp_app.jar_a.App"),
    ("a wrapper's helper is no program", Maven(""), &[(".mvn/wrapper/Downloader.java", "class Downloader {\n public static void main(String[] a) {}\n}")], "start=java_-cp_app.jar_a.App"),
    // --- ports and what is said at run time
    ("the port of a profile", Maven("<dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"), &[(YAML, "spring:\n  profiles:\n    active: x\n"), ("src/main/resources/application-x.yml", "server:\n  port: 9001\n")], "port=9001"),
    ("the build's profile names the program's", Maven("<profiles><profile><id>dev</id><activation><activeByDefault>true</activeByDefault></activation><properties><profiles.active>x</profiles.active></properties></profile></profiles><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"), &[(YAML, "spring:\n  profiles:\n    active: '@profiles.active@'\n"), ("src/main/resources/application-x.yml", "server:\n  port: 9002\n")], "port=9002"),
    ("Quarkus in production", Maven("<dependencies><dependency><groupId>io.quarkus</groupId><artifactId>quarkus-rest</artifactId></dependency></dependencies>"), &[(APPLICATION, "quarkus.http.port=8081\n%prod.quarkus.http.port=9003\n")], "port=9003"),
    ("Ktor's file", Maven("<dependencies><dependency><groupId>io.ktor</groupId><artifactId>ktor-server-netty-jvm</artifactId></dependency></dependencies>"), &[("src/main/resources/application.conf", "ktor {\n  deployment {\n    port = 9004\n    port = ${?PORT}\n  }\n}\n")], "port=9004"),
    ("MicroProfile's file", Maven("<dependencies><dependency><groupId>io.helidon.microprofile.bundles</groupId><artifactId>helidon-microprofile</artifactId></dependency></dependencies>"), &[("src/main/resources/META-INF/microprofile-config.properties", "server.port=9005\n")], "port=9005 health=/health"),
    ("a loopback address", Maven("<dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"), &[(APPLICATION, "server.address=127.0.0.1\n")], "SERVER_ADDRESS=0.0.0.0"),
    ("a port of root's", Maven("<dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"), &[(APPLICATION, "server.port=80\n")], "port=8080 SERVER_PORT=8080"),
    ("a page that asks for a password", Maven("<dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-actuator</artifactId></dependency><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-security</artifactId></dependency></dependencies>"), &[], "health=/actuator/health probe=sh"),
    ("a database beside the program", Maven("<dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies>"), &[(APPLICATION, "spring.datasource.url=jdbc:sqlite:dev.db\n")], "own=chown_10001:10001_."),
    ("Dropwizard's configuration", Maven("<dependencies><dependency><groupId>io.dropwizard</groupId><artifactId>dropwizard-core</artifactId><version>4.0.12</version></dependency></dependencies>"), &[("hello.yml", "server:\n  type: simple\n  connector:\n    type: http\n    port: 9006\n")], "port=9006 arguments=server_hello.yml health=/admin/healthcheck"),
    // --- web archives
    ("javax on Tomcat 9", Maven("<packaging>war</packaging><dependencies><dependency><groupId>javax.servlet</groupId><artifactId>javax.servlet-api</artifactId><version>4.0.1</version><scope>provided</scope></dependency></dependencies>"), &[(".java-version", "11")], "runtime=tomcat:9.0-jre11 port=8080"),
    ("the first jakarta on Tomcat 10", Maven("<packaging>war</packaging><dependencies><dependency><groupId>jakarta.servlet</groupId><artifactId>jakarta.servlet-api</artifactId><version>5.0.0</version></dependency></dependencies>"), &[(".java-version", "17")], "runtime=tomcat:10.1-jre17"),
    ("Spring 5 on Tomcat 9", Maven("<packaging>war</packaging><dependencies><dependency><groupId>org.springframework</groupId><artifactId>spring-webmvc</artifactId><version>5.3.39</version></dependency></dependencies>"), &[(".java-version", "17")], "runtime=tomcat:9.0-jre17"),
    // --- Gradle
    ("a toolchain in Kotlin", Kotlin("plugins { application }\nkotlin { jvmToolchain(17) }\napplication { mainClass = \"a.App\" }"), &[(WRAPPER, "distributionUrl=https\\://services.gradle.org/distributions/gradle-8.10-all.zip")], "java=17 tool=8.10 build=gradle_--no-daemon_installDist"),
    ("a level in Groovy", Groovy("apply plugin: 'application'\nsourceCompatibility = 1.8\nmainClassName = 'a.App'"), &[(WRAPPER, "distributionUrl=https\\://services.gradle.org/distributions/gradle-6.9-bin.zip")], "java=8 tool=6.9"),
    ("an old Gradle bears an old Java", Groovy("plugins { id 'application' }\nmainClassName = 'a.App'"), &[(WRAPPER, "distributionUrl=https\\://services.gradle.org/distributions/gradle-6.9.4-bin.zip")], "java=11 tool=6.9"),
    ("a mirror of the wrapper", Groovy("plugins { id 'application' }\nmainClassName = 'a.App'"), &[(WRAPPER, "distributionUrl=https\\://mirrors.example.com/gradle/gradle-8.14.2-all.zip")], "tool=8.14 java=21"),
    ("an open version of Spring Boot", Kotlin("plugins { id(\"org.springframework.boot\") version \"3.+\" }\nversion = \"1\""), &[("settings.gradle.kts", "rootProject.name = \"demo\""), (SPRING.0, SPRING.1)], "file=build/libs/demo-1.jar start=java_-jar_app.jar"),
    ("the jar's classifier is not the program's", Groovy("plugins { id 'org.springframework.boot' version '3.3.4' }\nversion = '1'\njar {\n  archiveClassifier = 'plain'\n}"), &[("settings.gradle", "rootProject.name = 'demo'"), (SPRING.0, SPRING.1)], "file=build/libs/demo-1.jar"),
    ("a shadow jar without a classifier", Kotlin("plugins { id(\"com.gradleup.shadow\") version \"9.0.0\" }\nversion = \"1\"\ntasks.named<ShadowJar>(\"shadowJar\") {\n  archiveClassifier.set(\"\")\n}"), &[("settings.gradle.kts", "rootProject.name = \"demo\"")], "file=build/libs/demo-1.jar"),
    ("a file's name of its own", Groovy("plugins { id 'org.springframework.boot' version '3.3.4' }\nbootJar {\n  archiveFileName = 'app-boot.jar'\n}"), &[(SPRING.0, SPRING.1)], "file=build/libs/app-boot.jar"),
    ("layers that are switched off", Groovy("plugins { id 'org.springframework.boot' version '3.3.4' }\nversion = '1'\nbootJar {\n  layered {\n    enabled = false\n  }\n}"), &[("settings.gradle", "rootProject.name = 'demo'"), (SPRING.0, SPRING.1)], "kind=single start=java_-jar_app.jar"),
    ("a version of the catalog", Kotlin("plugins {\n  alias(libs.plugins.boot)\n}\nversion = \"1\""), &[("gradle/libs.versions.toml", "[versions]\nboot = { strictly = \"3.2.1\" }\n[plugins]\nboot = { id = \"org.springframework.boot\", version.ref = \"boot\" }\n"), (SPRING.0, SPRING.1)], "start=java_org.springframework.boot.loader.launch.JarLauncher"),
    ("the older way of plugins", Groovy("buildscript {\n ext { bootVersion = '2.7.18' }\n dependencies {\n  classpath \"org.springframework.boot:spring-boot-gradle-plugin:${bootVersion}\"\n }\n}\napply plugin: 'org.springframework.boot'\nversion '1'"), &[("settings.gradle", "rootProject.name='demo'"), (SPRING.0, SPRING.1)], "file=build/libs/demo-1.jar start=java_org.springframework.boot.loader.JarLauncher"),
    ("a version in gradle.properties", Groovy("plugins { id 'org.springframework.boot' version '3.3.4' }"), &[("settings.gradle", "rootProject.name = 'demo'"), ("gradle.properties", "version=7\n"), (SPRING.0, SPRING.1)], "file=build/libs/demo-7.jar"),
];

/// The facts that rows speak of.
fn fact(service: &Service, name: &str) -> String {
    let tool = &service.tool;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let runtime = &service.runtime;
    let words = match name {
        "java" => service.toolchains[0].value.version.clone(),
        "tool" => text(&tool["tool"]).split(' ').next_back().unwrap_or_default().to_owned(),
        "build" => text(&tool["package"]["commands"][0]),
        "file" => text(&tool["artifact"]["file"]),
        "kind" => text(&tool["artifact"]["kind"]),
        "libraries" => text(&tool["artifact"]["libraries"]),
        "own" => text(&tool["own"]["commands"][0]),
        "start" => runtime.entrypoint.as_ref().map(|words| words.value.to_string()).unwrap_or_default(),
        "arguments" => runtime.command.as_ref().map(|words| words.value.to_string()).unwrap_or_default(),
        "port" => runtime.port.as_ref().map(|port| port.value.to_string()).unwrap_or_default(),
        "runtime" => service.stages.runtime().from.value.to_string(),
        "health" => runtime.health.as_ref().map(|health| health.value.path.clone()).unwrap_or_default(),
        "probe" => {
            runtime.health.as_ref().map(|health| health.value.command.words()[0].clone()).unwrap_or_default()
        }
        variable => runtime.env.get(variable).map(|value| value.value.clone()).unwrap_or_default(),
    };
    words.replace(' ', "_")
}

#[test]
fn build_files_as_people_write_them() {
    let mut wrong = Vec::new();
    for (about, build, others, expected) in ROWS {
        let (name, text) = match build {
            Maven(rest) => ("pom.xml", pom(rest)),
            Pom(text) => ("pom.xml", (*text).to_owned()),
            Groovy(text) => ("build.gradle", (*text).to_owned()),
            Kotlin(text) => ("build.gradle.kts", (*text).to_owned()),
        };
        let mut files = vec![(name, text.as_str())];
        files.extend_from_slice(others);
        if !files.iter().any(|(path, _)| *path == MAIN.0) {
            files.push(MAIN);
        }
        let plan = planned(&files);
        let [service] = plan.services.as_slice() else {
            wrong.push(format!("{about}: {} services: {:?}", plan.services.len(), plan.diagnostics));
            continue;
        };
        for word in expected.split_whitespace() {
            let (name, value) = word.split_once('=').expect("name=value");
            let found = fact(service, name);
            if found != value {
                wrong.push(format!("{about}: {name} is {found}, not {value}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", ROWS.len(), wrong.join("\n"));
}
