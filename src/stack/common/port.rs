//! What every stack knows about ports: how variables for one are called, and what is done where no source says one.

use crate::diag::{Code, Diagnostic};
use crate::fact::{Choice, Fact};
use crate::plan::question::Question;
use crate::stack::Survey;
use crate::stack::common::compose;

/// A regular expression for the names of variables that hold the port a program listens on: `PORT`, `HTTP_PORT`. Others, like
/// `DB_PORT`, are of what it talks to.
macro_rules! port_variable {
    () => {
        "(?:(?:API|APP|BACKEND|EXPRESS|HTTP|LISTEN|NODE|SERVER|SERVICE|WEB)_)?PORT"
    };
}
pub(in crate::stack) use port_variable;

/// The choice as it is; where it is open, with what a compose file says, or a question whose default is `usual`.
pub fn or_ask(choice: Choice<u16>, usual: u16, s: &Survey<'_>) -> Choice<u16> {
    if choice.so_far().is_some() {
        return choice;
    }
    let choice = choice.or(compose::port(&s.dir));
    if choice.so_far().is_none() {
        let question = Question::choose("runtime.port", "Which port does it listen on?", Vec::new());
        s.ask(question.or(usual.to_string()));
    }
    choice
}

/// Says that nobody outside the container reaches an address that the program listens on.
pub fn note_loopback(host: &Fact<String>, help: &str, s: &Survey<'_>) {
    let message =
        format!("the program listens on {} only, which nothing outside the container reaches", host.value);
    s.note(Diagnostic::warning(Code::Port, message).at(host.because.at.clone()).help(help));
}
