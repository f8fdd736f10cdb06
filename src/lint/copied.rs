//! What `COPY`, `ADD` and bind mounts take from the build context, for the two rules that
//! compare it with the files that are there.

use super::{Context, Subject};
use crate::dockerfile::{IgnoreFile, Meaning, instr::MountKind};

/// One source in the build context.
pub(super) struct Copied {
    pub line: u32,
    /// As written.
    pub source: String,
    /// Whether a build goes on when nothing matches it: a pattern beside other sources.
    pub optional: bool,
    /// It as a pattern; a folder stands for all that is in it.
    selects: IgnoreFile,
}

impl Copied {
    /// The files of the context it stands for.
    pub(super) fn paths<'a>(&self, context: Context<'a>) -> Vec<&'a str> {
        context.paths.iter().copied().filter(|path| self.selects.excludes(path)).collect()
    }
}

/// Every source that can be told without a build; not those with variables in them.
pub(super) fn copied(subject: &Subject<'_>) -> Vec<Copied> {
    let mut all = Vec::new();
    for instruction in subject.stages.iter().flat_map(|stage| &stage.instructions) {
        let sources = match instruction.meaning() {
            Ok(Meaning::Copy(copy) | Meaning::Add(copy)) if copy.from.is_none() => copy.sources,
            Ok(Meaning::Run(run)) => {
                let binds = run.mounts.into_iter().filter(|mount| mount.kind == MountKind::Bind);
                binds.filter(|mount| mount.from.is_none()).filter_map(|mount| mount.source).collect()
            }
            _ => continue,
        };
        let several = sources.len() > 1;
        for source in sources.into_iter().filter(|source| is_local(source)) {
            // The root of the context is all of it.
            let pattern = match source.trim_matches('/') {
                "" | "." => "**",
                pattern => pattern,
            };
            let Ok(selects) = IgnoreFile::parse(pattern) else { continue };
            let optional = several && source.contains(['*', '?', '[']);
            all.push(Copied { line: instruction.line, source, optional, selects });
        }
    }
    all
}

/// Neither an address, nor a variable, nor something the ignore file's syntax would bend.
fn is_local(source: &str) -> bool {
    !source.contains("://")
        && !source.contains('$')
        && !source.starts_with("git@")
        && !source.starts_with(['!', '#'])
}
