//! How hard an old Dockerfile is to migrate, from its text alone: what stands in the way, with lines and reasons.

use serde::{Deserialize, Serialize};

use super::known::Installer;
use crate::dockerfile::packages::{self, Manager};
use crate::dockerfile::script::{self, Command};
use crate::dockerfile::{Dockerfile, Form, Instruction, Keyword, Meaning, Origin, Problem, Stages};
use crate::lint::piped;

/// Something that keeps a file from being rebuilt in stages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// Where it is.
    pub line: u32,
    /// What kind of thing it is; reports group by it.
    pub kind: ObstacleKind,
    /// What is there and why it matters, in a sentence.
    pub why: String,
}

/// The kinds of obstacles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// A build would refuse the file.
    Unreadable,
    /// `# syntax` names a frontend other than Docker's.
    ForeignFrontend,
    /// A Windows image.
    Windows,
    /// Instructions for images that start from this one.
    Onbuild,
    /// A process manager starts several programs.
    Supervisor,
    /// Several services in one image.
    SeveralServices,
    /// A download is run unread.
    PipedDownload,
    /// The file has stages already.
    HasStages,
    /// The image is somebody's own, or not an official one.
    UnknownBase,
    /// The repository holds no program that dockgen recognises.
    NoApplication,
    /// The program is not in the repository but downloaded by the file.
    FetchedProgram,
    /// Where the file stands or what it is called: dockgen writes `Dockerfile` beside the manifest.
    OtherPlace,
    /// The program starts in a way that dockgen would have to guess about.
    UnclearStart,
    /// The plan of the stack cannot be made or printed.
    NoPlan,
    /// A file of dockgen's own, with edits that no setting says.
    EditedByHand,
}

impl ObstacleKind {
    /// Its name in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Unreadable => "a build refuses the file",
            Self::ForeignFrontend => "another frontend reads the file",
            Self::Windows => "a Windows image",
            Self::Onbuild => "ONBUILD",
            Self::Supervisor => "a process manager",
            Self::SeveralServices => "several services in one image",
            Self::PipedDownload => "a download is run unread",
            Self::HasStages => "has stages already",
            Self::UnknownBase => "an unknown or private base image",
            Self::NoApplication => "no application that dockgen recognises",
            Self::FetchedProgram => "the program is not in the repository",
            Self::OtherPlace => "not the file that dockgen writes",
            Self::UnclearStart => "an unclear start",
            Self::NoPlan => "no plan",
            Self::EditedByHand => "edited by hand",
        }
    }

    /// Whether not even the text may be touched.
    pub fn forbids_everything(self) -> bool {
        matches!(self, Self::Unreadable | Self::ForeignFrontend)
    }
}

/// Packages that are a service of their own, beside the program.
const SERVICES: &[&str] = &[
    "mysql-server",
    "mariadb-server",
    "default-mysql-server",
    "postgresql",
    "redis-server",
    "redis",
    "mongodb",
    "mongodb-org",
    "rabbitmq-server",
    "memcached",
    "openssh-server",
    "cron",
    "cronie",
    "dcron",
    "elasticsearch",
    "postfix",
    "sendmail",
    "exim4",
    "slapd",
    "vsftpd",
    "proftpd",
    "beanstalkd",
    "influxdb",
];

/// Packages and programs that start several programs.
const SUPERVISORS: &[&str] = &[
    "supervisor",
    "supervisord",
    "runit",
    "monit",
    "s6",
    "s6-overlay",
    "s6-svscan",
    "circus",
    "circusd",
    "runsvdir",
    "my_init",
    "systemd",
    "honcho",
    "foreman",
    "pm2-runtime",
    "dinit",
];

/// Bases that bring a process manager.
const SUPERVISED_BASES: &[&str] = &[
    "baseimage",
    "baseimage-docker",
    "passenger-full",
    "passenger-nodejs",
    "passenger-ruby",
    "s6-overlay",
    "nginx-php-fpm",
];

