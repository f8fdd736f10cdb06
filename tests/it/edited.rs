//! A person's edits of a Dockerfile that dockgen made: they become settings, or stay where they are with the reason.

use crate::migrate::NODE;
use crate::repo::{GO, Repo};

/// The file that was edited, and what `migrate` says and does: the edits are in the new file, `check` is clean, and a second
/// time there is nothing to do.
fn taken_over(repo: &Repo, wanted: &[&str]) {
    let shown = repo.run_without_a_trace(&["migrate"]);
    shown.ended(0, &["1 would change"]);
    repo.run(&["migrate", "--write", "--allow-dirty"]).ended(0, &["written"]);
    let text = repo.read("Dockerfile");
    for words in wanted {
        assert!(text.contains(words), "no `{words}` in {text}\n{}", repo.read("dockgen.toml"));
    }
    repo.run_without_a_trace(&["init", "--check"]).ended(0, &["up to date"]);
    repo.run_without_a_trace(&["migrate"]).ended(0, &["1 with nothing to do"]);
}

#[test]
fn edits_of_a_printed_file_are_testimony_that_survives() {
    let repo = Repo::new(&NODE[..2]);
    repo.run(&["init", "--yes", "--set", "runtime.image=node:24-trixie-slim"]).ended(0, &[]);
    let printed = repo.read("Dockerfile");
    let user = printed.lines().find(|line| line.starts_with("USER ")).expect("a user").to_owned();
    repo.edit(
        "Dockerfile",
        &format!("{user}\n"),
        "# loud while we look for the leak\nENV LOG_LEVEL=debug\nENV PATH=/tools:$PATH\n# for thumbnails\nRUN apt-get update && apt-get install -y --no-install-recommends libvips42\n\
         LABEL team=\"shop floor\"\n# where uploads go\nRUN mkdir -p /data \\\n && chown 1234 /data\nVOLUME /data\nUSER 1234:1234\nSTOPSIGNAL SIGINT\nEXPOSE 9100/udp\n",
    );
    taken_over(
        &repo,
        &[
            "LOG_LEVEL=debug",
            "ENV PATH=\"/tools:$PATH\"",
            "libvips42",
            "team=\"shop floor\"",
            "# where uploads go\nRUN mkdir -p /data \\\n && chown 1234 /data\n",
            "VOLUME /data",
            "USER 1234:1234",
            "STOPSIGNAL SIGINT",
            "9100/udp",
        ],
    );
    let settings = repo.read("dockgen.toml");
    for words in [
        "# loud while we look for the leak\nLOG_LEVEL = \"debug\"",
        "# for thumbnails\nsystem_packages = [\"libvips42\"]",
        "user = \"1234:1234\"",
        "stop_signal = \"SIGINT\"",
        "image = \"node:24-trixie-slim\"",
    ] {
        assert!(settings.contains(words), "no `{words}` in {settings}");
    }
    // The next edit finds settings there: the later word holds, lists grow, and comments stay.
    repo.edit("Dockerfile", "LOG_LEVEL=debug", "LOG_LEVEL=info");
    repo.edit("Dockerfile", "USER 1234:1234\n", "COPY extra.txt /extra.txt\nUSER 1234:1234\n");
    repo.write("extra.txt", "more\n");
    taken_over(&repo, &["LOG_LEVEL=info", "# where uploads go", "COPY extra.txt /extra.txt"]);
    let settings = repo.read("dockgen.toml");
    assert!(settings.contains("# loud while we look for the leak\nLOG_LEVEL = \"info\""), "{settings}");
    // And it survives when the repository moves.
    repo.edit("package.json", "\"express\":\"4\"", "\"express\":\"5\"");
    repo.run(&["update"]).ended(0, &[]);
    assert!(repo.read("Dockerfile").contains("LOG_LEVEL=info"));
}

