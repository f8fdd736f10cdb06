#!/usr/bin/env node
// Starts the program out of the package of this platform. Nothing is downloaded when it is installed, so that it works
// with --ignore-scripts and behind mirrors.
"use strict";

const { spawnSync } = require("node:child_process");

const name = `dockgen-${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "dockgen.exe" : "dockgen";

let program;
try {
  program = require.resolve(`${name}/bin/${file}`);
} catch {
  console.error(`error: dockgen has no program for ${process.platform} on ${process.arch}`);
  console.error(`help: the optional package ${name} holds it; install without --omit=optional`);
  process.exit(4);
}

const ended = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (ended.error) {
  console.error(`error: cannot start ${program}: ${ended.error.message}`);
  process.exit(4);
}
if (ended.signal) process.kill(process.pid, ended.signal);
process.exit(ended.status ?? 1);
