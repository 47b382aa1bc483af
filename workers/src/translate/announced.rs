//! What the translators of this system can do, so that a downloader spends nothing on a pair that nobody translates.
//! Every translator announces its engines' pairs in the object store, at its start and every few minutes; a downloader
//! reads them. What is not announced is not known, and then the translator decides, as it always does in the end.
//! Does I/O.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use subtitle_contract::{
    job::{Translation, TranslationPolicy, Variants},
    language::Language,
    names::{ENGINES, known},
    reason::Reason,
};

use super::{EngineError, Engines, chain, serves};
use crate::{
    engine::{Question, Translate},
    failure::Failure,
    named::exactly,
    store::{Store, StoreError},
};

/// How often a translator says it again.
const EVERY: Duration = Duration::from_secs(300);
/// What is older is not known any more: there may be no translator, or another one.
const OLD: SignedDuration = SignedDuration::from_mins(15);
/// No namespace of Kubernetes has this name.
const KEY: &str = "_translators/pairs.json";

/// The pairs of one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// It has no list.
    Any,
    /// From which language into which.
    Listed(Vec<(Language, Language)>),
    /// It is not set up or refuses our key; with what a person can do.
    Forbidden(String),
    /// It did not answer.
    Unknown,
}

/// What a translator announces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// When.
    pub at: Timestamp,
    /// The order of engines when a job names none.
    pub order: Vec<String>,
    /// What each can do.
    pub engines: BTreeMap<String, Pairs>,
}

impl Announced {
    /// Puts it where downloaders find it.
    pub async fn store(&self, store: &Store) -> Result<(), StoreError> {
        store.replace(KEY, serde_json::to_vec(self).unwrap_or_default().into()).await
    }

    /// Announces what `engines` can do until it is dropped.
    pub async fn keep_current(engines: Engines, order: Vec<&'static str>, store: Store) {
        loop {
            let announced = engines.announced(&order, Timestamp::now()).await;
            if let Err(error) = announced.store(&store).await {
                tracing::warn!(%error, "downloaders do not hear which pairs are translated; trying again");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// What was announced lately.
    async fn read(store: &Store, now: Timestamp) -> Result<Option<Self>, StoreError> {
        let bytes = store.read(KEY).await?;
        let announced: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(announced.filter(|announced| now.duration_since(announced.at) <= OLD))
    }
}

impl Translate for Announced {
    async fn knows(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
    ) -> Result<bool, EngineError> {
        let engine = known(&ENGINES, engine).unwrap_or_default();
        match self.engines.get(engine) {
            Some(Pairs::Any) => Ok(true),
            Some(Pairs::Listed(pairs)) => {
                Ok(pairs.iter().any(|(source, target)| source.base() == from.base() && serves(target, to, variants)))
            }
            Some(Pairs::Forbidden(message)) => {
                Err(EngineError { engine, message: message.clone(), is_forbidden: true })
            }
            Some(Pairs::Unknown) | None => Err(EngineError::away(engine, "its pairs are not known")),
        }
    }

    async fn translate(&self, engine: &str, _: Question<'_>) -> Result<Vec<String>, EngineError> {
        let engine = known(&ENGINES, engine).unwrap_or_default();
        Err(EngineError::away(engine, "a downloader does not translate"))
    }
}

/// Of the languages to translate from, those that may be worth a download; and why the others are not, if that is sure.
pub async fn worthwhile(
    store: &Store,
    from: Vec<Language>,
    wanted: &Language,
    translation: &Translation,
    now: Timestamp,
) -> Result<(Vec<Language>, Option<Failure>), Failure> {
    if translation.policy == TranslationPolicy::Never {
        return Ok((from, None));
    }
    let Some(announced) = Announced::read(store, now).await? else { return Ok((from, None)) };
    let order: Vec<&'static str> = match &translation.engines {
        Some(named) => exactly("spec.translation.engines", "translator", &ENGINES, named)?,
        None => announced.order.iter().filter_map(|name| known(&ENGINES, name)).collect(),
    };
    let (mut possible, mut refusal) = (Vec::new(), None);
    for language in from {
        match chain::routes(&announced, &order, &language, wanted, translation).await {
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

    fn announced(at: Timestamp) -> Announced {
        let pairs = |pairs: &[(&str, &str)]| {
            Pairs::Listed(pairs.iter().map(|(source, target)| (tag(source), tag(target))).collect())
        };
        let engines = [
            ("apertium".to_owned(), pairs(&[("en", "es"), ("fr", "en")])),
            ("deepl".to_owned(), Pairs::Forbidden("it refuses the key".to_owned())),
            ("libretranslate".to_owned(), Pairs::Unknown),
        ];
        Announced { at, order: vec!["apertium".to_owned()], engines: engines.into() }
    }

    async fn asked(wanted: &str, spec: serde_json::Value, minutes: i64) -> (Vec<String>, Option<Reason>) {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        announced(Timestamp::UNIX_EPOCH).store(&store).await.expect("the store");
        let translation: Translation = serde_json::from_value(spec).expect("a spec");
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let from = vec![tag("en"), tag("fr")];
        let (possible, refusal) = worthwhile(&store, from, &tag(wanted), &translation, now).await.expect("an answer");
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
            let found = asked(wanted, spec.clone(), 5).await;
            assert_eq!(found, (possible.into_iter().map(str::to_owned).collect(), refusal), "{wanted} {spec}");
        }
    }

    #[tokio::test]
    async fn what_was_announced_long_ago_is_not_known() {
        assert_eq!(asked("fi", serde_json::json!({}), 16).await.0, ["en", "fr"]);
    }
}
