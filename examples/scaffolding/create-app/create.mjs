#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const target = resolve(process.argv[2] ?? "app");
cpSync(join(dirname(fileURLToPath(import.meta.url)), "template"), target, { recursive: true });
for (const file of ["package.json", "package-lock.json"]) {
  const path = join(target, file);
  writeFileSync(path, readFileSync(path, "utf8").replaceAll("{{ name }}", target.split(/[\\/]/).pop()));
}
const made = spawnSync("dockgen", ["init", "--yes", "--if-detected"], { cwd: target, stdio: "inherit" });
process.exitCode = made.status ?? 1;
