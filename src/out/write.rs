//! The only code that writes into a repository.
//!
//! Several files are one step: all are written beside their places first and renamed into
//! them last, so that a full disk, a crash or a refusal leaves the repository as it was.
//! Whether to write at all, and what, is decided by the callers.
#![expect(clippy::disallowed_methods, reason = "this file is the one place that writes")]

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{OutFile, Standing, standing};
use crate::repo::path::RelPath;

/// What a person has agreed to for one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Create the file, or replace it if it is as dockgen wrote it.
    OwnFiles,
    /// Replace whatever file lies there.
    AnyFile,
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was none before.
    Created,
    /// It has new text; its mode and its line endings are the old ones.
    Replaced,
    /// It had this text already and was not touched.
    Unchanged,
}

/// Why nothing was written. Names the file as the caller did.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The repository itself is not where it should be.
    #[error("cannot write into `{}`: {source}", root.display())]
    Root {
        /// As it was given.
        root: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Somebody else's work lies there, and nobody has agreed to lose it.
    #[error("cannot write `{path}`: {}", whose(*.standing))]
    Refused {
        /// As in [`OutFile::path`].
        path: RelPath,
        /// [`Standing::Edited`] or [`Standing::Foreign`].
        standing: Standing,
    },
    /// The path, or a link in it, leads out of the repository.
    #[error("cannot write `{path}`: it leads out of the repository")]
    Outside {
        /// As in [`OutFile::path`].
        path: RelPath,
    },
    /// A directory, a broken link, a device: nothing that text could replace.
    #[error("cannot write `{path}`: {what} is in its place")]
    Occupied {
        /// As in [`OutFile::path`].
        path: RelPath,
        /// With its article: "a directory".
        what: &'static str,
    },
    /// Two files of one step are the same file on disk.
    #[error("cannot write `{path}`: it is the same file as `{other}`")]
    SameFile {
        /// As in [`OutFile::path`].
        path: RelPath,
        /// The one before it in the step.
        other: RelPath,
    },
    /// The system refused. Everything is as it was.
    #[error("cannot write `{path}`: {source}")]
    Io {
        /// As in [`OutFile::path`].
        path: RelPath,
        /// The system's reason.
        source: io::Error,
    },
    /// The system refused in the middle of the step, and once more on the way back.
    #[error("cannot write `{path}`: {source}; these could not be put back: {}", list(.changed))]
    Torn {
        /// The file that could not be written.
        path: RelPath,
        /// The system's reason.
        source: io::Error,
        /// Files that have their new text although the step failed.
        changed: Vec<RelPath>,
    },
}

impl WriteError {
    /// What the person can do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            WriteError::Refused { standing, .. } => Some(match standing {
                Standing::Edited => "keep the changes in dockgen.toml, or agree to replace the file",
                _ => "migrate the file, or agree to replace it",
            }),
            WriteError::Outside { .. } => Some("replace the link by a file or directory of its own"),
            WriteError::Occupied { .. } => Some("move it away, or choose another path"),
            WriteError::SameFile { .. } => Some("replace the link by a file of its own"),
            WriteError::Root { source, .. }
            | WriteError::Io { source, .. }
            | WriteError::Torn { source, .. } => help(source.kind()),
        }
    }
}

/// Writes all files or none. The outcomes are in the order of the files.
///
/// Links within the repository are followed, and missing directories are made. A file that
/// has its text already keeps its time of change.
pub fn write<'a>(
    root: &Path,
    files: impl IntoIterator<Item = (&'a OutFile, Consent)>,
) -> Result<Vec<Outcome>, WriteError> {
    let root = root.canonicalize().map_err(|source| WriteError::Root { root: root.to_owned(), source })?;
    let mut targets: Vec<Target<'_>> = Vec::new();
    for (file, consent) in files {
        let target = Target::find(&root, file)?;
        target.check(consent)?;
        if let Some(other) = targets.iter().find(|other| other.real == target.real) {
            return Err(WriteError::SameFile { path: file.path.clone(), other: other.file.path.clone() });
        }
        targets.push(target);
    }
    let outcomes = targets.iter().map(|target| target.outcome).collect();
    targets.retain(|target| target.outcome != Outcome::Unchanged);
    let mut directories = Directories::default();
    let done = stage(&targets, &mut directories).and_then(rename);
    if done.is_err() {
        directories.remove();
    }
    done.map(|()| outcomes)
}

