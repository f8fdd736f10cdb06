//! Runs an image and watches it: does it answer, as whom does it run, is it healthy by
//! its own account, does it end when told.

use std::thread;
use std::time::{Duration, Instant};

use super::dialect::{Network, RunSpec};
use super::engine::{ContainerState, EngineError, ImageConfig};
use super::probe::{self, Answer, Expect, Listener, Probe};
use super::report::{BootFacts, Failure, HealthFacts, Step, StopFacts, UserFacts};
use super::{Extent, Purpose, UserPolicy, VerifyError, Work, useful};

/// How long a program without a port is watched: long enough to crash.
const WATCH: Duration = Duration::from_secs(10);
/// How long a taken port is waited for.
const PORT_WAIT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(60);
/// What the kernel's SIGKILL makes of an exit code.
const KILLED: i32 = 137;

/// A container that was started and seen.
struct Booted {
    container: String,
    step: Step<BootFacts>,
}

impl Work<'_> {
    /// Fills in `boot`, `user`, `health` and `stop`.
    pub(super) fn run(&mut self, tag: &str, config: &ImageConfig) -> Result<(), VerifyError> {
        if self.request.extent == Extent::BuildsOnly {
            const WHY: &str = "only builds were asked for";
            self.report.boot = Step::skipped(WHY);
            self.report.user = judge_user(&config.user, None, self.request.user);
            self.report.health = Step::skipped(WHY);
            self.report.stop = Step::skipped(WHY);
            return Ok(());
        }
        let booted = self.boot(tag, config, Purpose::First, &self.request.probe.clone())?;
        self.report.boot = booted.step;
        let container = booted.container;
        let state = self.engine.state(&container).ok();
        self.report.user = self.check_user(&container, config, state);
        if state.is_some_and(|state| state.is_running) {
            self.report.health = self.check_health(&container, config)?;
            self.report.stop = self.check_stop(&container)?;
        } else {
            const WHY: &str = "the program had ended by itself";
            self.report.health = Step::skipped(WHY);
            self.report.stop = Step::skipped(WHY);
        }
        let logs = self.engine.logs(&container)?;
        self.keep_log("run", &logs)?;
        Ok(self.engine.remove_container(&container)?)
    }

    /// Whether the edited program serves what it should.
    pub(super) fn served_after_edit(
        &mut self,
        tag: &str,
        config: &ImageConfig,
        expected: &Expect,
    ) -> Result<Option<Failure>, VerifyError> {
        let mut probe = self.request.probe.clone();
        if let Probe::Http { expect, .. } = &mut probe {
            *expect = expected.clone();
        }
        let booted = self.boot(tag, config, Purpose::Rebuild, &probe)?;
        // Only what it serves counts; how it stops has been seen before.
        self.engine.stop(&booted.container, Duration::from_secs(2))?;
        self.engine.remove_container(&booted.container)?;
        Ok(booted.step.failure)
    }

    fn boot(
        &mut self,
        tag: &str,
        config: &ImageConfig,
        purpose: Purpose,
        probe: &Probe,
    ) -> Result<Booted, VerifyError> {
        (self.tell)(&format!("{}: run after {}", self.request.title, purpose.name()));
        let container = self.engine.new_name();
        let exposed = exposed_ports(config);
        let port = self.request.port.or(probe.port()).or(exposed.first().copied());
        let facts =
            BootFacts { seconds: 0.0, probe: describe(probe, port), port, status: None, exit_code: None };
        let failed = |facts, line: String| {
            Ok(Booted { container: container.clone(), step: Step::failed(Some(facts), Failure::of(line)) })
        };
        if let (Network::Host, Some(port)) = (self.engine.network(), port)
            && let Some(holder) = wait_for_free(port)
        {
            return failed(facts, format!("port {port} of this machine is taken by {holder}"));
        }
        let spec = RunSpec {
            image: tag.to_owned(),
            name: container.clone(),
            port,
            env: self.request.env.clone(),
            env_files: self.request.env_files.clone(),
            platform: self.request.platform.clone(),
        };
        let started = Instant::now();
        let start = self.engine.start(&spec)?;
        if !start.is_success() {
            let line = useful::first_line(start.output.lines());
            return failed(facts, line.unwrap_or_else(|| "the container did not start".to_owned()));
        }
        let step = self.watch(&container, probe, facts, started)?;
        let step = if exposed.len() > 1 && self.request.port.or(probe.port()).is_none() {
            step.note(format!("the image exposes several ports; name another one with --port: {exposed:?}"))
        } else {
            step
        };
        Ok(Booted { container, step })
    }

    /// Waits until the program answers, ends, or takes too long.
    fn watch(
        &self,
        container: &str,
        probe: &Probe,
        mut facts: BootFacts,
        started: Instant,
    ) -> Result<Step<BootFacts>, VerifyError> {
        let question = facts.port.filter(|_| *probe != Probe::None);
        let limit =
            if question.is_some() { self.request.limits.boot } else { WATCH.min(self.request.limits.boot) };
        let mut published = None;
        loop {
            let state = self.engine.state(container)?;
            facts.seconds = started.elapsed().as_secs_f64();
            if !state.is_running {
                facts.exit_code = Some(state.exit_code);
                return self.judge_end(container, facts, question);
            }
            let reason = if let Some(port) = question {
                let reached = match published {
                    Some(reached) => reached,
                    None => *published.insert(self.engine.published_port(container, port)?),
                };
                let answer = probe::ask(probe, reached);
                facts.seconds = started.elapsed().as_secs_f64();
                match answer {
                    Answer::Good(status) => {
                        facts.status = status;
                        return Ok(judge_reach(facts, &self.listeners(container), port));
                    }
                    Answer::Wrong(line) => return Ok(Step::failed(Some(facts), Failure::of(line))),
                    Answer::NotYet(reason) => reason,
                }
            } else {
                String::new()
            };
            if started.elapsed() >= limit {
                return Ok(match question {
                    Some(port) => {
                        let line = diagnose(port, limit, &reason, &self.listeners(container));
                        Step::failed(Some(facts), Failure::of(line))
                    }
                    None => Step::passed(facts)
                        .note(format!("still running after {} s; it has no port to ask", limit.as_secs())),
                });
            }
            thread::sleep(PAUSE);
        }
    }

    fn judge_end(
        &self,
        container: &str,
        facts: BootFacts,
        question: Option<u16>,
    ) -> Result<Step<BootFacts>, VerifyError> {
        let code = facts.exit_code.unwrap_or_default();
        if code == 0 && question.is_none() {
            return Ok(Step::passed(facts).note("no port to ask; the program did its work and ended with 0"));
        }
        let logs = self.engine.logs(container)?;
        let said = useful::first_line(logs.lines()).unwrap_or_else(|| "the program said nothing".to_owned());
        let step = Step::failed(Some(facts), Failure::of(said));
        Ok(step.note(match question {
            Some(port) => {
                format!("the program ended with {code} before it answered on port {port}")
            }
            None => format!("the program ended with {code}"),
        }))
    }

    fn listeners(&self, container: &str) -> Vec<Listener> {
        let pids: Vec<u32> = self.engine.processes(container).iter().map(|process| process.pid).collect();
        probe::listeners(&pids)
    }

    fn check_user(
        &self,
        container: &str,
        config: &ImageConfig,
        state: Option<ContainerState>,
    ) -> Step<UserFacts> {
        let main = state.filter(|state| state.is_running).map(|state| state.pid);
        let processes = self.engine.processes(container);
        let process = processes.iter().find(|process| Some(process.pid) == main).or(processes.first());
        let mut step =
            judge_user(&config.user, process.map(|process| process.user.clone()), self.request.user);
        if let (Some(main), Some(root)) = (process, processes.iter().find(|process| is_root(&process.user)))
            && !is_root(&main.user)
        {
            step = step.note(format!("root runs {} beside it", root.command));
        }
        step
    }

    fn check_health(&self, container: &str, config: &ImageConfig) -> Result<Step<HealthFacts>, EngineError> {
        let test = config.healthcheck.as_ref().map(|check| check.test.as_slice()).unwrap_or_default();
        let command: Vec<String> = match test.split_first() {
            Some((kind, words)) if kind == "CMD" => words.to_vec(),
            Some((kind, [line])) if kind == "CMD-SHELL" => {
                vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()]
            }
            _ => return Ok(Step::skipped("the image has no HEALTHCHECK")),
        };
        let facts = HealthFacts { command: shell_words::join(&command) };
        // The program answers, so that its health check should pass at the first or second try.
        let mut said = String::new();
        for _ in 0..2 {
            let finished = self.engine.exec(container, &command, Duration::from_secs(30))?;
            if finished.is_success() {
                return Ok(Step::passed(facts));
            }
            said =
                useful::first_line(finished.output.lines()).unwrap_or_else(|| "it said nothing".to_owned());
            thread::sleep(Duration::from_secs(1));
        }
        Ok(Step::failed(
            Some(facts),
            Failure::of(format!("the image's HEALTHCHECK fails while the program runs: {said}")),
        ))
    }

    fn check_stop(&self, container: &str) -> Result<Step<StopFacts>, EngineError> {
        let limit = self.request.limits.stop;
        let stopped = self.engine.stop(container, limit)?;
        let facts =
            StopFacts { seconds: stopped.seconds, exit_code: self.engine.state(container)?.exit_code };
        Ok(if facts.exit_code == KILLED {
            let line = format!("did not end within {} s of the stop signal and was killed", limit.as_secs());
            Step::failed(Some(facts), Failure::of(line))
        } else {
            Step::passed(facts)
        })
    }
}

