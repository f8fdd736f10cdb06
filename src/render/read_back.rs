//! Reads printed files back with dockgen's own parser: the stages are the planned ones, the image is
//! started as planned, and no file that a COPY needs is hidden or missing.

use crate::diag::{Code, Diagnostic};
use crate::dockerfile::{self, IgnoreFile, ImageConfig, Stages};
use crate::fact::Place;
use crate::lint::{Context, hidden_sources, lint_own};
use crate::plan::service::{ExecForm, Service};
use crate::plan::stage::{Origin, Stage};
use crate::render::{RenderError, ServiceFiles};
use crate::repo::inventory::Inventory;
use crate::repo::path::RelPath;

/// The stages in the text, in order and with their origins, must be the planned ones, and the last must
/// run what was planned as the planned user. Whatever a repository's names and scripts hold, they can
/// neither add an instruction nor change one.
pub(super) fn stages_as_planned(service: &Service, text: &str) -> Result<(), RenderError> {
    let refuse = |why: String| Err(RenderError::NotAsPlanned { service: service.name.clone(), why });
    let (file, problems) = dockerfile::parse(text);
    if let Some(problem) = problems.iter().find(|problem| problem.kind.stops_build()) {
        return refuse(format!("line {}: {}", problem.line, problem.kind));
    }
    let stages = Stages::of(&file);
    if let Some(problem) = stages.problems().first() {
        return refuse(format!("line {}: {}", problem.line, problem.kind));
    }
    for instruction in file.instructions() {
        if let Err(bad) = instruction.meaning() {
            return refuse(format!("line {}: {bad}", instruction.line));
        }
    }
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_deref().unwrap_or("?")).collect();
    let planned: Vec<&str> = service.stages.iter().map(Stage::printed_name).collect();
    if names != planned {
        return refuse(format!("planned {}, printed {}", planned.join(", "), names.join(", ")));
    }
    for (stage, planned) in stages.iter().zip(service.stages.iter()) {
        let origin = match &stage.origin {
            dockerfile::Origin::Scratch => "scratch".to_owned(),
            dockerfile::Origin::Stage(at) => names[*at].to_owned(),
            dockerfile::Origin::Image(image) => image.to_string(),
            dockerfile::Origin::Unclear(text) => text.clone(),
        };
        let wanted = match &planned.from.value {
            Origin::Image(image) => image.clone(),
            Origin::Stage(name) => {
                let stage = service.stages.get(name.as_str());
                stage.map_or(name.as_str(), Stage::printed_name).to_owned()
            }
        };
        if origin != wanted {
            return refuse(format!("{} starts from {origin}, not from {wanted}", planned.name));
        }
    }
    let Some(last) = stages.last() else { return refuse("there are no stages".to_owned()) };
    match differs(service, &stages.evaluated(last)) {
        Some(why) => refuse(why),
        None => Ok(()),
    }
}

/// What the image would do other than planned.
fn differs(service: &Service, image: &ImageConfig) -> Option<String> {
    let runtime = &service.runtime;
    let words = |form: Option<&ExecForm>| form.map(|form| form.words().to_vec());
    let entrypoint = words(runtime.entrypoint.as_ref().map(|form| &form.value));
    let command = words(runtime.command.as_ref().map(|form| &form.value));
    if image.entrypoint != entrypoint {
        return Some(format!("ENTRYPOINT is {:?}, planned {entrypoint:?}", image.entrypoint));
    }
    if image.cmd != command {
        return Some(format!("CMD is {:?}, planned {command:?}", image.cmd));
    }
    if image.user.as_ref() != Some(&runtime.user.value) {
        return Some(format!("USER is {:?}, planned {}", image.user, runtime.user.value));
    }
    let mut ports: Vec<u16> = image.ports().map(|(port, _)| port).collect();
    ports.sort_unstable();
    ports.dedup();
    if ports != planned_ports(service) {
        return Some(format!("EXPOSE is {ports:?}"));
    }
    let wrong = runtime.env.iter().find(|(name, value)| image.env.get(name.as_str()) != Some(&value.value));
    wrong.map(|(name, value)| {
        format!("ENV {name} is {:?}, planned {:?}", image.env.get(name.as_str()), value.value)
    })
}

