//! The API's guide and the page for users of the Python system: their commands are run, and the answers compared with those
//! that the pages show. Does I/O.

use std::fs;

use serde_json::Value;
use subtitle_tests::{documents::commands::translated_commands, process::output, root, stack::Stack};

use crate::jobs::{uid, wait_until_finished};

/// A command and the answer that follows it.
struct Example {
    command: String,
    answer: String,
}

/// The blocks `sh` that are followed by a block `json` or `text`.
fn examples(guide: &str) -> Vec<Example> {
    let mut blocks = guide.split("```").skip(1).step_by(2).peekable();
    let mut examples = Vec::new();
    while let Some(block) = blocks.next() {
        let Some(command) = block.strip_prefix("sh\n") else { continue };
        let answer = blocks.peek().and_then(|next| next.strip_prefix("json\n").or(next.strip_prefix("text\n")));
        let answer = answer.unwrap_or_else(|| panic!("no answer follows: {command}")).to_owned();
        examples.push(Example { command: command.to_owned(), answer });
    }
    examples
}

/// Whether a text is the expected one; `…` stands for anything.
fn is_like(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = actual.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut ends_open = false;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        ends_open = part.is_empty();
    }
    rest.is_empty() || ends_open
}

fn matches(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(expected), _) if expected == "…" => true,
        (Value::String(expected), Value::String(actual)) => is_like(expected, actual),
        (Value::Object(expected), Value::Object(actual)) => {
            expected.keys().eq(actual.keys()) && expected.iter().all(|(key, value)| matches(value, &actual[key]))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(one, other)| matches(one, other))
        }
        _ => expected == actual,
    }
}

pub(crate) fn every_call_of_the_api_guide_answers_as_shown(stack: &Stack) {
    let guide = fs::read_to_string(root().join("operator/docs/api.md")).expect("the guide");
    let id = uid(&wait_until_finished(stack, "found")).to_owned();
    stack.events_until(&id, "subtitle.ready").expect("the history is complete");
    let examples = examples(&guide);
    assert!(examples.len() > 7, "only {} commands in the guide", examples.len());
    for Example { command, answer } in examples {
        let mut shell = std::process::Command::new("bash");
        shell.args(["-c", &command]).env("SUBTITLES_API", &stack.api_url).env("ID", &id);
        let actual = output(&mut shell).unwrap_or_else(|error| panic!("{command}: {error:#}"));
        let is_shown = match serde_json::from_str::<Value>(&answer) {
            Ok(expected) => matches(&expected, &serde_json::from_str(&actual).unwrap_or_default()),
            Err(_) => is_like(answer.trim(), actual.trim()),
        };
        assert!(is_shown, "{command}\nshown: {answer}\nanswered: {actual}");
    }
}

pub(crate) fn commands_of_the_python_system_have_translations_that_work(stack: &Stack) {
    let id = uid(&wait_until_finished(stack, "found")).to_owned();
    stack.events_until(&id, "subtitle.ready").expect("the history is complete");
    let commands = translated_commands(&["curl", "redis-cli"]).expect("the page");
    assert!(commands.len() > 6, "only {} commands", commands.len());
    for (command, shown) in commands {
        let mut shell = std::process::Command::new("bash");
        shell.args(["-c", &command]).env("SUBTITLES_API", &stack.api_url).env("ID", &id);
        let answer = output(shell.env("SUBTITLES_REDIS_URL", &stack.redis.url)).expect("it runs");
        assert!(answer.contains(&shown), "{command}\nshould show {shown} and printed {answer}");
    }
}