/// Everything that stands in the way of a rebuild, in file order.
pub fn assess(dockerfile: &Dockerfile, problems: &[Problem], stages: &Stages<'_>) -> Vec<Obstacle> {
    let mut found = Found(Vec::new());
    for problem in problems.iter().filter(|problem| problem.kind.stops_build()) {
        found.add(problem.line, ObstacleKind::Unreadable, problem.kind.to_string());
    }
    if stages.last().is_none() && found.0.is_empty() {
        found.add(1, ObstacleKind::Unreadable, "there is no FROM");
    }
    for problem in stages.problems() {
        found.add(problem.line, ObstacleKind::Unreadable, problem.kind.to_string());
    }
    if let Some(frontend) = dockerfile.directive("syntax")
        && !is_dockers(frontend)
    {
        found.add(
            1,
            ObstacleKind::ForeignFrontend,
            format!("`{frontend}` reads this file, not Docker's frontend"),
        );
    }
    if stages.iter().count() > 1 {
        let line = stages.iter().nth(1).map_or(1, |stage| stage.line);
        let count = stages.iter().count();
        found.add(line, ObstacleKind::HasStages, format!("the file has {count} stages already"));
    }
    for stage in stages {
        base(stage.line, &stage.origin, &mut found);
        for instruction in &stage.instructions {
            judge(instruction, dockerfile, &mut found);
        }
    }
    found.0.sort_by_key(|obstacle| (obstacle.line, obstacle.kind));
    found.0
}

struct Found(Vec<Obstacle>);

impl Found {
    fn add(&mut self, line: u32, kind: ObstacleKind, why: impl Into<String>) {
        self.0.push(Obstacle { line, kind, why: why.into() });
    }
}

/// <https://docs.docker.com/build/buildkit/frontend/>
fn is_dockers(frontend: &str) -> bool {
    let name = frontend.trim_start_matches("docker.io/");
    name.starts_with("docker/dockerfile:")
        || name == "docker/dockerfile"
        || name.starts_with("docker/dockerfile-upstream")
}

fn base(line: u32, origin: &Origin, found: &mut Found) {
    let Origin::Image(image) = origin else { return };
    let name = image.repository.to_ascii_lowercase();
    let tag = image.tag.as_deref().unwrap_or_default().to_ascii_lowercase();
    if ["windows", "nanoserver", "servercore"].iter().any(|word| name.contains(word) || tag.contains(word)) {
        found.add(line, ObstacleKind::Windows, format!("`{image}` is a Windows image"));
    }
    if SUPERVISED_BASES.contains(&image.short_name()) {
        found.add(line, ObstacleKind::Supervisor, format!("`{image}` starts several programs"));
    }
}

fn judge(instruction: &Instruction, dockerfile: &Dockerfile, found: &mut Found) {
    let line = instruction.line;
    match instruction.meaning() {
        Ok(Meaning::Onbuild(_)) => {
            found.add(
                line,
                ObstacleKind::Onbuild,
                "images that start from this one run it; dockgen cannot see them",
            );
        }
        Ok(Meaning::Shell(words))
            if words.iter().any(|word| word.contains("powershell") || word.contains("cmd")) =>
        {
            found.add(line, ObstacleKind::Windows, "commands run in a shell of Windows");
        }
        Ok(Meaning::Run(run)) => {
            let commands = match &run.form {
                Form::Exec(words) => script::commands(&words.join(" ")),
                Form::Shell(text) => match instruction.heredocs.first() {
                    Some(heredoc) if text.starts_with("<<") => {
                        script::commands(dockerfile.slice(&heredoc.body))
                    }
                    _ => script::commands(text),
                },
            };
            judge_commands(line, &commands, found);
        }
        Ok(Meaning::Cmd(form) | Meaning::Entrypoint(form)) => start(line, &instruction.keyword, &form, found),
        _ => {}
    }
}