/// How the names of files begin and end that are not in their places yet.
const BEGIN: &str = ".dockgen-";
const END: &str = ".tmp";

/// Is this the name of a file that [`write()`] leaves behind when the program is killed in the middle of it?
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(BEGIN) && name.ends_with(END)
}

/// The text as [`write()`] puts it in the place of an old one: with the line ends of that. A text with line ends of its
/// own is an edited one, in which every byte counts.
pub fn with_ends_of(old: Option<&[u8]>, new: &str) -> String {
    let has_crlf = |bytes: &[u8]| {
        let first = bytes.iter().position(|&byte| byte == b'\n');
        first.is_some_and(|at| at > 0 && bytes[at - 1] == b'\r')
    };
    if old.is_some_and(has_crlf) && !new.contains("\r\n") {
        return new.replace('\n', "\r\n");
    }
    new.to_owned()
}

/// One file of the step: where it really is, and what lies there.
struct Target<'a> {
    file: &'a OutFile,
    /// Without links.
    real: PathBuf,
    old: Option<Old>,
    /// The new text with the line endings of the old one.
    new: Vec<u8>,
    outcome: Outcome,
}

struct Old {
    bytes: Vec<u8>,
    metadata: Metadata,
}

impl<'a> Target<'a> {
    /// Looks, and changes nothing.
    fn find(root: &Path, file: &'a OutFile) -> Result<Self, WriteError> {
        let outside = || WriteError::Outside { path: file.path.clone() };
        let occupied = |what| WriteError::Occupied { path: file.path.clone(), what };
        let io = |source| WriteError::Io { path: file.path.clone(), source };
        let real = resolve(root, file.path.as_str().as_ref()).map_err(|error| match error.kind() {
            ErrorKind::NotFound => occupied("a broken link"),
            _ => io(error),
        })?;
        if !real.starts_with(root) {
            return Err(outside());
        }
        let metadata = match fs::metadata(&real) {
            Ok(metadata) if metadata.is_dir() => return Err(occupied("a directory")),
            Ok(metadata) if !metadata.is_file() => return Err(occupied("a special file")),
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Target::new(file, real, None));
            }
            Err(error) => return Err(io(error)),
        };
        let bytes = fs::read(&real).map_err(io)?;
        Ok(Target::new(file, real, Some(Old { bytes, metadata })))
    }

    fn new(file: &'a OutFile, real: PathBuf, old: Option<Old>) -> Self {
        let new = with_ends_of(old.as_ref().map(|old| &*old.bytes), &file.text);
        let outcome = match &old {
            None => Outcome::Created,
            Some(old) if old.bytes == new.as_bytes() => Outcome::Unchanged,
            Some(_) => Outcome::Replaced,
        };
        Target { file, real, old, new: new.into_bytes(), outcome }
    }

    fn check(&self, consent: Consent) -> Result<(), WriteError> {
        // Nothing is lost where nothing changes.
        if consent == Consent::AnyFile || self.outcome != Outcome::Replaced {
            return Ok(());
        }
        let old = self.old.as_ref().map(|old| str::from_utf8(&old.bytes));
        // What is not text was not written by dockgen.
        let standing =
            old.map_or(Standing::Absent, |old| old.map_or(Standing::Foreign, |text| standing(Some(text))));
        match standing {
            Standing::Absent | Standing::Untouched => Ok(()),
            Standing::Edited | Standing::Foreign => {
                Err(WriteError::Refused { path: self.file.path.clone(), standing })
            }
        }
    }

    /// A temporary file with these bytes, safely on disk, in the directory of the target.
    fn temporary(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let directory = self.real.parent().unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(BEGIN).suffix(END);
        // The library's default is 0600. The umask applies to this one.
        #[cfg(unix)]
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        #[cfg(unix)]
        builder.permissions(mode);
        let mut temporary = builder.tempfile_in(directory).map_err(plain)?;
        temporary.as_file_mut().write_all(bytes)?;
        if let Some(old) = &self.old {
            old.keep(&temporary)?;
        }
        temporary.as_file().sync_all()?;
        Ok(temporary)
    }

    /// Puts the old state back after a failed step.
    fn restore(&self) -> io::Result<()> {
        match &self.old {
            None => fs::remove_file(&self.real),
            Some(old) => {
                self.temporary(&old.bytes)?.persist(&self.real)?;
                Ok(())
            }
        }
    }

    fn io(&self, source: io::Error) -> WriteError {
        WriteError::Io { path: self.file.path.clone(), source }
    }
}