#[test]
fn an_edited_start_check_and_base_are_settings() {
    let repo = Repo::new(GO);
    repo.run(&["init", "--yes"]).ended(0, &[]);
    repo.edit(
        "Dockerfile",
        "ENTRYPOINT [\"/hello\"]",
        "# twice as fast\nENTRYPOINT [\"/hello\", \"--fast\"]",
    );
    repo.edit("Dockerfile", "golang:1.26-alpine", "golang:1.26.1-alpine");
    taken_over(&repo, &["ENTRYPOINT [\"/hello\", \"--fast\"]", "golang:1.26.1-alpine"]);
    let settings = repo.read("dockgen.toml");
    assert!(settings.contains("# twice as fast\ncmd = [\"/hello\", \"--fast\"]"), "{settings}");
}

#[test]
fn an_edited_check_and_comments_above_what_stayed_are_settings() {
    let repo = Repo::new(&NODE[..2]);
    repo.run(&["init", "--yes"]).ended(0, &[]);
    repo.edit("Dockerfile", "--interval=30s --timeout=3s", "--interval=1m --timeout=5s --retries=5");
    repo.edit("Dockerfile", "HEALTHCHECK", "# the balancer asks as well\nHEALTHCHECK");
    repo.edit("Dockerfile", "EXPOSE 3000", "# the balancer's list has this port\nEXPOSE 3000");
    taken_over(&repo, &["HEALTHCHECK --interval=60s --timeout=5s --start-period=10s --retries=5 \\"]);
    let settings = repo.read("dockgen.toml");
    for words in [
        "# the balancer asks as well\ninterval = \"1m\"",
        "timeout = \"5s\"",
        "retries = 5",
        "EXPOSE = [\"# the balancer's list has this port\"]",
    ] {
        assert!(settings.contains(words), "no `{words}` in {settings}");
    }
    // What was not changed is no setting, and its comment stays with it.
    let text = repo.read("Dockerfile");
    assert!(!settings.contains("port = "), "{settings}");
    assert!(text.contains("# the balancer's list has this port\nEXPOSE 3000"), "{text}");
    // A command of one's own is carried, and dockgen's is gone.
    let at = text.find("HEALTHCHECK").expect("a check");
    let old = &text[at..=at + text[at..].find("]\n").expect("its end")];
    repo.edit("Dockerfile", old, "HEALTHCHECK --interval=10s CMD [\"node\", \"server.js\", \"--well\"]");
    taken_over(&repo, &["HEALTHCHECK --interval=10s CMD [\"node\", \"server.js\", \"--well\"]"]);
    assert_eq!(repo.read("Dockerfile").matches("HEALTHCHECK").count(), 1, "{}", repo.read("Dockerfile"));
}

#[test]
fn what_cannot_be_kept_is_shown_and_nothing_is_done_by_halves() {
    for (from, to, why) in [
        ("go build ", "go build -v ", "no setting says `RUN"),
        ("WORKDIR /src\n", "WORKDIR /src\nWORKDIR /src/x\n", "WORKDIR cannot stand there"),
        (
            "ENTRYPOINT [\"/hello\"]\n",
            "ENTRYPOINT [\"/hello\"]\n# the end\n",
            "the comment `# the end` stands above no",
        ),
        ("USER 65532:65532", "USER app", "runtime.user: expected a numeric user"),
        ("USER 65532:65532", "ENV API_TOKEN=hunter2\nUSER 65532:65532", "`API_TOKEN` looks like a secret"),
        ("EXPOSE 8080\n", "", "EXPOSE 8080/tcp was removed"),
        ("FROM scratch AS runtime", "FROM alpine\nFROM scratch AS runtime", "a stage without a name"),
        (
            "FROM scratch AS runtime",
            "FROM alpine AS a.b\nFROM scratch AS runtime",
            "there is no setting `stages.a.b",
        ),
        (
            "ENTRYPOINT [\"/hello\"]",
            "ENTRYPOINT [\"/hello\"]\nFROM runtime AS debug",
            "`debug` stands below what is shipped",
        ),
        (
            "FROM scratch AS runtime",
            "FROM alpine AS more\nCOPY --from=0 /src /src\nFROM scratch AS runtime",
            "line 2: `0` is not an earlier stage",
        ),
        (
            "FROM scratch AS runtime",
            "FROM alpine AS more\nENV API_TOKEN=hunter2\nFROM scratch AS runtime",
            "it holds what looks like a secret",
        ),
        (
            "# syntax=docker/dockerfile:1\n",
            "# syntax=docker/dockerfile:1\n# check=skip=all\n",
            "no setting says `# check=skip=all`",
        ),
        ("RUN go mod download\n", "RUN go mod download\n\n", "only the layout differs"),
    ] {
        let repo = Repo::new(GO);
        repo.run(&["init", "--yes"]).ended(0, &[]);
        // An edit that could be kept goes nowhere without the other.
        repo.edit("Dockerfile", from, to);
        if why != "only the layout differs" {
            repo.edit("Dockerfile", "ARG VERSION=dev", "LABEL team=shop\nARG VERSION=dev");
        }
        let ran = repo.run_without_a_trace(&["migrate", "--write", "--allow-dirty"]);
        // A secret is a finding of its own.
        ran.ended(i32::from(to.contains("TOKEN")), &["1 with nothing to do"]);
        assert!(ran.out.contains(why) && ran.out.contains("edited by hand: "), "no `{why}` in {ran}");
        assert!(!ran.out.contains("hunter2"), "{ran}");
    }
}

