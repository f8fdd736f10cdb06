//! Base images whose release, or the distribution under it, gets no fixes any more.
//! The days are those of `templates/images.toml`, never of a clock.

use super::{Findings, Rule, Scope, Severity, Subject};
use crate::dockerfile::Origin;
use crate::plan::catalog::Catalog;

pub(super) static RULE: Rule = Rule {
    code: "end-of-life",
    why: "What gets no fixes keeps every hole that is found in it from now on.",
    severity: Severity::Warning,
    scope: Scope::People,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for stage in &subject.stages {
        if let Origin::Image(image) = &stage.origin
            && let Some(ended) = Catalog::builtin().ended(image)
        {
            findings.add(stage.line, format!("`{image}`: {ended}"), format!("Move to {}.", ended.instead));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, RULE};

    #[test]
    fn finds() {
        check(
            &RULE,
            "FROM node:8\nFROM python:2.7-slim\nFROM ubuntu:16.04\nFROM library/debian:stretch-slim\n",
            &[1, 2, 3, 4],
        );
        check(
            &RULE,
            "ARG V=3.9\nFROM alpine:${V}\nFROM openjdk:8-jdk\nFROM node:24-buster\nFROM centos\n",
            &[2, 3, 4, 5],
        );
    }

    #[test]
    fn finds_not() {
        check(
            &RULE,
            "FROM node:24\nFROM node\nFROM example.com/node:8\nFROM acme/debian:7\nFROM golang:1\n",
            &[],
        );
        check(&RULE, "FROM scratch\nFROM $BASE\nFROM ubuntu:24.04\nFROM python:3\n", &[]);
    }
}