impl Old {
    /// Gives the new file the owner and the mode of the old one.
    fn keep(&self, new: &NamedTempFile) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt as _, chown};
            // Only root may give files away, and only root needs to: in a container with
            // the repository mounted into it.
            let owner = (self.metadata.uid(), self.metadata.gid());
            let _ = chown(new.path(), Some(owner.0), Some(owner.1));
        }
        fs::set_permissions(new.path(), self.metadata.permissions())
    }
}

/// Directories made for the step.
#[derive(Default)]
struct Directories(Vec<PathBuf>);

impl Directories {
    fn make(&mut self, directory: &Path) -> io::Result<()> {
        let missing = directory.ancestors().take_while(|ancestor| !ancestor.exists());
        let missing: Vec<_> = missing.map(Path::to_owned).collect();
        for directory in missing.into_iter().rev() {
            fs::create_dir(&directory)?;
            self.0.push(directory);
        }
        Ok(())
    }

    fn remove(self) {
        for directory in self.0.into_iter().rev() {
            // Fails if somebody else has put something into it, and then it is needed.
            let _ = fs::remove_dir(directory);
        }
    }
}

/// Writes every file beside its place. Dropping the result removes them.
fn stage<'t, 'a>(
    targets: &'t [Target<'a>],
    directories: &mut Directories,
) -> Result<Vec<(&'t Target<'a>, NamedTempFile)>, WriteError> {
    let stage = |target: &'t Target<'a>| {
        let parent = target.real.parent().unwrap_or(&target.real);
        let made = directories.make(parent);
        let temporary = made.and_then(|()| target.temporary(&target.new));
        Ok((target, temporary.map_err(|source| target.io(source))?))
    };
    targets.iter().map(stage).collect()
}

fn rename(staged: Vec<(&Target<'_>, NamedTempFile)>) -> Result<(), WriteError> {
    let mut done: Vec<&Target<'_>> = Vec::new();
    for (target, temporary) in staged {
        if let Err(error) = temporary.persist(&target.real) {
            return Err(undo(&done, target, error.error));
        }
        done.push(target);
    }
    for target in done {
        // The names are safe on disk only after this, where the system can do it at all.
        let parent = target.real.parent().map(File::open);
        let _ = parent.and_then(Result::ok).map(|parent| parent.sync_all());
    }
    Ok(())
}

fn undo(done: &[&Target<'_>], failed: &Target<'_>, source: io::Error) -> WriteError {
    let changed = done.iter().rev().filter(|target| target.restore().is_err());
    let changed: Vec<_> = changed.map(|target| target.file.path.clone()).collect();
    if changed.is_empty() {
        return failed.io(source);
    }
    WriteError::Torn { path: failed.file.path.clone(), source, changed }
}

/// The place of a file without links. What is missing at the end of the path stays as it is.
fn resolve(root: &Path, relative: &Path) -> io::Result<PathBuf> {
    let full = root.join(relative);
    for ancestor in full.ancestors() {
        if fs::symlink_metadata(ancestor).is_ok() {
            let missing = full.strip_prefix(ancestor).map_err(io::Error::other)?;
            let real = ancestor.canonicalize()?;
            // Joining an empty path would append a slash.
            let is_whole = missing.as_os_str().is_empty();
            return Ok(if is_whole { real } else { real.join(missing) });
        }
    }
    Ok(full)
}

/// The reason alone. `tempfile` adds the name of the temporary file, which says nothing to
/// the reader of the message.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::Other => error,
        kind => io::Error::from(kind),
    }
}

fn list(paths: &[RelPath]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
    paths.join(", ")
}

fn whose(standing: Standing) -> &'static str {
    match standing {
        Standing::Edited => "it was changed by hand since dockgen wrote it",
        _ => "it was not written by dockgen",
    }
}

fn help(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::PermissionDenied => "check who owns the directory and whether it is writable",
        ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only; write to another place",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk and try again",
        ErrorKind::NotADirectory => "a file lies where a directory of the path should be",
        ErrorKind::ResourceBusy => "the file is mounted on its own; mount its directory instead",
        _ => return None,
    })
}
