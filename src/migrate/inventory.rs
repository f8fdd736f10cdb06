//! The table of many Dockerfiles: what each is built from and how hard it would be to rebuild in stages.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::assess::{Obstacle, ObstacleKind, assess};
use super::bases::Bases;
use super::shape::Shape;
use super::{harvest, known, planning};
use crate::dockerfile::{self, Stages};
use crate::lint::{self, Secrets};
use crate::out::{self, Standing};
use crate::plan::service::Plan;
use crate::repo::{Inventory, RelPath};

/// One Dockerfile.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The repository, as it was named.
    pub repository: String,
    /// The file's path in it.
    pub path: RelPath,
    /// The stack of the project it stands in; none where dockgen recognises nothing.
    pub stack: Option<String>,
    /// How many stages it has.
    pub stages: usize,
    /// What the last stage starts from, other stages followed to their images.
    pub base: String,
    /// Why that base gets no fixes any more.
    pub base_ended: Option<String>,
    /// The user the image starts as.
    pub user: String,
    /// Who wrote it.
    pub by: By,
    /// How hard a rebuild is.
    pub effort: Effort,
    /// Why it is not easy.
    pub why: Vec<Obstacle>,
    /// How many findings the rules have.
    pub findings: usize,
    /// How many things in it look like secrets.
    pub secrets: usize,
}

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// dockgen, and nobody has changed it.
    Dockgen,
    /// dockgen, and then a person.
    Both,
    /// A person.
    Person,
}

/// How hard a rebuild in stages is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Nothing stands in the way.
    Easy,
    /// The obstacles say what does.
    Hard,
    /// The file has stages already.
    Staged,
}

impl Effort {
    /// Its word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Hard => "hard",
            Self::Staged => "staged",
        }
    }
}

/// A repository and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'a> {
    /// Its files.
    pub inventory: &'a Inventory,
    /// What `dockgen init` plans for it.
    pub plan: &'a Plan,
    /// What its bases are built like.
    pub bases: &'a Bases,
}

/// Looks at one Dockerfile of a repository.
pub fn survey(repository: &str, path: &RelPath, text: &str, planned: Planned<'_>) -> Row {
    let (file, problems) = dockerfile::parse(text);
    let stages = Stages::of(&file);
    let secrets = Secrets::of(&file);
    let mut why = assess(&file, &problems, &stages);
    let stack = stack(path, planned.plan);
    let has_stages = why.iter().all(|obstacle| obstacle.kind == ObstacleKind::HasStages) && !why.is_empty();
    if why.is_empty() {
        why.extend(in_the_way(path, &stages, planned));
    }
    let effort = match (why.is_empty(), has_stages) {
        (true, _) => Effort::Easy,
        (false, true) => Effort::Staged,
        (false, false) => Effort::Hard,
    };
    let shape = Shape::of(&file, &secrets);
    let by = match out::standing(Some(text)) {
        Standing::Untouched => By::Dockgen,
        Standing::Edited => By::Both,
        Standing::Absent | Standing::Foreign => By::Person,
    };
    for obstacle in &mut why {
        obstacle.why = secrets.mask(&obstacle.why);
    }
    Row {
        repository: repository.to_owned(),
        path: path.clone(),
        stack,
        stages: shape.stages,
        base: shape.base,
        base_ended: shape.base_ended,
        user: shape.user,
        by,
        effort,
        why,
        findings: lint::lint(&file, None).len(),
        secrets: secrets.names().len(),
    }
}

/// What a rebuild of a file finds in its way that the file alone does not tell.
fn in_the_way(path: &RelPath, stages: &Stages<'_>, planned: Planned<'_>) -> Option<Obstacle> {
    let stage = stages.last()?;
    let obstacle = |(kind, why)| Obstacle { line: stage.line, kind, why };
    let service = match planning::find(planned.plan, path) {
        Ok(service) => service,
        Err((kind @ ObstacleKind::NoApplication, _)) => {
            return Some(obstacle((kind, planning::unrecognised(planned.inventory))));
        }
        Err(found) => return Some(obstacle(found)),
    };
    let bases = planned.bases.clone().before(&known::alike());
    let strange = known::strange(&stage.origin, &bases, &service.stack.value).map(obstacle);
    strange.or_else(|| harvest::fetched(stage))
}

/// The stack of the nearest project at or above the file's folder.
fn stack(path: &RelPath, plan: &Plan) -> Option<String> {
    let folder = path.parent()?;
    let around = plan.services.iter().filter(|service| folder.is_within(&service.dir));
    around.max_by_key(|service| service.dir.as_str().len()).map(|service| service.stack.value.clone())
}