#[test]
fn an_edited_file_whose_repository_has_moved_is_left_alone() {
    let repo = Repo::new(GO);
    repo.run(&["init", "--yes"]).ended(0, &[]);
    repo.edit("Dockerfile", "ARG VERSION=dev", "LABEL team=shop\nARG VERSION=dev");
    repo.edit("main.go", ":8080", ":9090");
    let ran = repo.run_without_a_trace(&["migrate"]);
    ran.ended(0, &["1 with nothing to do"]);
    assert!(ran.out.contains("have changed since"), "{ran}");
    repo.run_without_a_trace(&["update"]).ended(1, &["`dockgen migrate`"]);
}

#[test]
fn a_stage_of_ones_own_and_what_is_copied_from_it_survive() {
    let repo = Repo::new(GO);
    repo.run(&["init", "--yes"]).ended(0, &[]);
    let tools = "# protoc is not in Alpine's packages\nFROM debian:trixie-slim AS tools\n# both at once\n\nRUN <<EOF\n\
                 apt-get update\n\napt-get install -y protobuf-compiler\nEOF\n";
    let lint =
        "FROM deps AS lint_it\nCOPY --from=tools /usr/bin/protoc /usr/bin/\nRUN go vet ./... # \"twice\"\n";
    let build = repo.read("Dockerfile");
    let build = build.lines().find(|line| line.starts_with("# build ")).expect("a stage").to_owned();
    repo.edit("Dockerfile", &build, &format!("{tools}\n{lint}\n{build}"));
    repo.edit(
        "Dockerfile",
        "ARG TARGETOS TARGETARCH",
        "# made anew\nCOPY --from=tools /usr/bin/protoc /usr/local/bin/\nARG TARGETOS TARGETARCH",
    );
    let edited = repo.read("Dockerfile");
    taken_over(
        &repo,
        &[tools, lint, "# made anew\nCOPY --from=tools /usr/bin/protoc /usr/local/bin/\nARG TARGETOS"],
    );
    let is_stamp = |line: &&str| line.starts_with("# dockgen:generated");
    let without_stamp =
        |text: &str| text.lines().filter(|line| !is_stamp(line)).collect::<Vec<_>>().join("\n");
    assert_eq!(without_stamp(&repo.read("Dockerfile")), without_stamp(&edited), "nothing else moves");
    let settings = repo.read("dockgen.toml");
    for words in [
        "[stages.tools]\ntext = ",
        "before = \"lint_it\"",
        "before = \"build\"",
        "[stages.build.above]\nARG = [",
    ] {
        assert!(settings.contains(words), "no `{words}` in {settings}");
    }
    // An edit of it is the later word.
    repo.edit("Dockerfile", "protobuf-compiler\n", "protobuf-compiler jq\n");
    taken_over(&repo, &["install -y protobuf-compiler jq\nEOF"]);
    // It stays when the repository moves, and the plan names it.
    repo.edit("go.mod", "go 1.26", "go 1.27");
    repo.run(&["update"]).ended(0, &[]);
    let text = repo.read("Dockerfile");
    assert!(text.contains("golang:1.27") && text.contains("AS tools\n") && text.contains(lint), "{text}");
    // A person takes it away where it is set, and is told so.
    let at = text.find("FROM deps AS lint_it").expect("a stage");
    repo.edit("Dockerfile", &text[at..at + lint.len()], "");
    let ran = repo.run_without_a_trace(&["migrate"]);
    ran.ended(0, &["1 with nothing to do"]);
    assert!(ran.out.contains("take `stages.lint_it` out of dockgen.toml"), "{ran}");
}

