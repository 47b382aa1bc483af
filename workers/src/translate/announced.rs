//! What the translators of this system can do, so that a downloader pays nothing for a pair that no engine translates.
//! Every translator announces its engines' pairs in the object store, at its start and every few minutes; a downloader
//! reads them. What is not announced is unknown, and then the translator decides, as it always does in the end.
//! Does I/O.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtitle_contract::{
    job::{Translation, TranslationPolicy, VariantMatch},
    language::Language,
    reason::Reason,
};
use subtitle_telemetry::chain;

use super::{
    engines::{self, EngineError, EngineErrorClass, EngineFault, EngineId, Engines, Translate},
    request::TranslationRequest,
    route,
    variants::serves,
};
use crate::{
    failure::Failure,
    observations::Observations,
    store::{Store, StoreError},
};

/// How often a translator announces.
const INTERVAL: Duration = Duration::from_secs(300);
/// An announcement that has not changed for so long is ignored: there may be no translator any more, or another one.
const MAX_AGE: Duration = Duration::from_mins(15);
/// No Kubernetes namespace has this name.
const KEY: &str = "_translators/pairs.json";

/// The pairs of one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// It has no list.
    Any,
    /// From which language into which.
    Listed(Vec<(Language, Language)>),
    /// It is not configured or refuses our key; with what a person can do.
    Forbidden(String),
    /// It did not answer.
    Unknown,
}

/// What a translator announces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// When it was announced, by the translator's clock; no two announcements are the same.
    pub at: Timestamp,
    /// The order of engines when a job names none.
    pub order: Vec<String>,
    /// The pairs of each engine, by name.
    pub engines: BTreeMap<String, Pairs>,
}

impl Announced {
    /// Stores it where downloaders read it.
    pub async fn store(&self, store: &Store) -> Result<(), StoreError> {
        store.replace(KEY, serde_json::to_vec(self).unwrap_or_default().into()).await
    }

    /// What `engines` can do now.
    pub async fn from_engines(engines: &Engines, order: &[EngineId], now: Timestamp) -> Self {
        let mut announced = BTreeMap::new();
        for engine in engines::REGISTRY {
            let pairs = match engines.pairs(engine).await {
                Ok(Some(pairs)) => Pairs::Listed(pairs),
                Ok(None) => Pairs::Any,
                Err(fault) => match fault.class() {
                    EngineErrorClass::Forbidden => Pairs::Forbidden(chain(&fault).to_string()),
                    EngineErrorClass::Unavailable => Pairs::Unknown,
                },
            };
            announced.insert(engine.name().to_owned(), pairs);
        }
        Self { at: now, order: order.iter().map(|engine| engine.name().to_owned()).collect(), engines: announced }
    }

