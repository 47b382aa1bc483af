//! Every engine that this process was given, by name. A question comes in, answers or an error go out; an engine that
//! rests is remembered, so that no other job asks in vain.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use subtitle_core::{job::Variants, language::Language, names::SIMULATED};

use super::{
    EngineError,
    apertium::Apertium,
    chain::Rest,
    online::{Trouble, apy::Apy, deepl::DeepL, libretranslate::LibreTranslate, openai::OpenAi, server::Server},
};
use crate::{engine::Translate, find::simulated::Simulation};

/// Engines by name; those behind HTTP are there if they were configured.
#[derive(Default)]
pub struct Engines {
    apertium: Apertium,
    simulation: Simulation,
    apy: Option<Apy>,
    libretranslate: Option<LibreTranslate>,
    deepl: Option<DeepL>,
    openai: Option<OpenAi>,
    rests: Mutex<BTreeMap<&'static str, Rest>>,
}

/// Who is asked for what.
#[derive(Clone, Copy)]
struct Request<'a> {
    engine: &'a str,
    from: &'a Language,
    to: &'a Language,
    variants: Variants,
}

impl Engines {
    /// The installed command, and an engine that plays as `simulation` says.
    pub fn new(simulation: Simulation) -> Self {
        Self { simulation, ..Self::default() }
    }

    /// With a server of Apertium's APY.
    #[must_use]
    pub fn with_apy(self, server: Server) -> Self {
        Self { apy: Some(Apy::new(server)), ..self }
    }

    /// With a LibreTranslate server.
    #[must_use]
    pub fn with_libretranslate(self, server: Server) -> Self {
        Self { libretranslate: Some(LibreTranslate::new(server)), ..self }
    }

    /// With DeepL.
    #[must_use]
    pub fn with_deepl(self, server: Server) -> Self {
        Self { deepl: Some(DeepL::new(server)), ..self }
    }

    /// With a model on an OpenAI-compatible server.
    #[must_use]
    pub fn with_openai(self, server: Server, model: String) -> Self {
        Self { openai: Some(OpenAi::new(server, model)), ..self }
    }

    /// Asks, in halves where the engine takes less at once.
    async fn whole(&self, request: Request<'_>, texts: &[String], seed: &str) -> Result<Vec<String>, Trouble> {
        let all: Range<usize> = 0..texts.len();
        let mut open = vec![all];
        let mut answers = Vec::with_capacity(texts.len());
        while let Some(range) = open.pop() {
            match self.once(request, &texts[range.clone()], seed).await {
                Ok(some) if some.len() == range.len() => answers.extend(some),
                // Two wrong numbers could add up to the right one.
                Ok(_) => return Ok(Vec::new()),
                Err(Trouble::TooLong(_)) if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    open.extend([middle..range.end, range.start..middle]);
                }
                Err(Trouble::TooLong(_)) => answers.push(String::new()),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(answers)
    }

    async fn once(&self, request: Request<'_>, texts: &[String], seed: &str) -> Result<Vec<String>, Trouble> {
        let Request { engine, from, to, variants } = request;
        match engine {
            "apertium" => {
                let answers = self.apertium.translate(from, to, variants, texts).await;
                answers.map_err(|error| Trouble::Away(error.message))
            }
            "apertium-apy" => configured(self.apy.as_ref(), engine)?.translate(from, to, variants, texts).await,
            "libretranslate" => {
                configured(self.libretranslate.as_ref(), engine)?.translate(from, to, variants, texts).await
            }
            "deepl" => configured(self.deepl.as_ref(), engine)?.translate(from, to, variants, texts).await,
            "openai" => configured(self.openai.as_ref(), engine)?.translate(from, to, texts).await,
            _ if self.simulation.plays_failure(seed).await => {
                Err(Trouble::Away("a simulated failure, as configured".to_owned()))
            }
            _ => Ok(texts.iter().map(|text| format!("[{to}] {text}")).collect()),
        }
    }

    async fn lists(&self, request: Request<'_>) -> Result<bool, Trouble> {
        let Request { engine, from, to, variants } = request;
        match engine {
            "apertium" => self.apertium.knows(from, to, variants).await.map_err(|error| Trouble::Away(error.message)),
            "apertium-apy" => configured(self.apy.as_ref(), engine)?.knows(from, to, variants).await,
            "libretranslate" => configured(self.libretranslate.as_ref(), engine)?.knows(from, to, variants).await,
            "deepl" => configured(self.deepl.as_ref(), engine)?.knows(from, to, variants).await,
            // A model has no list; the checks judge what comes of it.
            "openai" => configured(self.openai.as_ref(), engine).map(|_| true),
            _ => Ok(true),
        }
    }

    fn error(&self, engine: &str, trouble: Trouble) -> EngineError {
        let engine = subtitle_core::names::known(&subtitle_core::names::ENGINES, engine).unwrap_or(SIMULATED);
        let message = match trouble {
            Trouble::Away(message) | Trouble::TooLong(message) => message,
            Trouble::Resting(rest) => {
                let message = format!("{}; it is asked again from {}", rest.why, rest.until);
                self.rests.lock().unwrap_or_else(PoisonError::into_inner).insert(engine, rest);
                message
            }
        };
        EngineError { engine, message }
    }
}

fn configured<'a, T>(engine: Option<&'a T>, name: &str) -> Result<&'a T, Trouble> {
    let variable = name.to_ascii_uppercase().replace('-', "_");
    let missing = || Trouble::Away(format!("it is not configured: set the variables SUBTITLES_{variable}_*"));
    engine.ok_or_else(missing)
}

impl Translate for Engines {
    async fn knows(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
    ) -> Result<bool, EngineError> {
        let known = self.lists(Request { engine, from, to, variants }).await;
        known.map_err(|trouble| self.error(engine, trouble))
    }

    async fn translate(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
        texts: &[String],
        seed: &str,
    ) -> Result<Vec<String>, EngineError> {
        let answers = self.whole(Request { engine, from, to, variants }, texts, seed).await;
        answers.map_err(|trouble| self.error(engine, trouble))
    }

    fn rest(&self, engine: &str) -> Option<Rest> {
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.retain(|_, rest| rest.until > Timestamp::now());
        rests.get(engine).cloned()
    }
}
