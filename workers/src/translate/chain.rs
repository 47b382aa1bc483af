//! Which engines can do a translation, and how: names in their order come in, routes go out, before anything is sent
//! or paid for. Asks engines for their lists of pairs only.

use jiff::Timestamp;
use subtitle_contract::{
    job::{Pivot, Translation, Variants},
    language::Language,
    reason::Reason,
};

use super::EngineError;
use crate::{engine::Translate, failure::Failure};

/// Engines whose quality through a third language is known: rule-based ones lose words, but invent none.
const PIVOTING: [&str; 2] = ["apertium", "apertium-apy"];

/// One engine's way from one language to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Which engine.
    pub engine: &'static str,
    /// How near its variant of the language is to the one asked for.
    pub tier: Variants,
    /// The language in between, if any.
    pub via: Option<Language>,
}

impl Route {
    /// What a result of it is: with which engine and over which language.
    pub fn identity(&self) -> String {
        self.via.as_ref().map_or_else(|| self.engine.to_owned(), |via| format!("{} via {via}", self.engine))
    }
}

/// An engine that does not answer before a known time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Until when.
    pub until: Timestamp,
    /// Why, for a person.
    pub why: String,
}

/// Every route in the engines' order; the failure says why there is none.
pub async fn routes<E: Translate>(
    engines: &E,
    order: &[&'static str],
    from: &Language,
    to: &Language,
    policy: &Translation,
) -> Result<Vec<Route>, Failure> {
    let (mut routes, mut broken, mut resting) = (Vec::new(), None, Vec::new());
    for engine in order {
        match route(engines, engine, from, to, policy).await {
            Ok(Some(route)) => match engines.rest(engine) {
                None => routes.push(route),
                Some(rest) => resting.push((engine, rest)),
            },
            Ok(None) => {}
            // One that may be back is worth another attempt.
            Err(error) => {
                if broken.as_ref().is_none_or(|known: &EngineError| known.is_forbidden) {
                    broken = Some(error);
                }
            }
        }
    }
    if !routes.is_empty() {
        return Ok(routes);
    }
    if let Some((engine, rest)) = resting.into_iter().min_by_key(|(_, rest)| rest.until) {
        let message = format!("'{engine}' answers again from {}: {}", rest.until, rest.why);
        return Err(Failure { not_before: Some(rest.until), ..Failure::new(Reason::EngineUnavailable, message) });
    }
    Err(match broken {
        Some(error) => Failure::new(error.reason(), error),
        None => Failure::new(
            Reason::LanguagePairUnsupported,
            format!(
                "none of the engines {} translates from '{}' to '{}'; install the pair, or name another engine in \
                 spec.translation.engines",
                order.join(", "),
                from,
                to
            ),
        ),
    })
}

async fn route<E: Translate>(
    engines: &E,
    engine: &'static str,
    from: &Language,
    to: &Language,
    policy: &Translation,
) -> Result<Option<Route>, EngineError> {
    for tier in tiers(policy.variants) {
        if engines.knows(engine, from, to, *tier).await? {
            return Ok(Some(Route { engine, tier: *tier, via: None }));
        }
    }
    let Ok(english) = Language::parse("en") else { return Ok(None) };
    let is_english = |language: &Language| language.base() == english.base();
    if policy.pivot == Pivot::Never || !PIVOTING.contains(&engine) || is_english(from) || is_english(to) {
        return Ok(None);
    }
    if !engines.knows(engine, from, &english, Variants::Base).await? {
        return Ok(None);
    }
    for tier in tiers(policy.variants) {
        if engines.knows(engine, &english, to, *tier).await? {
            return Ok(Some(Route { engine, tier: *tier, via: Some(english) }));
        }
    }
    Ok(None)
}

/// From the nearest to the farthest that the policy allows.
const fn tiers(allowed: Variants) -> &'static [Variants] {
    match allowed {
        Variants::Exact => &[Variants::Exact],
        Variants::Script => &[Variants::Exact, Variants::Script],
        Variants::Base => &[Variants::Exact, Variants::Script, Variants::Base],
    }
}
