//! Every engine that this process was given, by name. A question comes in, answers or an error go out; an engine that
//! rests is remembered, so that no other job asks in vain.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use subtitle_contract::{
    job::Variants,
    language::Language,
    names::{ENGINES, SIMULATED},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    EngineError,
    announced::{Announced, Pairs},
    apertium::Apertium,
    chain::Rest,
    online::{Trouble, apy::Apy, deepl::DeepL, libretranslate::LibreTranslate, openai::OpenAi, server::Server},
};
use crate::{
    engine::{Question, Translate},
    find::simulated::Simulation,
};

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
    /// Calls of one engine at once, where they are bounded.
    places: BTreeMap<&'static str, Arc<Semaphore>>,
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

    /// With at most so many calls of each engine at once, whatever the number of jobs.
    #[must_use]
    pub fn with_calls_at_once(self, calls: u16) -> Self {
        let place = |engine| (engine, Arc::new(Semaphore::new(usize::from(calls.max(1)))));
        Self { places: ENGINES.into_iter().map(place).collect(), ..self }
    }

    /// Asks, in halves where the engine takes less at once.
    async fn whole(&self, engine: &str, question: Question<'_>) -> Result<Vec<String>, Trouble> {
        let texts = question.texts;
        let all: Range<usize> = 0..texts.len();
        let mut open = vec![all];
        let mut answers = Vec::with_capacity(texts.len());
        while let Some(range) = open.pop() {
            match self.once(engine, &question.part(range.clone())).await {
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

    async fn once(&self, engine: &str, question: &Question<'_>) -> Result<Vec<String>, Trouble> {
        let Question { from, to, variants, texts, seed, .. } = *question;
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
            "openai" => configured(self.openai.as_ref(), engine)?.translate(question).await,
            _ if self.simulation.plays_failure(seed).await => {
                Err(Trouble::Away("a simulated failure, as configured".to_owned()))
            }
            _ => Ok(texts.iter().map(|text| format!("[{to}] {text}")).collect()),
        }
    }

    /// What it can do and says of itself, for those who do not translate.
    pub async fn announced(&self, order: &[&'static str], now: Timestamp) -> Announced {
        let mut engines = BTreeMap::new();
        for engine in ENGINES {
            let pairs = match self.pairs(engine).await {
                Ok(pairs) => pairs,
                Err(Trouble::Forbidden(message)) => Pairs::Forbidden(message),
                Err(_) => Pairs::Unknown,
            };
            engines.insert(engine.to_owned(), pairs);
        }
        Announced { at: now, order: order.iter().map(ToString::to_string).collect(), engines }
    }

    async fn pairs(&self, engine: &str) -> Result<Pairs, Trouble> {
        Ok(Pairs::Listed(match engine {
            "apertium" => self.apertium.pairs().await.map_err(|error| Trouble::Away(error.message))?,
            "apertium-apy" => configured(self.apy.as_ref(), engine)?.pairs().await?,
            "libretranslate" => configured(self.libretranslate.as_ref(), engine)?.pairs().await?,
            "deepl" => configured(self.deepl.as_ref(), engine)?.pairs().await?,
            "openai" => return configured(self.openai.as_ref(), engine).map(|_| Pairs::Any),
            _ => return Ok(Pairs::Any),
        }))
    }

    async fn lists(&self, engine: &str, from: &Language, to: &Language, variants: Variants) -> Result<bool, Trouble> {
        match engine {
            "apertium" => self.apertium.knows(from, to, variants).await.map_err(|error| Trouble::Away(error.message)),
            "apertium-apy" => Ok(configured(self.apy.as_ref(), engine)?.pair(from, to, variants).await?.is_some()),
            "libretranslate" => {
                Ok(configured(self.libretranslate.as_ref(), engine)?.pair(from, to, variants).await?.is_some())
            }
            "deepl" => Ok(configured(self.deepl.as_ref(), engine)?.pair(from, to, variants).await?.is_some()),
            // A model has no list; the checks judge what comes of it.
            "openai" => configured(self.openai.as_ref(), engine).map(|_| true),
            _ => Ok(true),
        }
    }

    fn error(&self, engine: &str, trouble: Trouble) -> EngineError {
        let engine = subtitle_contract::names::known(&ENGINES, engine).unwrap_or(SIMULATED);
        let is_forbidden = matches!(trouble, Trouble::Forbidden(_));
        let message = match trouble {
            Trouble::Forbidden(message) | Trouble::Away(message) | Trouble::TooLong(message) => message,
            Trouble::Resting(rest) => {
                let message = format!("{}; it is asked again from {}", rest.why, rest.until);
                self.rests.lock().unwrap_or_else(PoisonError::into_inner).insert(engine, rest);
                message
            }
        };
        EngineError { engine, message, is_forbidden }
    }
}

fn configured<'a, T>(engine: Option<&'a T>, name: &str) -> Result<&'a T, Trouble> {
    let variable = name.to_ascii_uppercase().replace('-', "_");
    let missing = || Trouble::Forbidden(format!("it is not configured: set the variables SUBTITLES_{variable}_*"));
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
        let known = self.lists(engine, from, to, variants).await;
        known.map_err(|trouble| self.error(engine, trouble))
    }

    async fn translate(&self, engine: &str, question: Question<'_>) -> Result<Vec<String>, EngineError> {
        self.whole(engine, question).await.map_err(|trouble| self.error(engine, trouble))
    }

    async fn place(&self, engine: &str) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it.
        self.places.get(engine)?.clone().acquire_owned().await.ok()
    }

    fn takes_glossary(&self, engine: &str) -> bool {
        engine == "openai"
    }

    fn edition(&self, engine: &str) -> String {
        match (engine, &self.openai) {
            ("openai", Some(openai)) => format!("openai {}", openai.model()),
            _ => engine.to_owned(),
        }
    }

    fn rest(&self, engine: &str) -> Option<Rest> {
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.retain(|_, rest| rest.until > Timestamp::now());
        rests.get(engine).cloned()
    }
}
