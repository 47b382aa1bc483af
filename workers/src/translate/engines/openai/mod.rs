//! Any server that speaks OpenAI's chat completions. Pieces come in, one answer for each goes out, empty where the
//! model had none.
//!
//! ```text
//! prompt ─▶ model ─▶ answer ─▶ read ─▶ violations? ─ once ─▶ prompt that quotes them
//! ```
//!
//! A model is kept in step by ids and by saying how the line begins that it translates: the classic failure is two
//! lines merged and every line after shifted by one. Does I/O.

mod answer;
mod prompt;

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use subtitle_contract::{job::VariantMatch, language::Language};
use url::Url;

use super::{
    port::{Cooldown, Engine, EngineFault, LanguagePairs, Shared},
    server::{FIRST_PAUSE, REFUSED_KEY, Reply, Server, from_now},
};
use crate::{
    secret::read_key,
    translate::{
        check::{self, Pair},
        request::TranslationRequest,
    },
};
use prompt::Prompt;

/// Lines in one prompt: llm-subtrans found 10 to 30 to be what models keep in step with.
const LINES: usize = 25;
/// `insufficient_quota` names no time.
const QUOTA_COOLDOWN: Duration = Duration::from_secs(60 * 60);

/// The flags of an OpenAI-compatible server.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "fields are named like their flags")]
pub struct OpenAiArguments {
    /// An OpenAI-compatible server, up to its version, such as http://ollama:11434/v1
    #[arg(long, env = "SUBTITLES_OPENAI_URL", requires = "openai_model")]
    openai_url: Option<Url>,
    /// The model's name there
    #[arg(long, env = "SUBTITLES_OPENAI_MODEL")]
    openai_model: Option<String>,
    /// The file with that server's key, where it wants one
    #[arg(long, env = "SUBTITLES_OPENAI_KEY_FILE")]
    openai_key_file: Option<PathBuf>,
}

/// A model on a server.
pub struct OpenAi {
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
    /// A model on this server.
    pub fn new(server: Server, model: String) -> Self {
        Self { server, model, has_schema: AtomicBool::new(true) }
    }

    async fn ask(&self, prompt: &Prompt<'_>) -> Result<Vec<Option<String>>, EngineFault> {
        let reply = self.reply(prompt).await?;
        let completion = serde_json::from_str::<Completion>(&reply.body).map_err(|_| self.server.unexpected(&reply))?;
        let choice = completion.choices.into_iter().next().ok_or_else(|| self.server.unexpected(&reply))?;
        if choice.finish_reason.as_deref() == Some("length") {
            return Err(EngineFault::TooLong("the model's answer was cut off".to_owned()));
        }
        Ok(answer::read(&choice.message.content.unwrap_or_default(), prompt.texts))
    }

    async fn reply(&self, prompt: &Prompt<'_>) -> Result<Reply, EngineFault> {
        loop {
            let has_schema = self.has_schema.load(Ordering::Relaxed);
            let mut body = json!({ "model": self.model, "temperature": 0.2, "messages": prompt.messages() });
            if has_schema {
                body["response_format"] = prompt::schema();
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
                400 if says("context_length") => Err(EngineFault::TooLong(self.server.excerpt(&reply))),
                400 | 422 if has_schema => {
                    self.has_schema.store(false, Ordering::Relaxed);
                    continue;
                }
                401 | 403 => Err(EngineFault::Forbidden(REFUSED_KEY.to_owned())),
                404 => Err(EngineFault::Forbidden(format!("it has no model '{}'", self.model))),
                429 => {
                    let why = "the account has no quota left".to_owned();
                    Err(EngineFault::CoolingDown(Cooldown { until: from_now(QUOTA_COOLDOWN), why }))
                }
                _ => Err(self.server.unexpected(&reply)),
            };
        }
    }
}

impl Engine for OpenAi {
    const NAME: &'static str = "openai";
    const TAKES_GLOSSARY: bool = true;
    type Arguments = OpenAiArguments;

    fn from_arguments(arguments: OpenAiArguments, shared: &Shared) -> Result<Option<Self>> {
        let OpenAiArguments { openai_url, openai_model, openai_key_file } = arguments;
        let Some((url, model)) = openai_url.zip(openai_model) else { return Ok(None) };
        let key = read_key(openai_key_file.as_deref())?;
        Ok(Some(Self::new(Server::new(shared.http.clone(), url.as_str(), key, FIRST_PAUSE), model)))
    }

    /// A model has no list; the checks show what its answers are worth.
    async fn pairs(&self) -> Result<Option<LanguagePairs>, EngineFault> {
        Ok(None)
    }

    async fn supports(&self, _: &Language, _: &Language, _: VariantMatch) -> Result<bool, EngineFault> {
        Ok(true)
    }

    async fn translate(&self, request: &TranslationRequest<'_>) -> Result<Vec<String>, EngineFault> {
        let TranslationRequest { from, to, texts, .. } = *request;
        let pair = Pair { from, to, checks_language: true, glossary: request.context.glossary };
        let mut answers = Vec::with_capacity(texts.len());
        for start in (0..texts.len()).step_by(LINES) {
            let TranslationRequest { texts, context, .. } = request.part(start..texts.len().min(start + LINES));
            let first = self.ask(&Prompt { pair, texts, context: &context, complaints: &[] }).await?;
            let complaints = complaints(texts, &first, pair);
            let last = if complaints.is_empty() {
                first
            } else {
                self.ask(&Prompt { pair, texts, context: &context, complaints: &complaints }).await?
            };
            answers.extend(last.into_iter().map(Option::unwrap_or_default));
        }
        Ok(answers)
    }

    fn edition(&self, _: &[&Language]) -> String {
        format!("{} {}", Self::NAME, self.model)
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
