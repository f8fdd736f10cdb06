//! Bad input of Java projects: files that are no XML, parents in circles, bombs. What all stacks share is in
//! `bad_input.rs`.

use std::process::Stdio;
use std::time::Duration;

use wait_timeout::ChildExt as _;

use crate::bad_input::{has, refused};
use crate::repo::Repo;

#[test]
fn an_xml_file_that_is_none_is_named_with_its_place() {
    let rows: &[(&str, &str, &[&str])] = &[
        // A tag that another one closes.
        (
            "pom.xml",
            "<project>\n  <groupId>a</artifactId>\n</project>\n",
            &["pom.xml:2", "malformed-manifest"],
        ),
        ("pom.xml", "<project>\n  <name>a & b</name>\n</project>\n", &["pom.xml:2"]),
        ("pom.xml", "not XML at all\n", &["pom.xml:1"]),
        ("pom.xml", "<html>\n</html>\n", &["pom.xml:1", "not <project>"]),
        ("pom.xml", "", &["pom.xml"]),
        // A billion laughs: nothing of a document type is ever expanded.
        (
            "pom.xml",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE project [\n<!ENTITY a \"lol\">\n<!ENTITY b \"&a;&a;&a;&a;\">\n]>\n<project>\n<name>&b;</name>\n</project>\n",
            &["pom.xml:7", "entity"],
        ),
    ];
    for (name, text, says) in rows.iter().filter(|_| has("java")) {
        refused(&Repo::new(&[(name, text)]), 2, says);
    }
}

#[test]
fn parents_in_a_circle_are_named_with_the_way_out() {
    let child = |name: &str, parent: &str| {
        format!(
            "<project><parent><groupId>g</groupId><artifactId>{parent}</artifactId><version>1</version><relativePath>../{parent}/pom.xml</relativePath></parent><artifactId>{name}</artifactId></project>"
        )
    };
    let (a, b) = (child("a", "b"), child("b", "a"));
    refused(&Repo::new(&[("a/pom.xml", &a), ("b/pom.xml", &b)]), 2, &["lead back", "relativePath", "help"]);
}

#[test]
fn a_bomb_in_a_configuration_file_is_passed_over() {
    // Nine times nine aliases: what a program's own configuration holds is its own matter.
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let references = vec![format!("*a{before}"); 9].join(", ");
        bomb = format!("{bomb}a{level}: &a{level} [{references}]\n");
    }
    let boot = "<project><groupId>a</groupId><artifactId>shop</artifactId><version>1</version><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>";
    let repo = Repo::new(&[
        ("pom.xml", boot),
        ("src/main/java/a/App.java", "package a;\nclass App {\n public static void main(String[] a) {}\n}\n"),
        ("src/main/resources/application.yml", &bomb),
    ]);
    let mut child =
        repo.command(&["init"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let ended = child.wait_timeout(Duration::from_secs(20)).expect("can be waited for");
    let _ = child.kill();
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "it ends, and soon");
    assert!(repo.read("Dockerfile").contains("EXPOSE 8080"));
}
