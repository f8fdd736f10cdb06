//! Starts programs and waits for them: the only code that does. Each runs in its own process
//! group, has a time limit, and is killed when that is over or the user interrupts. Which
//! programs those are is left to [`super::engine`].

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use wait_timeout::ChildExt;

use super::engine::EngineError;

/// Set from a signal handler; everything that waits looks at it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(pub Arc<AtomicBool>);

/// What a shell makes of an interrupted program's end.
const INTERRUPTED: i32 = 130;

impl Interrupt {
    /// Set by the first Ctrl-C or SIGTERM, so that everything made is removed; the second one
    /// ends the program at once.
    pub fn on_signals() -> Self {
        let interrupt = Self::default();
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let flag = || Arc::clone(&interrupt.0);
            // Where a handler cannot be set the default one ends the program, which is no worse.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, INTERRUPTED, flag());
            let _ = signal_hook::flag::register(signal, flag());
        }
        interrupt
    }

    /// Whether somebody wants to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A command that came to an end by itself or was ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub ending: Ending,
    /// Both streams as they came.
    pub output: String,
    pub seconds: f64,
}

impl Finished {
    pub fn is_success(&self) -> bool {
        self.ending == Ending::Exit(0)
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Exit(i32),
    Signal,
    TimeOut,
}

const POLL: Duration = Duration::from_millis(50);

pub(super) const NOT_INSTALLED: &str = "it is not installed";

/// Runs a command to its end. Both streams go into one file rather than a pipe, so that
/// a program that leaves children behind cannot hold us.
#[expect(clippy::disallowed_methods, reason = "the one place that starts processes")]
pub(super) fn run(line: &[String], limit: Duration, interrupt: &Interrupt) -> Result<Finished, EngineError> {
    let failed = |reason: String| EngineError::Command {
        command: line.iter().take(2).cloned().collect::<Vec<_>>().join(" "),
        reason,
    };
    let (program, words) = line.split_first().ok_or_else(|| failed("the command is empty".to_owned()))?;
    let output = tempfile::tempfile().map_err(|error| failed(error.to_string()))?;
    let twin = || output.try_clone().map_err(|error| failed(error.to_string()));
    let mut command = Command::new(program);
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(twin()?)
        .stderr(twin()?)
        .env("DOCKER_BUILDKIT", "1")
        .env("DOCKER_CLI_HINTS", "false")
        .env("NO_COLOR", "1");
    // A group of its own: Ctrl-C in the terminal reaches dockgen, which then decides.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let started = Instant::now();
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed(NOT_INSTALLED.to_owned()),
        _ => failed(error.to_string()),
    })?;
    let ending = wait(&mut child, started + limit, interrupt).map_err(|error| failed(error.to_string()))?;
    let seconds = started.elapsed().as_secs_f64();
    let ending = ending.ok_or(EngineError::Interrupted)?;
    let output = read_all(output).map_err(|error| failed(error.to_string()))?;
    Ok(Finished { ending, output, seconds })
}

/// `None` when the user interrupted. The process is gone afterwards in any case.
fn wait(child: &mut Child, deadline: Instant, interrupt: &Interrupt) -> std::io::Result<Option<Ending>> {
    loop {
        if let Some(status) = child.wait_timeout(POLL)? {
            return Ok(Some(status.code().map_or(Ending::Signal, Ending::Exit)));
        }
        let ending = match (interrupt.is_set(), Instant::now() >= deadline) {
            (true, _) => None,
            (false, true) => Some(Ending::TimeOut),
            (false, false) => continue,
        };
        end(child)?;
        return Ok(ending);
    }
}

/// Asks the whole group to stop, then makes it.
fn end(child: &mut Child) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // The group may have gone in between, which is what is wanted.
            let _ = kill_process_group(group, Signal::TERM);
            if child.wait_timeout(Duration::from_secs(3))?.is_none() {
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    }
    // Harmless when it has ended already.
    let _ = child.kill();
    child.wait().map(drop)
}

fn read_all(mut file: File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(30);

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_command_that_hangs_is_killed_with_its_children() {
        let line = words(&["sh", "-c", "sleep 60 & echo started; sleep 60"]);
        let finished = run(&line, Duration::from_secs(2), &Interrupt::default()).unwrap();
        assert_eq!(finished.ending, Ending::TimeOut);
        assert_eq!(finished.output, "started\n");
        assert!(finished.seconds < 10.0, "took {} s", finished.seconds);
    }

    #[test]
    fn an_interrupt_ends_what_is_running() {
        let interrupt = Interrupt(Arc::new(AtomicBool::new(true)));
        let error = run(&words(&["sleep", "60"]), SHORT, &interrupt).unwrap_err();
        assert!(matches!(error, EngineError::Interrupted), "{error}");
    }

    #[test]
    fn a_missing_program_is_told_from_a_failing_one() {
        let error = run(&words(&["dockgen-no-such-program", "x"]), SHORT, &Interrupt::default()).unwrap_err();
        assert_eq!(error.to_string(), "dockgen-no-such-program x failed: it is not installed");
        let finished = run(&words(&["sh", "-c", "exit 3"]), SHORT, &Interrupt::default()).unwrap();
        assert_eq!(finished.ending, Ending::Exit(3));
    }
}