/// The rows as a table for people, with the sums below.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let head = ["effort", "stack", "stages", "user", "base", "file"].map(str::to_owned);
    let cells = |row: &Row| {
        let file = if row.repository == "." {
            row.path.to_string()
        } else {
            format!("{}/{}", row.repository.trim_end_matches('/'), row.path)
        };
        let stack = row.stack.clone().unwrap_or_else(|| "-".to_owned());
        [
            row.effort.word().to_owned(),
            stack,
            row.stages.to_string(),
            row.user.clone(),
            row.base.clone(),
            file,
        ]
    };
    let lines: Vec<[String; 6]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..5).map(width).collect();
    for (at, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", line[5]);
        let Some(row) = at.checked_sub(1).map(|at| &rows[at]) else { continue };
        if let Some(ended) = &row.base_ended {
            let _ = writeln!(text, "    {ended}");
        }
        for obstacle in &row.why {
            let _ = writeln!(text, "    line {}: {}", obstacle.line, obstacle.why);
        }
    }
    let of = |effort| rows.iter().filter(|row| row.effort == effort).count();
    let ended = rows.iter().filter(|row| row.base_ended.is_some()).count();
    let secrets = rows.iter().filter(|row| row.secrets > 0).count();
    let _ = writeln!(
        text,
        "{} files: {} easy, {} hard, {} with stages already; {ended} on a base without fixes, {secrets} with secrets",
        rows.len(),
        of(Effort::Easy),
        of(Effort::Hard),
        of(Effort::Staged)
    );
    text
}

/// The rows as JSON.
pub fn json(rows: &[Row]) -> String {
    format!("{:#}\n", serde_json::json!({ "schema_version": 1, "dockerfiles": rows }))
}

/// The rows as CSV with a line of names. <https://www.rfc-editor.org/rfc/rfc4180>
pub fn csv(rows: &[Row]) -> String {
    // A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    let cell = |text: &str| {
        let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let mut lines =
        String::from("repository,path,stack,stages,base,base_ended,user,effort,why,findings,secrets\r\n");
    for row in rows {
        let why: Vec<String> =
            row.why.iter().map(|obstacle| format!("line {}: {}", obstacle.line, obstacle.why)).collect();
        let cells = [
            row.repository.clone(),
            row.path.to_string(),
            row.stack.clone().unwrap_or_default(),
            row.stages.to_string(),
            row.base.clone(),
            row.base_ended.clone().unwrap_or_default(),
            row.user.clone(),
            row.effort.word().to_owned(),
            why.join("; "),
            row.findings.to_string(),
            row.secrets.to_string(),
        ];
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        let _ = write!(lines, "{}\r\n", cells.join(","));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::plan::plan;

    const NODE: (&str, &str) = (
        "package.json",
        "{\"name\":\"x\",\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"express\":\"4\"}}",
    );

    fn row(text: &str, files: &[(&str, &str)]) -> Row {
        let inventory = Inventory::from_files(files.iter().copied());
        let (plan, bases) = (plan(&inventory, &Settings::default()), Bases::default());
        let planned = Planned { inventory: &inventory, plan: &plan, bases: &bases };
        survey("r", &RelPath::new("Dockerfile").unwrap(), text, planned)
    }

    #[test]
    fn a_row_says_what_a_file_is_like() {
        let files = [NODE, ("server.js", "require('http').createServer().listen(3000)")];
        let easy = row("FROM node:8\nCOPY . .\nRUN npm install\nCMD npm start\n", &files);
        assert_eq!((easy.effort, easy.stack.as_deref(), easy.stages), (Effort::Easy, Some("node"), 1));
        assert_eq!(easy.base_ended.as_deref(), Some("Node.js 8 has had no fixes since 2019-12-31"));
        let hard = row("FROM node:24\nRUN apt-get install -y supervisor\nUSER node\n", &files);
        assert_eq!((hard.effort, hard.user.as_str(), hard.base_ended), (Effort::Hard, "node", None));
        let staged = row("FROM a:1 AS b\nFROM b\n", &files);
        assert_eq!((staged.effort, staged.base.as_str()), (Effort::Staged, "a:1"));
        let none = row("FROM a:1\nCOPY . .\n", &[("x.txt", "")]);
        assert_eq!(none.why[0].kind, ObstacleKind::NoApplication);
    }

    #[test]
    fn csv_quotes_what_must_be() {
        let mut row = row("FROM a\nONBUILD RUN x\n", &[]);
        row.repository = "=cmd,\"x\"".to_owned();
        let text = csv(&[row]);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("\r\n\"'=cmd,\"\"x\"\"\",Dockerfile,,1,a,,the base image's,hard,"), "{text}");
    }
}