/// Who still has the port after a while; another run may be about to end.
fn wait_for_free(port: u16) -> Option<String> {
    let deadline = Instant::now() + PORT_WAIT;
    loop {
        let holder = probe::who_has(port)?;
        if Instant::now() >= deadline {
            return Some(holder);
        }
        thread::sleep(PAUSE * 5);
    }
}

/// The image's ports, the lowest first; UDP cannot be asked.
fn exposed_ports(config: &ImageConfig) -> Vec<u16> {
    let tcp = |key: &String| match key.split_once('/') {
        None => key.parse().ok(),
        Some((port, "tcp")) => port.parse().ok(),
        Some(_) => None,
    };
    let mut ports: Vec<u16> = config.exposed_ports.keys().filter_map(tcp).collect();
    ports.sort_unstable();
    ports
}

fn describe(probe: &Probe, port: Option<u16>) -> String {
    match (probe, port) {
        (Probe::Http { path, .. }, Some(port)) => format!("GET http://:{port}{path}"),
        (Probe::Tcp { .. }, Some(port)) => format!("connect to tcp://:{port}"),
        _ => "no port".to_owned(),
    }
}

fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), None | Some("" | "0" | "root"))
}

fn judge_user(image: &str, process: Option<String>, policy: UserPolicy) -> Step<UserFacts> {
    let root = if is_root(image) {
        Some("the image runs as root: it has no USER with another number")
    } else if process.as_deref().is_some_and(is_root) {
        Some("the program runs as root, though the image has another USER")
    } else {
        None
    };
    let facts = UserFacts { image: image.to_owned(), process };
    // https://kubernetes.io/docs/tasks/configure-pod-container/security-context/: with
    // `runAsNonRoot` the kubelet refuses an image whose user it cannot tell from root.
    let is_numeric =
        image.split(':').next().is_some_and(|user| user.bytes().all(|byte| byte.is_ascii_digit()));
    match (root, policy) {
        (Some(line), UserPolicy::NonRoot) => Step::failed(Some(facts), Failure::of(line)),
        (Some(line), UserPolicy::Any) => Step::passed(facts).note(line),
        (None, _) if is_numeric => Step::passed(facts),
        (None, _) => Step::passed(facts).note("USER is a name; Kubernetes' runAsNonRoot needs a number"),
    }
}

