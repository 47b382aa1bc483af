//! Any server that speaks OpenAI's chat completions. Pieces come in, one answer for each goes out, empty where the
//! model had none. Does I/O.
//!
//! ```text
//! question ─▶ model ─▶ answer ─▶ read ─▶ violations? ─ once ─▶ question that quotes them
//! ```
//!
//! A model is kept in step by ids and by saying how the line begins that it translates: the classic failure is two
//! lines merged and every line after shifted by one.

mod answer;
mod question;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde::Deserialize;
use serde_json::json;

use super::{
    REFUSED_KEY, Trouble,
    server::{Reply, Server, later},
};
use crate::{
    engine,
    translate::{
        chain::Rest,
        check::{self, Pair},
    },
};
use question::Question;

/// Lines in one question: llm-subtrans found 10 to 30 to be what models keep in step with.
const LINES: usize = 25;
/// `insufficient_quota` names no time.
const QUOTA_REST: Duration = Duration::from_secs(60 * 60);

/// A model on a server.
pub(in crate::translate) struct OpenAi {
    server: Server,
    model: String,
    /// Some servers refuse a schema; they are not asked for one again.
    has_schema: AtomicBool,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

impl OpenAi {
    pub(in crate::translate) fn new(server: Server, model: String) -> Self {
        Self { server, model, has_schema: AtomicBool::new(true) }
    }

    pub(in crate::translate) fn model(&self) -> &str {
        &self.model
    }

    pub(in crate::translate) async fn translate(&self, whole: &engine::Question<'_>) -> Result<Vec<String>, Trouble> {
        let engine::Question { from, to, texts, .. } = *whole;
        let pair = Pair { from, to, judges_language: true, glossary: whole.context.glossary };
        let mut answers = Vec::with_capacity(texts.len());
        for begin in (0..texts.len()).step_by(LINES) {
            let engine::Question { texts, context, .. } = whole.part(begin..texts.len().min(begin + LINES));
            let first = self.ask(&Question { pair, texts, context: &context, complaints: &[] }).await?;
            let complaints = complaints(texts, &first, pair);
            let second = if complaints.is_empty() {
                first
            } else {
                self.ask(&Question { pair, texts, context: &context, complaints: &complaints }).await?
            };
            answers.extend(second.into_iter().map(Option::unwrap_or_default));
        }
        Ok(answers)
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Vec<Option<String>>, Trouble> {
        let reply = self.reply(question).await?;
        let completion = serde_json::from_str::<Completion>(&reply.body).map_err(|_| self.server.refused(&reply))?;
        let choice = completion.choices.into_iter().next().ok_or_else(|| self.server.refused(&reply))?;
        if choice.finish_reason.as_deref() == Some("length") {
            return Err(Trouble::TooLong("the model's answer was cut off".to_owned()));
        }
        Ok(answer::read(&choice.message.content.unwrap_or_default(), question.texts))
    }

    async fn reply(&self, question: &Question<'_>) -> Result<Reply, Trouble> {
        loop {
            let has_schema = self.has_schema.load(Ordering::Relaxed);
            let mut body = json!({ "model": self.model, "temperature": 0.2, "messages": question.messages() });
            if has_schema {
                body["response_format"] = question::schema();
            }
            let request = || {
                let request = self.server.post("/chat/completions", &body);
                match self.server.key() {
                    Some(key) => request.bearer_auth(key),
                    None => request,
                }
            };
            let reply = self.server.send(request, |reply| reply.body.contains("insufficient_quota")).await?;
            let says = |words: &str| reply.body.contains(words);
            return match reply.status {
                200 => Ok(reply),
                400 if says("context_length") => Err(Trouble::TooLong(self.server.words(&reply))),
                400 | 422 if has_schema => {
                    self.has_schema.store(false, Ordering::Relaxed);
                    continue;
                }
                401 | 403 => Err(Trouble::Forbidden(REFUSED_KEY.to_owned())),
                404 => Err(Trouble::Forbidden(format!("it has no model '{}'", self.model))),
                429 => {
                    let why = "the account has no quota left".to_owned();
                    Err(Trouble::Resting(Rest { until: later(QUOTA_REST), why }))
                }
                _ => Err(self.server.refused(&reply)),
            };
        }
    }
}

/// What was wrong with an answer, line by line, in words for the model.
fn complaints(texts: &[String], answers: &[Option<String>], pair: Pair<'_>) -> Vec<String> {
    let complaint = |(at, (text, answer)): (usize, (&String, &Option<String>))| {
        let id = at + 1;
        match answer {
            None => Some(format!("id {id}: no answer for this very line")),
            Some(answer) => check::piece(text, answer, pair).map(|rule| format!("id {id}: {rule}")),
        }
    };
    texts.iter().zip(answers).enumerate().filter_map(complaint).collect()
}
