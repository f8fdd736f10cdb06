//! The package managers as rows: their commands, variables, settings, and which release wrote which lock file.
//!
//! How they are used is decided in `package_manager.rs`.

use serde::Serialize;

use crate::plan::run::Sharing;
use crate::stack::node::package_manager::Kind;

/// The commands of one manager.
pub(super) struct Row {
    pub kind: Kind,
    /// Its command.
    pub name: &'static str,
    /// Installs what the lock file says, or fails.
    pub locked: &'static str,
    /// Installs what the ranges allow today.
    pub unlocked: &'static str,
    /// Added for a production tree.
    pub production: &'static str,
    /// Leaves install scripts out.
    pub ignore_scripts: &'static str,
    /// Where downloads are kept between builds.
    pub cache: &'static str,
    /// May two stages fill it at once?
    pub sharing: Sharing,
    /// Variables of the stages that use it, from a major release on.
    pub env: &'static [(u64, &'static [(&'static str, &'static str)])],
    /// What the variables are for.
    pub env_reason: &'static str,
    /// Its settings, mounted where they exist. A folder ends with `/`.
    pub settings: &'static [&'static str],
}

pub(super) const ROWS: &[Row] = &[
    Row {
        kind: Kind::Npm,
        name: "npm",
        locked: "npm ci",
        unlocked: "npm install --no-audit --no-fund",
        production: "--omit=dev",
        ignore_scripts: "--ignore-scripts",
        cache: "/root/.npm",
        sharing: Sharing::Shared,
        env: &[],
        env_reason: "",
        settings: &[".npmrc"],
    },
    Row {
        kind: Kind::YarnClassic,
        name: "yarn",
        locked: "yarn install --frozen-lockfile",
        unlocked: "yarn install",
        production: "--production",
        ignore_scripts: "--ignore-scripts",
        cache: "/root/.cache/yarn",
        // It unpacks in place, so that two installs at once spoil each other:
        // https://classic.yarnpkg.com/en/docs/cli/#toc-concurrency-and-mutex
        sharing: Sharing::Locked,
        env: &[(0, &[("YARN_CACHE_FOLDER", "/root/.cache/yarn")])],
        env_reason: "yarn keeps its downloads in the cache mount",
        settings: &[".npmrc", ".yarnrc", ".yarnclean"],
    },
    Row {
        kind: Kind::YarnBerry,
        name: "yarn",
        locked: "yarn install --immutable",
        unlocked: "yarn install --no-immutable",
        production: "",
        ignore_scripts: "--mode=skip-build",
        cache: "/root/.cache/yarn",
        sharing: Sharing::Locked,
        // https://yarnpkg.com/configuration/yarnrc: a plain node_modules folder is what can be copied.
        env: &[(
            0,
            &[
                ("YARN_ENABLE_TELEMETRY", "0"),
                ("YARN_GLOBAL_FOLDER", "/root/.cache/yarn"),
                ("YARN_ENABLE_GLOBAL_CACHE", "true"),
                ("YARN_NODE_LINKER", "node-modules"),
            ],
        )],
        env_reason: "yarn fills a plain node_modules, and keeps its downloads in the cache mount",
        settings: &[".yarnrc.yml", ".yarn/releases/", ".yarn/plugins/", ".yarn/patches/"],
    },
    Row {
        kind: Kind::Pnpm,
        name: "pnpm",
        locked: "pnpm install --frozen-lockfile",
        unlocked: "pnpm install --no-frozen-lockfile",
        production: "--prod",
        ignore_scripts: "--ignore-scripts",
        cache: "/pnpm/store",
        sharing: Sharing::Shared,
        // pnpm fetches the version of `packageManager` itself unless told not to; exactly that one is installed.
        // https://pnpm.io/settings#managepackagemanagerversions, https://pnpm.io/settings#pmonfail
        // From 11 on variables have a prefix of their own, and a package whose install script nobody approved
        // fails the install: https://pnpm.io/settings#strictdepbuilds. Those that matter are built by name.
        env: &[
            (
                11,
                &[
                    ("CI", "1"),
                    ("pnpm_config_store_dir", "/pnpm/store"),
                    ("pnpm_config_pm_on_fail", "ignore"),
                    ("pnpm_config_strict_dep_builds", "false"),
                ],
            ),
            (
                0,
                &[
                    ("CI", "1"),
                    ("npm_config_store_dir", "/pnpm/store"),
                    ("npm_config_manage_package_manager_versions", "false"),
                    ("npm_config_package_manager_strict", "false"),
                ],
            ),
        ],
        env_reason: "pnpm asks nothing, stays this version, and keeps its store in the cache mount",
        settings: &[".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs", ".pnpmfile.mjs"],
    },
    Row {
        kind: Kind::Bun,
        name: "bun",
        locked: "bun install --frozen-lockfile",
        unlocked: "bun install",
        production: "--production",
        ignore_scripts: "--ignore-scripts",
        cache: "/root/.bun/install/cache",
        sharing: Sharing::Shared,
        env: &[],
        env_reason: "",
        settings: &[".npmrc", "bunfig.toml"],
    },
];

/// The npm of old Node.js lines: what it lacks, and the words that it has for the same.
/// <https://github.com/npm/cli/blob/v6.14.18/CHANGELOG.md>, <https://nodejs.org/dist/index.json>
#[derive(Debug, Serialize)]
pub(super) struct OldNpm {
    /// The Node.js lines that bring it.
    pub lines: &'static [u64],
    /// Installs what the lock file says.
    pub locked: &'static str,
    /// Added for a production tree.
    pub production: &'static str,
}

/// `npm ci` came with npm 5.7, `--omit` with npm 7.
pub(super) const OLD_NPM: &[OldNpm] = &[
    OldNpm { lines: &[8, 10, 11, 12, 13, 14], locked: "npm ci", production: "--only=production" },
    OldNpm { lines: &[0, 4, 5, 6, 7, 9], locked: "npm install", production: "--only=production" },
];

/// Which release of a manager writes a lock file of which format, newest known first.
/// <https://github.com/pnpm/spec/tree/master/lockfile>, <https://github.com/yarnpkg/berry/blob/master/packages/yarnpkg-core/sources/Project.ts>
pub(super) const WRITTEN_BY: &[(Kind, &str, &str)] = &[
    (Kind::Pnpm, "9.0", "10.34.8"),
    (Kind::Pnpm, "6.1", "8.15.9"),
    (Kind::Pnpm, "6.0", "8.15.9"),
    (Kind::Pnpm, "5.4", "7.33.7"),
    (Kind::Pnpm, "5.3", "6.35.1"),
    (Kind::YarnBerry, "4", "2.4.2"),
    (Kind::YarnBerry, "5", "3.1.1"),
    (Kind::YarnBerry, "6", "3.8.7"),
    (Kind::YarnBerry, "7", "4.0.2"),
    (Kind::YarnBerry, "8", "4.18.1"),
];

/// The release that is installed when neither `packageManager` nor a lock file says more.
pub(super) const NEWEST: &[(Kind, &str)] = &[
    (Kind::Pnpm, "10.34.8"),
    (Kind::YarnBerry, "4.18.1"),
    (Kind::YarnClassic, "1.22.22"),
    (Kind::Bun, "1.4.5"),
];