/// The port of the program, and those that people carry along.
fn planned_ports(service: &Service) -> Vec<u16> {
    let carried = service.stages.runtime().carried.iter().map(|text| text.value.as_str());
    let text: String = std::iter::once("FROM scratch").chain(carried).flat_map(|line| [line, "\n"]).collect();
    let (file, _) = dockerfile::parse(&text);
    let stages = Stages::of(&file);
    let carried = stages.last().map(|last| stages.evaluated(last)).unwrap_or_default();
    let mut ports: Vec<u16> = carried.ports().map(|(port, _)| port).collect();
    ports.extend(service.runtime.port.iter().map(|port| port.value));
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// What is wrong with the files of a service, given what the repository holds. For dockgen's own templates
/// a finding is a defect; it keeps the files from being written.
pub fn read_back(service: &Service, files: &ServiceFiles, inventory: &Inventory) -> Vec<Diagnostic> {
    let (dockerfile, _) = dockerfile::parse(&files.dockerfile.text);
    let (path, text) = ignore_file(service, files, inventory);
    let ignore = match IgnoreFile::parse(text) {
        Ok(ignore) => ignore,
        Err(bad) => {
            let place = Place { file: path.clone(), line: Some(bad.line) };
            return vec![Diagnostic::error(Code::ReadBack, bad.to_string()).at(place)];
        }
    };
    let paths = context_paths(service, inventory);
    let context = Context { paths: &paths, ignore: Some(&ignore) };
    // What a person wants carried is theirs, as it is.
    let carried: Vec<&str> = service
        .stages
        .iter()
        .flat_map(|stage| {
            let above = stage.above.values().flat_map(|lines| &lines.value);
            let texts = stage.carried.iter().chain(&stage.text).map(|text| &text.value);
            texts.chain(above).flat_map(|text| text.lines())
        })
        .map(str::trim_end)
        .collect();
    let line = |number: u32| {
        files.dockerfile.text.lines().nth((number as usize).saturating_sub(1)).unwrap_or_default()
    };
    let others = match &files.dockerignore {
        Some(_) => String::new(),
        None => format!("`{path}` is a person's file, which `files.dockerignore = false` leaves as it is. "),
    };
    lint_own(&dockerfile, Some(context))
        .into_iter()
        .filter(|finding| !carried.contains(&line(finding.line).trim_end()))
        .map(|finding| {
            let place = Place { file: files.dockerfile.path.clone(), line: Some(finding.line) };
            let help = format!("{others}{}", finding.help);
            Diagnostic::error(Code::ReadBack, finding.message).at(place).help(help)
        })
        .collect()
}

/// The sources that the Dockerfile needs and the ignore file hides.
pub(super) fn hidden(service: &Service, files: &ServiceFiles, inventory: &Inventory) -> Vec<String> {
    let (dockerfile, _) = dockerfile::parse(&files.dockerfile.text);
    let Some(own) = &files.dockerignore else { return Vec::new() };
    let Ok(ignore) = IgnoreFile::parse(&own.text) else { return Vec::new() };
    let paths = context_paths(service, inventory);
    hidden_sources(&dockerfile, Context { paths: &paths, ignore: Some(&ignore) })
}

/// The ignore file that a build reads: the one that is printed, or the one that people have.
fn ignore_file<'f>(
    service: &Service,
    files: &'f ServiceFiles,
    inventory: &'f Inventory,
) -> (RelPath, &'f str) {
    if let Some(file) = &files.dockerignore {
        return (file.path.clone(), &file.text);
    }
    let beside = crate::plan::ignore_file_beside(service);
    let usual = service.context.join(".dockerignore").unwrap_or_default();
    let theirs = inventory.doc(&beside).or_else(|| inventory.doc(&usual));
    theirs.map_or((usual, ""), |doc| (doc.path.clone(), &**doc.text))
}

/// The files of the build context, from its root.
fn context_paths<'i>(service: &Service, inventory: &'i Inventory) -> Vec<&'i str> {
    let cut = if service.context.is_root() { 0 } else { service.context.as_str().len() + 1 };
    let within = inventory.files().filter(|(path, _)| path.is_within(&service.context));
    within.map(|(path, _)| &path.as_str()[cut..]).collect()
}