#[test]
fn comments_stay_above_their_instructions() {
    let repo = Repo::new(GO);
    repo.run(&["init", "--yes"]).ended(0, &[]);
    for (instruction, comment) in [
        ("FROM --platform=$BUILDPLATFORM golang", "# pinned until the audit"),
        ("WORKDIR /src\n", "# where the team expects it"),
        ("COPY . /src/", "# everything, also the templates"),
        ("FROM scratch AS runtime", "# nothing but the program"),
        ("LABEL org.opencontainers", "# read by the catalog"),
        ("USER 65532:65532", "# nobody"),
        ("EXPOSE 8080", "# the balancer"),
        ("ENTRYPOINT", "# as in the manual\n# (page 3)"),
    ] {
        repo.edit("Dockerfile", instruction, &format!("{comment}\n{instruction}"));
    }
    // One within a command stands above it, and one at the top stays there.
    repo.edit("Dockerfile", "    CGO_ENABLED=0", "    # needs 4 GB\n    CGO_ENABLED=0");
    repo.edit("Dockerfile", " hello\n\n", " hello\n# Owned by the platform team\n\n");
    taken_over(
        &repo,
        &[
            "# pinned until the audit\nFROM --platform",
            "# where the team expects it\nWORKDIR /src\n",
            "# everything, also the templates\nCOPY . /src/",
            "# nothing but the program\nFROM scratch",
            "# read by the catalog\nLABEL org",
            "# nobody\nUSER 65532:65532",
            "# as in the manual\n# (page 3)\nENTRYPOINT",
            "# needs 4 GB\nRUN --mount",
            "hello\n# Owned by the platform team\n\n",
        ],
    );
    let settings = repo.read("dockgen.toml");
    for words in ["\"RUN go build\" = [\"# needs 4 GB\"]", "remarks = [\"# Owned by the platform team\"]"] {
        assert!(settings.contains(words), "no `{words}` in {settings}");
    }
    assert!(!settings.contains("user = "), "a comment sets nothing: {settings}");
    // It stays above its instruction when that changes.
    repo.edit("go.mod", "go 1.26", "go 1.27");
    repo.run(&["update"]).ended(0, &[]);
    let text = repo.read("Dockerfile");
    assert!(text.contains("# pinned until the audit\nFROM --platform=$BUILDPLATFORM golang:1.27"), "{text}");
    // Where the instruction has gone, it is said, and nothing is lost.
    repo.run(&["init", "--set", "project.kind=worker"])
        .ended(0, &["nothing in the stage `runtime` begins with `EXPOSE` any more"]);
    let settings = repo.read("dockgen.toml");
    assert!(settings.contains("# the balancer"), "{settings}");
    repo.run_without_a_trace(&["check"]).ended(0, &["up to date"]);
}

