//! Which engine and which variant is taken, before anything is sent.

use subtitle_contract::{
    job::{Pivot, Translation, VariantMatch},
    language::Language,
    reason::Reason,
};
use subtitle_workers::translate::{
    EngineError, EngineId, Translate, TranslationRequest,
    engines::Cooldown,
    route::{self, Route},
};

use crate::bench::engine;

/// Supports exactly these pairs.
struct Listed {
    pairs: &'static [(&'static str, &'static str, &'static str)],
    cooling_down: Option<&'static str>,
}

fn tag(text: &str) -> Language {
    Language::parse(text).expect("a tag")
}

impl Translate for Listed {
    async fn supports(
        &self,
        engine: EngineId,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<bool, EngineError> {
        let is_near = |offered: &str| match variants {
            VariantMatch::Exact => offered == to.as_str(),
            VariantMatch::Script | VariantMatch::Base => tag(offered).primary() == to.primary(),
        };
        Ok(self
            .pairs
            .iter()
            .any(|(name, source, target)| *name == engine.name() && *source == from.as_str() && is_near(target)))
    }

    async fn translate(&self, _: EngineId, _: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        panic!("nothing is sent to find a route")
    }

    fn cooldown(&self, engine: EngineId) -> Option<Cooldown> {
        let until = "2030-01-01T00:00:00Z".parse().expect("a time");
        self.cooling_down.filter(|name| *name == engine.name()).map(|_| Cooldown { until, why: "quota".to_owned() })
    }
}

const ENGINES: Listed = Listed {
    pairs: &[("apertium", "en", "es"), ("apertium", "fr", "en"), ("deepl", "en", "es"), ("deepl", "en", "pt-BR")],
    cooling_down: None,
};

async fn routes(engines: &Listed, from: &str, to: &str, policy: &Translation) -> Result<Vec<Route>, Reason> {
    let order = ["apertium", "deepl"].map(engine);
    let routes = route::routes(engines, &order, &tag(from), &tag(to), policy).await;
    routes.map_err(|failure| failure.reason)
}

#[tokio::test]
async fn engines_come_in_order_and_only_those_that_list_the_pair() {
    let policy = Translation::default();
    let names = |routes: Vec<Route>| routes.iter().map(|route| route.engine.name()).collect::<Vec<_>>();
    assert_eq!(routes(&ENGINES, "en", "es", &policy).await.map(names), Ok(vec!["apertium", "deepl"]));
    assert_eq!(routes(&ENGINES, "en", "pt-BR", &policy).await.map(names), Ok(vec!["deepl"]));
    assert_eq!(routes(&ENGINES, "en", "fi", &policy).await, Err(Reason::LanguagePairUnsupported));
}

#[tokio::test]
async fn the_nearest_variant_is_taken_and_its_tier_is_told() {
    let policy = |variants| Translation { variants, ..Translation::default() };
    let tier = |routes: Vec<Route>| routes[0].tier;
    assert_eq!(routes(&ENGINES, "en", "pt-BR", &policy(VariantMatch::Base)).await.map(tier), Ok(VariantMatch::Exact));
    assert_eq!(routes(&ENGINES, "en", "pt", &policy(VariantMatch::Base)).await.map(tier), Ok(VariantMatch::Script));
    assert_eq!(
        routes(&ENGINES, "en", "pt", &policy(VariantMatch::Exact)).await.map(tier),
        Err(Reason::LanguagePairUnsupported)
    );
}

#[tokio::test]
async fn a_language_in_between_is_used_only_when_the_policy_says_so() {
    let policy = |pivot| Translation { pivot, ..Translation::default() };
    assert_eq!(routes(&ENGINES, "fr", "es", &policy(Pivot::Never)).await, Err(Reason::LanguagePairUnsupported));
    let route = Route { engine: engine("apertium"), tier: VariantMatch::Exact, via: Some(tag("en")) };
    assert_eq!(routes(&ENGINES, "fr", "es", &policy(Pivot::ViaEnglish)).await, Ok(vec![route]));
}

#[tokio::test]
async fn an_engine_that_is_cooling_down_is_skipped_and_alone_it_names_the_time() {
    let cooling_down = |engine| Listed { cooling_down: Some(engine), ..ENGINES };
    let policy = Translation::default();
    let left = routes(&cooling_down("apertium"), "en", "es", &policy).await.expect("the other one");
    assert_eq!(left.iter().map(|route| route.engine.name()).collect::<Vec<_>>(), ["deepl"]);
    let failure = route::routes(&cooling_down("deepl"), &[engine("deepl")], &tag("en"), &tag("es"), &policy).await;
    let failure = failure.expect_err("nobody is left");
    assert_eq!((failure.reason, failure.not_before.is_some()), (Reason::EngineUnavailable, true));
}