/// An answer to this machine may still be none to others: with the host's network the
/// loopback interface is shared.
fn judge_reach(facts: BootFacts, listeners: &[Listener], port: u16) -> Step<BootFacts> {
    let mut there = listeners.iter().filter(|listener| listener.port == port).peekable();
    if there.peek().is_some() && there.all(|listener| listener.is_loopback) {
        return Step::failed(Some(facts), Failure::of(loopback_only(port)));
    }
    Step::passed(facts)
}

fn loopback_only(port: u16) -> String {
    format!("the program listens on 127.0.0.1:{port} only, where nothing outside of the container reaches it")
}

fn diagnose(port: u16, limit: Duration, reason: &str, listeners: &[Listener]) -> String {
    let silent = format!("nothing good came from port {port} within {} s", limit.as_secs());
    if listeners.iter().any(|listener| listener.port == port && listener.is_loopback) {
        return loopback_only(port);
    }
    if listeners.is_empty() || listeners.iter().any(|listener| listener.port == port) {
        return format!("{silent}: {reason}");
    }
    let ports: Vec<String> = listeners.iter().map(|listener| listener.port.to_string()).collect();
    format!("{silent}: the program listens on port {} instead", ports.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Outcome;

    #[test]
    fn root_is_seen_in_the_image_and_in_the_process() {
        use UserPolicy::{Any, NonRoot};
        for (image, process, policy, outcome, notes) in [
            ("", None, NonRoot, Outcome::Failed, 0),
            ("0:0", Some("0"), NonRoot, Outcome::Failed, 0),
            ("root", None, Any, Outcome::Passed, 1),
            ("65532:65532", Some("65532"), NonRoot, Outcome::Passed, 0),
            ("65532", Some("0"), NonRoot, Outcome::Failed, 0),
            ("node", Some("1000"), NonRoot, Outcome::Passed, 1),
        ] {
            let step = judge_user(image, process.map(str::to_owned), policy);
            assert_eq!((step.outcome, step.notes.len()), (outcome, notes), "{image} {process:?}");
        }
    }

    #[test]
    fn a_silent_port_is_explained_by_where_the_program_listens() {
        let listener = |port, is_loopback| Listener { port, is_loopback };
        for (listeners, expected) in [
            (vec![], "nothing good came from port 80 within 5 s: refused"),
            (
                vec![listener(3000, false)],
                "nothing good came from port 80 within 5 s: the program listens on port 3000 instead",
            ),
            (
                vec![listener(80, true)],
                "the program listens on 127.0.0.1:80 only, where nothing outside of the container reaches it",
            ),
            (vec![listener(80, false)], "nothing good came from port 80 within 5 s: refused"),
        ] {
            assert_eq!(diagnose(80, Duration::from_secs(5), "refused", &listeners), expected);
        }
    }

    #[test]
    fn the_lowest_tcp_port_is_asked() {
        let config: ImageConfig = serde_json::from_str(
            r#"{"User": "", "ExposedPorts": {"9000/tcp": {}, "443/udp": {}, "8080/tcp": {}, "3000": {}}}"#,
        )
        .unwrap();
        assert_eq!(exposed_ports(&config), [3000, 8080, 9000]);
    }
}
