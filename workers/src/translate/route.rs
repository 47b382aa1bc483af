//! Which engines can do a translation, and how: names in their order come in, routes go out, before anything is sent
//! or paid for. Asks engines for their lists of pairs only. Does I/O.

use subtitle_contract::{
    job::{Pivot, Translation, VariantMatch},
    language::Language,
    reason::Reason,
};
use subtitle_telemetry::chain;

use super::{
    engines::{EngineError, EngineErrorClass, EngineId, Translate},
    variants::tiers,
};
use crate::failure::Failure;

/// One engine's way from one language to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Which engine.
    pub engine: EngineId,
    /// How near its variant of the target language is to the one asked for.
    pub tier: VariantMatch,
    /// The language in between, if any.
    pub via: Option<Language>,
}

impl Route {
    /// How often each text is sent.
    pub fn calls(&self) -> u64 {
        1 + u64::from(self.via.is_some())
    }

    /// The engine and the language in between, for a person.
    pub fn identity(&self) -> String {
        self.via.as_ref().map_or_else(|| self.engine.name().to_owned(), |via| format!("{} via {via}", self.engine))
    }
}

/// Every route in the engines' order; the failure says why no route exists.
pub async fn routes<E: Translate>(
    engines: &E,
    order: &[EngineId],
    from: &Language,
    to: &Language,
    policy: &Translation,
) -> Result<Vec<Route>, Failure> {
    let (mut routes, mut broken, mut cooling_down) = (Vec::new(), None, Vec::new());
    for engine in order.iter().copied() {
        match route(engines, engine, from, to, policy).await {
            Ok(Some(route)) => match engines.cooldown(engine) {
                None => routes.push(route),
                Some(cooldown) => cooling_down.push((engine, cooldown)),
            },
            Ok(None) => {}
            // One that may be back is worth another attempt.
            Err(error) => {
                if broken.as_ref().is_none_or(|known: &EngineError| known.class() == EngineErrorClass::Forbidden) {
                    broken = Some(error);
                }
            }
        }
    }
    if !routes.is_empty() {
        return Ok(routes);
    }
    if let Some((engine, cooldown)) = cooling_down.into_iter().min_by_key(|(_, cooldown)| cooldown.until) {
        let message = format!("'{engine}' answers again from {}: {}", cooldown.until, cooldown.why);
        return Err(Failure { not_before: Some(cooldown.until), ..Failure::new(Reason::EngineUnavailable, message) });
    }
    Err(match broken {
        Some(error) => Failure::new(error.reason(), chain(&error)),
        None => Failure::new(
            Reason::LanguagePairUnsupported,
            format!(
                "no engine of {} translates from '{}' to '{}'; install the pair, or name another engine in \
                 spec.translation.engines",
                order.iter().map(|engine| engine.name()).collect::<Vec<_>>().join(", "),
                from,
                to
            ),
        ),
    })
}

async fn route<E: Translate>(
    engines: &E,
    engine: EngineId,
    from: &Language,
    to: &Language,
    policy: &Translation,
) -> Result<Option<Route>, EngineError> {
    for tier in tiers(policy.variants) {
        if engines.supports(engine, from, to, *tier).await? {
            return Ok(Some(Route { engine, tier: *tier, via: None }));
        }
    }
    let Ok(english) = Language::parse("en") else { return Ok(None) };
    let is_english = |language: &Language| language.primary() == english.primary();
    if policy.pivot == Pivot::Never || !engine.pivots() || is_english(from) || is_english(to) {
        return Ok(None);
    }
    if !engines.supports(engine, from, &english, VariantMatch::Base).await? {
        return Ok(None);
    }
    for tier in tiers(policy.variants) {
        if engines.supports(engine, &english, to, *tier).await? {
            return Ok(Some(Route { engine, tier: *tier, via: Some(english) }));
        }
    }
    Ok(None)
}
