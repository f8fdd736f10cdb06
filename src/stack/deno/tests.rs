//! What is planned for configurations as people write them.

use crate::config::Settings;
use crate::plan::plan;
use crate::plan::service::Plan;
use crate::repo::Inventory;

const SERVER: (&str, &str) = ("main.ts", "Deno.serve((_req) => new Response(\"hi\"));\n");

fn planned(files: &[(&str, &str)]) -> Plan {
    plan(&Inventory::from_files(files.iter().copied()), &Settings::default())
}

/// The command and the port of the one service.
fn check(files: &[(&str, &str)], command: &str, port: Option<u16>) {
    let plan = planned(files);
    assert_eq!(plan.services.len(), 1, "{files:?}: {:?}", plan.diagnostics);
    let runtime = &plan.services[0].runtime;
    let words = runtime.command.as_ref().map(|words| words.value.to_string());
    assert_eq!(words.as_deref(), Some(command), "{files:?}");
    assert_eq!(runtime.port.as_ref().map(|port| port.value), port, "{files:?}");
}

#[test]
fn tasks_say_what_is_started() {
    for (tasks, command, port) in [
        ("", "run --cached-only --allow-net --allow-env --allow-read main.ts", 8000),
        (r#""start": "deno run -A --watch main.ts""#, "run --cached-only -A main.ts", 8000),
        (
            r#""start": "deno task serve", "serve": "deno run -N ./main.ts x""#,
            "run --cached-only -N main.ts x",
            8000,
        ),
        (
            r#""start": {"command": "deno serve --port 9000 main.ts"}"#,
            "serve --cached-only --port 9000 main.ts",
            9000,
        ),
        (r#""dev": "deno run --env-file --watch -A main.ts""#, "run --cached-only -A main.ts", 8000),
        (
            r#""start": "deno run -A npm:vite preview""#,
            "run --cached-only --allow-net --allow-env --allow-read main.ts",
            8000,
        ),
    ] {
        let config = format!("{{ // tasks\n\"tasks\": {{ {tasks} }} }}");
        check(&[("deno.jsonc", &config), SERVER], command, Some(port));
    }
}

#[test]
fn ports_are_read_from_the_source() {
    const RUN: &str = "run --cached-only --allow-net --allow-env --allow-read main.ts";
    for (code, port) in [
        ("Deno.serve({ port: 8080 }, handler);", Some(8080)),
        ("const port = Number(Deno.env.get(\"PORT\") ?? 4000);\nDeno.serve({ port }, f);", Some(4000)),
        ("await app.listen({ port: 8100 });", Some(8100)),
        ("console.log(1);", None),
    ] {
        check(&[("deno.json", "{}"), ("main.ts", code)], RUN, port);
    }
}

#[test]
fn a_package_json_is_for_node_unless_deno_locks() {
    let package = ("package.json", r#"{"scripts":{"start":"node main.js"},"dependencies":{}}"#);
    let files =
        [package, ("deno.json", "{}"), SERVER, ("main.js", "require('http').createServer().listen(3000)")];
    let stack = |files: &[(&str, &str)]| planned(files).services[0].stack.value.clone();
    assert_eq!(stack(&files), "node");
    let locked: Vec<_> = files.into_iter().chain([("deno.lock", "{}")]).collect();
    assert_eq!(stack(&locked), "deno");
}

#[test]
fn fresh_is_served_with_the_permissions_of_its_development() {
    let config =
        r#"{"tasks": {"start": "deno run -A --watch=static/ dev.ts"}, "importMap": "./import_map.json"}"#;
    let main = "import { start } from \"$fresh/server.ts\";\nawait start(manifest);\n";
    let files = [("deno.json", config), ("dev.ts", ""), ("import_map.json", "{}"), ("main.ts", main)];
    check(&files, "run --cached-only -A main.ts", Some(8000));
    assert_eq!(planned(&files).services[0].tool["copies"][0]["sources"][1], "import_map.json");
}

#[test]
fn a_library_is_no_service() {
    let plan =
        planned(&[("deno.json", r#"{"name": "@a/b", "exports": "./lib.ts"}"#), ("lib.ts", "export {};")]);
    assert!(plan.services.is_empty());
}