fn judge_commands(line: u32, commands: &[Command], found: &mut Found) {
    // What is known to bring a toolchain and nothing else is what a stage has anyway.
    if piped(commands).iter().any(|pipe| Installer::of(pipe.fetcher).is_none()) {
        found.add(
            line,
            ObstacleKind::PipedDownload,
            "a download is handed to a shell, and nobody knows what it does",
        );
    }
    for command in commands {
        let Some(install) = packages::installed(command) else { continue };
        for package in &install.packages {
            let name = packages::bare(&package.text);
            let is_service = SERVICES.contains(&name)
                || install.manager == Manager::Apt && name.starts_with("postgresql-9");
            if is_service {
                found.add(
                    line,
                    ObstacleKind::SeveralServices,
                    format!("`{name}` is a service of its own, and an image should hold one"),
                );
            }
            if SUPERVISORS.contains(&name) {
                found.add(line, ObstacleKind::Supervisor, format!("`{name}` starts several programs"));
            }
        }
    }
    for command in commands.iter().filter(|command| is_pip_or_npm(command)) {
        for word in command.operands().filter(|word| SUPERVISORS.contains(&packages::bare(&word.text))) {
            found.add(line, ObstacleKind::Supervisor, format!("`{}` starts several programs", word.text));
        }
    }
}

fn is_pip_or_npm(command: &Command) -> bool {
    ["pip", "pip3", "npm", "gem"].iter().any(|program| command.is(program, "install"))
}

fn start(line: u32, keyword: &Keyword, form: &Form, found: &mut Found) {
    let text = match form {
        Form::Exec(words) if words.len() == 3 && matches!(words[1].as_str(), "-c" | "-lc" | "-ec") => {
            words[2].clone()
        }
        Form::Exec(words) => words.join(" "),
        Form::Shell(text) => text.clone(),
    };
    let commands = script::commands(&text);
    for command in &commands {
        let program = command.program().unwrap_or_default();
        if SUPERVISORS.contains(&program) || (program == "init" && command.args().is_empty()) {
            found.add(
                line,
                ObstacleKind::Supervisor,
                format!("{keyword} starts `{program}`, which starts several programs"),
            );
        }
    }
    let started = commands.iter().filter(|command| {
        command.program() == Some("service") && command.args().last().is_some_and(|word| word.text == "start")
            || command.then == script::Then::Background
    });
    if started.count() > 0 {
        found.add(line, ObstacleKind::SeveralServices, format!("{keyword} starts more than one program"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn kinds(text: &str) -> Vec<ObstacleKind> {
        let (dockerfile, problems) = parse(text);
        assess(&dockerfile, &problems, &Stages::of(&dockerfile))
            .iter()
            .map(|obstacle| obstacle.kind)
            .collect()
    }

    #[test]
    fn finds() {
        use ObstacleKind::*;
        for (text, want) in [
            ("", vec![Unreadable]),
            ("FROM a\nFOO\n", vec![Unreadable]),
            ("# syntax=me/mine\nFROM a\n", vec![ForeignFrontend]),
            ("FROM mcr.microsoft.com/windows/nanoserver:1809\n", vec![Windows]),
            ("FROM a\nONBUILD RUN x\n", vec![Onbuild]),
            ("FROM a\nRUN apt-get install -y supervisor mysql-server\n", vec![Supervisor, SeveralServices]),
            ("FROM a\nCMD [\"/usr/bin/supervisord\"]\n", vec![Supervisor]),
            ("FROM phusion/baseimage:0.9\n", vec![Supervisor]),
            ("FROM a\nCMD service nginx start && node x\n", vec![SeveralServices]),
            ("FROM a\nRUN curl https://x | sh\n", vec![PipedDownload]),
            ("FROM a AS b\nFROM c\nCOPY --from=b x y\n", vec![HasStages]),
        ] {
            assert_eq!(kinds(text), want, "{text}");
        }
    }

    #[test]
    fn finds_not() {
        for text in [
            "FROM node:8\nCOPY . .\nRUN npm install && curl -o x y\nCMD npm start\n",
            "# syntax=docker/dockerfile:1.4\nFROM a\nRUN apt-get install -y postgresql-client && echo supervisor\n",
            "FROM a\nCMD [\"sh\", \"-c\", \"exec node x\"]\n",
            "FROM ubuntu:16.04\nRUN curl -sL https://deb.nodesource.com/setup_8.x | bash -\n",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
