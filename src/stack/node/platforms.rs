//! Commands that start what no container can: emulators of platforms, programs with windows, apps for telephones. A script
//! that calls one does not say what runs.

use crate::fact::Fact;
use crate::repo::dir::Dir;
use crate::stack::node::manifest::Package;
use crate::stack::node::start::{self, Start};

/// Commands that start what only another platform runs, or an emulator of it on a person's machine.
const PLATFORMS: &[(&[&str], &str)] = &[
    // https://www.serverless.com/framework/docs, https://github.com/dherault/serverless-offline
    (&["serverless", "sls", "sst"], "these functions run at their provider"),
    // https://learn.microsoft.com/azure/azure-functions/functions-core-tools-reference
    (&["func"], "these functions run at their provider"),
    // https://developers.cloudflare.com/workers/wrangler/commands/
    (&["wrangler"], "this is built for Cloudflare Workers"),
    // https://vercel.com/docs/cli, https://docs.netlify.com/cli, https://firebase.google.com/docs/cli
    (&["vercel", "netlify", "firebase"], "this is an emulator of a platform"),
    // https://www.electronjs.org/docs/latest/tutorial/tutorial-first-app, https://tauri.app/reference/cli/
    (&["electron", "electron-forge", "electron-vite", "tauri"], "this is a program with windows"),
    // https://docs.expo.dev/more/expo-cli/, https://reactnative.dev/docs/environment-setup
    (&["expo", "react-native"], "this is an app for telephones"),
];

/// Why a command starts nothing in a container.
pub(super) fn of(command: &str) -> Option<&'static str> {
    PLATFORMS.iter().find(|(commands, _)| commands.contains(&command)).map(|(_, why)| *why)
}

/// The first of these scripts that calls such a command, and why it does not count.
pub(super) fn called(
    package: &Package<'_>,
    scripts: &[&str],
    dir: &Dir<'_>,
) -> Option<(Fact<String>, &'static str)> {
    scripts
        .iter()
        .filter_map(|name| package.script(name))
        .find_map(|line| why(&line, package, dir).map(|why| (line, why)))
}

/// Does this script call such a command?
pub(super) fn starts(line: &Fact<String>, package: &Package<'_>, dir: &Dir<'_>) -> bool {
    why(line, package, dir).is_some()
}

fn why(line: &Fact<String>, package: &Package<'_>, dir: &Dir<'_>) -> Option<&'static str> {
    match start::decode(&line.value, Some(package), dir)?.start {
        Start::Tool { name, .. } => of(&name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;
    use crate::plan::plan;
    use crate::repo::Inventory;

    #[test]
    fn what_another_platform_runs_is_no_program() {
        const SERVER: (&str, &str) = ("server.js", "require('express')().listen(1)");
        for start in
            ["serverless offline start", "sls offline", "electron .", "expo start", "npx wrangler dev"]
        {
            let manifest = format!(r#"{{"scripts":{{"start":"{start}"}},"dependencies":{{"express":"5"}}}}"#);
            let files = [
                ("package.json", manifest.as_str()),
                ("package-lock.json", "{}"),
                ("handler.js", "module.exports.run = serverless(app)"),
            ];
            let commands = |more: Option<(&'static str, &'static str)>| {
                let plan = plan(&Inventory::from_files(files.into_iter().chain(more)), &Settings::default());
                let services = plan.services.into_iter();
                services
                    .filter_map(|service| Some(service.runtime.command?.value.words().join(" ")))
                    .collect::<Vec<_>>()
            };
            assert_eq!(commands(None), [] as [&str; 0], "{start}");
            assert_eq!(commands(Some(SERVER)), ["server.js"], "{start}");
        }
    }

    #[test]
    fn a_script_for_a_server_counts_where_the_start_is_elsewhere() {
        let command = |scripts: &str| {
            let manifest = format!(r#"{{"scripts":{{{scripts}}},"dependencies":{{"express":"5"}}}}"#);
            let files = [
                ("package.json", manifest.as_str()),
                ("package-lock.json", "{}"),
                ("serve/index.js", "require('express')().listen(1)"),
            ];
            let plan = plan(&Inventory::from_files(files), &Settings::default());
            Some(plan.services.first()?.runtime.command.as_ref()?.value.words().join(" "))
        };
        for (scripts, expected) in [
            (
                r#""start":"node --run window","window":"electron .","server":"node ./serve""#,
                Some("serve/index.js"),
            ),
            (r#""start":"electron .","server":"expo start""#, None),
            (r#""start":"node serve/index.js --all","server":"node ./serve""#, Some("serve/index.js --all")),
        ] {
            assert_eq!(command(scripts).as_deref(), expected, "{scripts}");
        }
    }
}