    /// Announces what `engines` can do, again and again until it is dropped.
    pub async fn keep_current(engines: Arc<Engines>, order: Vec<EngineId>, store: Store) {
        loop {
            let announced = Self::from_engines(&engines, &order, Timestamp::now()).await;
            if let Err(error) = announced.store(&store).await {
                tracing::warn!(error = %chain(&error), "failed to announce the engines' pairs to downloaders; trying again");
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// The latest announcement, unless `observations` have seen it unchanged for too long.
    /// `now` is `Clock::elapsed`.
    pub async fn read(store: &Store, observations: &Observations, now: Duration) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = store.read(KEY).await? else { return Ok(None) };
        let is_current = observations.unchanged_for(KEY, &bytes, now) <= MAX_AGE;
        Ok(serde_json::from_slice(&bytes).ok().filter(|_| is_current))
    }
}

impl Translate for Announced {
    async fn supports(
        &self,
        engine: EngineId,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<bool, EngineError> {
        match self.engines.get(engine.name()) {
            Some(Pairs::Any) => Ok(true),
            Some(Pairs::Listed(pairs)) => Ok(pairs
                .iter()
                .any(|(source, target)| source.primary() == from.primary() && serves(target, to, variants))),
            Some(Pairs::Forbidden(message)) => {
                Err(EngineError { engine, fault: EngineFault::Forbidden(message.clone()) })
            }
            Some(Pairs::Unknown) | None => Err(EngineError::unavailable(engine, "its pairs are not known")),
        }
    }

    async fn translate(&self, engine: EngineId, _: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        Err(EngineError::unavailable(engine, "a downloader does not translate"))
    }
}

/// Those of the languages in `from` that may be worth a download, and why the others are surely not.
pub async fn worthwhile(
    announced: Option<&Announced>,
    from: Vec<Language>,
    wanted: &Language,
    translation: &Translation,
) -> Result<(Vec<Language>, Option<Failure>), Failure> {
    if translation.policy == TranslationPolicy::Never {
        return Ok((from, None));
    }
    let Some(announced) = announced else { return Ok((from, None)) };
    let order = match &translation.engines {
        Some(named) => engines::exactly(named)?,
        None => announced.order.iter().filter_map(|name| engines::from_name(name)).collect(),
    };
    let (mut possible, mut refusal) = (Vec::new(), None);
    for language in from {
        match route::routes(announced, &order, &language, wanted, translation).await {
            Err(failure) if matches!(failure.reason, Reason::LanguagePairUnsupported | Reason::EngineForbidden) => {
                refusal = refusal.or(Some(failure));
            }
            _ => possible.push(language),
        }
    }
    Ok((possible, refusal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Language {
        Language::parse(text).expect("a tag")
    }

    fn announced() -> Announced {
        let pairs = |pairs: &[(&str, &str)]| {
            Pairs::Listed(pairs.iter().map(|(source, target)| (tag(source), tag(target))).collect())
        };
        let engines = [
            ("apertium".to_owned(), pairs(&[("en", "es"), ("fr", "en")])),
            ("deepl".to_owned(), Pairs::Forbidden("it refuses the key".to_owned())),
            ("libretranslate".to_owned(), Pairs::Unknown),
        ];
        Announced { at: Timestamp::UNIX_EPOCH, order: vec!["apertium".to_owned()], engines: engines.into() }
    }

    async fn asked(wanted: &str, spec: serde_json::Value) -> (Vec<String>, Option<Reason>) {
        let translation: Translation = serde_json::from_value(spec).expect("a spec");
        let from = vec![tag("en"), tag("fr")];
        let announced = announced();
        let (possible, refusal) =
            worthwhile(Some(&announced), from, &tag(wanted), &translation).await.expect("an answer");
        (possible.into_iter().map(String::from).collect(), refusal.map(|failure| failure.reason))
    }

    #[tokio::test]
    async fn only_languages_that_somebody_translates_from_are_worth_a_download() {
        use serde_json::json;
        let unsupported = Some(Reason::LanguagePairUnsupported);
        for (wanted, spec, possible, refusal) in [
            ("es", json!({}), vec!["en"], unsupported),
            ("es-MX", json!({"variants": "Exact"}), vec![], unsupported),
            ("es", json!({"pivot": "ViaEnglish"}), vec!["en", "fr"], None),
            ("fi", json!({}), vec![], unsupported),
            ("fi", json!({"engines": [{"name": "deepl"}]}), vec![], Some(Reason::EngineForbidden)),
            ("fi", json!({"engines": [{"name": "deepl"}, {"name": "libretranslate"}]}), vec!["en", "fr"], None),
            ("fi", json!({"engines": [{"name": "openai"}]}), vec!["en", "fr"], None),
            ("fi", json!({"policy": "Never"}), vec!["en", "fr"], None),
        ] {
            let found = asked(wanted, spec.clone()).await;
            assert_eq!(found, (possible.into_iter().map(str::to_owned).collect(), refusal), "{wanted} {spec}");
        }
    }

    #[tokio::test]
    async fn what_nobody_announces_any_more_is_not_known_whatever_the_clocks_show() {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let (observations, second) = (Observations::default(), Duration::from_secs(1));
        let is_known = async |now| Announced::read(&store, &observations, now).await.expect("the store").is_some();
        assert!(!is_known(second).await);
        announced().store(&store).await.expect("the store");
        assert!(is_known(second).await, "by a clock of 1970");
        assert!(is_known(second + MAX_AGE).await);
        assert!(!is_known(2 * second + MAX_AGE).await);
        Announced { at: Timestamp::MAX, ..announced() }.store(&store).await.expect("the store");
        assert!(is_known(3 * second + MAX_AGE).await, "announced again");
    }
}
