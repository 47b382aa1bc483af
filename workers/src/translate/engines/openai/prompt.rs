//! What a model is prompted with: lines come in, messages and the schema of the answer go out. Pure.

use serde_json::{Value, json};

use crate::translate::{check::Pair, request::TranslationContext};

/// Lines to translate, and what was wrong with the answer before.
pub(super) struct Prompt<'a> {
    pub(super) pair: Pair<'a>,
    pub(super) texts: &'a [String],
    pub(super) context: &'a TranslationContext<'a>,
    pub(super) complaints: &'a [String],
}

impl Prompt<'_> {
    pub(super) fn messages(&self) -> Value {
        let Pair { from, to, glossary, .. } = self.pair;
        let rules = format!(
            "You translate the lines of a film's subtitles from {from} to {to}, as people speak. Answer with JSON only: \
             {{\"translations\": [{{\"id\": 1, \"begins\": \"the first two words of the line\", \"text\": \"its \
             translation\"}}]}}. Every id has exactly one item. Never merge, split, move or leave out lines, even if a \
             sentence goes on in the next one. Keep everything in angle brackets and braces exactly once. Keep names. \
             Lines under \"before\" and \"after\" are for your understanding only and get no item; names under \"names\" \
             stay as they are; what is under \"glossary\" is rendered exactly as it says. No comments."
        );
        let line = |(at, text): (usize, &String)| json!({ "id": at + 1, "text": text });
        let lines: Vec<Value> = self.texts.iter().enumerate().map(line).collect();
        let mut asked = json!({ "lines": lines });
        for (name, around) in
            [("before", &self.context.before), ("after", &self.context.after), ("names", &self.context.names)]
        {
            if !around.is_empty() {
                asked[name] = json!(around);
            }
        }
        let terms = glossary.used_in(self.texts);
        if !terms.is_empty() {
            asked["glossary"] = terms.iter().map(|term| (term.source.clone(), json!(term.target))).collect();
        }
        let mut messages = vec![
            json!({ "role": "system", "content": rules }),
            json!({ "role": "user", "content": asked.to_string() }),
        ];
        if !self.complaints.is_empty() {
            let complaint =
                format!("Your last answer was rejected: {}. Answer all lines again.", self.complaints.join("; "));
            messages.push(json!({ "role": "user", "content": complaint }));
        }
        Value::Array(messages)
    }
}

pub(super) fn schema() -> Value {
    let item = json!({
        "type": "object",
        "properties": {
            "id": { "type": "integer" }, "begins": { "type": "string" }, "text": { "type": "string" }
        },
        "required": ["id", "begins", "text"],
        "additionalProperties": false
    });
    let answer = json!({
        "type": "object",
        "properties": { "translations": { "type": "array", "items": item } },
        "required": ["translations"],
        "additionalProperties": false
    });
    json!({ "type": "json_schema", "json_schema": { "name": "translations", "strict": true, "schema": answer } })
}