#[test]
fn instructions_of_ones_own_keep_their_place() {
    let repo = Repo::new(&NODE[..2]);
    repo.run(&["init", "--yes", "--set", "runtime.image=node:24-trixie-slim"]).ended(0, &[]);
    repo.edit(
        "Dockerfile",
        "RUN --mount=type=bind,source=package.json",
        "# the proxy's certificate\nRUN update-ca-certificates\nRUN --mount=type=bind,source=package.json",
    );
    repo.edit("Dockerfile", "EXPOSE 3000", "# as the user\nRUN node --version\nEXPOSE 3000");
    taken_over(
        &repo,
        &[
            "# the proxy's certificate\nRUN update-ca-certificates\n# NO LOCK FILE",
            "# as the user\nRUN node --version\nEXPOSE 3000",
        ],
    );
    let settings = repo.read("dockgen.toml");
    assert!(settings.contains("\"RUN npm install\" = "), "{settings}");
    // Where what stood below it has gone, it stands at the end of its stage, and that is said.
    repo.write("yarn.lock", "# yarn lockfile v1\n");
    let ran = repo.run(&["update"]);
    assert!(ran.err.contains("begins with `RUN npm install` any more"), "{ran}");
    let text = repo.read("Dockerfile");
    assert!(text.contains("# the proxy's certificate\nRUN update-ca-certificates\n\n"), "{text}");
}

#[test]
fn a_stage_that_is_set_is_checked() {
    for (settings, why) in [
        (
            "[stages.more]\ntext = \"FROM alpine AS more\\nCOPY --from=runtime /hello /\"",
            "`stages.more.text`: stage `more` needs `runtime`, which is not an earlier stage",
        ),
        ("[stages.more]\ntext = \"FROM alpine AS other\"", "is a stage that is called `other`"),
        ("[stages.build]\ntext = \"FROM alpine AS build\"", "two stages are called `build`"),
        (
            "[stages.more]\ntext = \"FROM alpine AS more\"\nbefore = \"nowhere\"",
            "`stages.more.text`: there is no stage `nowhere`",
        ),
        (
            "[stages.a]\ntext = \"FROM x AS a\"\nbefore = \"b\"\n[stages.b]\ntext = \"FROM x AS b\"\nbefore = \"a\"",
            "it and others stand in front of each other",
        ),
        (
            "[stages.more]\ntext = \"FROM alpine AS more\"\npackages = [\"git\"]",
            "`more` is a stage of one's own, and says it itself",
        ),
        ("[stages.build]\nbefore = \"runtime\"", "`build` stands where the stack puts it"),
        ("[stages.more]\nbefore = \"runtime\"", "there is no stage `more`"),
        (
            "[stages.build.above]\nFROM = [\"RUN true\"]",
            "`stages.build.above.FROM`: an instruction cannot stand above its stage",
        ),
        ("[stages.build.above]\nrun = [\"# x\"]", "there is no setting `stages.build.above.run`"),
        ("[stages.build.above]\nRUN = [\"USER 0\"]", "USER cannot stand there"),
        ("[files]\nremarks = [\"FROM x\"]", "is not a comment"),
    ] {
        let repo = Repo::new(GO);
        repo.write("dockgen.toml", settings);
        repo.run_without_a_trace(&["init"]).ended(2, &[why]);
    }
    // Several of them in any order, each in front of what it is needed by; a name that the settings give is the one to use.
    let repo = Repo::new(GO);
    repo.write(
        "dockgen.toml",
        "[stages.build]\ntarget = \"compile\"\n[stages.a]\ntext = \"FROM b AS a\\nCOPY --from=compile /out /out\"\n\
         [stages.b]\ntext = \"FROM alpine:3 AS b\"\n",
    );
    repo.run(&["init", "--yes"]).ended(0, &[]);
    let text = repo.read("Dockerfile");
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("FROM ")?.rsplit(' ').next()).collect();
    assert_eq!(names, ["deps", "compile", "test", "b", "a", "runtime"], "{text}");
    // A company that lists the bases it allows means these as well.
    repo.write(
        "dockgen.toml",
        format!("{}[policy]\nallowed_bases = [\"golang\"]\n", repo.read("dockgen.toml")),
    );
    repo.run_without_a_trace(&["check"]).ended(2, &["uses `alpine:3`"]);
}
