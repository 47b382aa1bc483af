//! Which engine and which variant is taken, before anything is sent.

use subtitle_contract::{
    job::{Pivot, Translation, Variants},
    language::Language,
    reason::Reason,
};
use subtitle_workers::{
    engine::{Question, Translate},
    translate::{
        EngineError,
        chain::{self, Rest, Route},
    },
};

/// Knows exactly these tags; whatever is asked of it goes through that list.
struct Listed {
    pairs: &'static [(&'static str, &'static str, &'static str)],
    resting: Option<&'static str>,
}

fn tag(text: &str) -> Language {
    Language::parse(text).expect("a tag")
}

impl Translate for Listed {
    async fn knows(
        &self,
        engine: &str,
        from: &Language,
        to: &Language,
        variants: Variants,
    ) -> Result<bool, EngineError> {
        let is_near = |offered: &str| match variants {
            Variants::Exact => offered == to.as_str(),
            Variants::Script | Variants::Base => tag(offered).base() == to.base(),
        };
        Ok(self
            .pairs
            .iter()
            .any(|(name, source, target)| *name == engine && *source == from.as_str() && is_near(target)))
    }

    async fn translate(&self, _: &str, _: Question<'_>) -> Result<Vec<String>, EngineError> {
        panic!("nothing is sent to find a route")
    }

    fn rest(&self, engine: &str) -> Option<Rest> {
        let until = "2030-01-01T00:00:00Z".parse().expect("a time");
        self.resting.filter(|resting| *resting == engine).map(|_| Rest { until, why: "quota".to_owned() })
    }
}

const ENGINES: Listed = Listed {
    pairs: &[("apertium", "en", "es"), ("apertium", "fr", "en"), ("deepl", "en", "es"), ("deepl", "en", "pt-BR")],
    resting: None,
};

async fn routes(engines: &Listed, from: &str, to: &str, policy: &Translation) -> Result<Vec<Route>, Reason> {
    let order = ["apertium", "deepl"];
    let routes = chain::routes(engines, &order, &tag(from), &tag(to), policy).await;
    routes.map_err(|failure| failure.reason)
}

#[tokio::test]
async fn engines_come_in_order_and_only_those_that_list_the_pair() {
    let policy = Translation::default();
    let names = |routes: Vec<Route>| routes.iter().map(|route| route.engine).collect::<Vec<_>>();
    assert_eq!(routes(&ENGINES, "en", "es", &policy).await.map(names), Ok(vec!["apertium", "deepl"]));
    assert_eq!(routes(&ENGINES, "en", "pt-BR", &policy).await.map(names), Ok(vec!["deepl"]));
    assert_eq!(routes(&ENGINES, "en", "fi", &policy).await, Err(Reason::LanguagePairUnsupported));
}

#[tokio::test]
async fn the_nearest_variant_is_taken_and_its_tier_is_told() {
    let policy = |variants| Translation { variants, ..Translation::default() };
    let tier = |routes: Vec<Route>| routes[0].tier;
    assert_eq!(routes(&ENGINES, "en", "pt-BR", &policy(Variants::Base)).await.map(tier), Ok(Variants::Exact));
    assert_eq!(routes(&ENGINES, "en", "pt", &policy(Variants::Base)).await.map(tier), Ok(Variants::Script));
    assert_eq!(
        routes(&ENGINES, "en", "pt", &policy(Variants::Exact)).await.map(tier),
        Err(Reason::LanguagePairUnsupported)
    );
}

#[tokio::test]
async fn a_language_in_between_is_used_only_when_the_policy_says_so() {
    let policy = |pivot| Translation { pivot, ..Translation::default() };
    assert_eq!(routes(&ENGINES, "fr", "es", &policy(Pivot::Never)).await, Err(Reason::LanguagePairUnsupported));
    let route = Route { engine: "apertium", tier: Variants::Exact, via: Some(tag("en")) };
    assert_eq!(routes(&ENGINES, "fr", "es", &policy(Pivot::ViaEnglish)).await, Ok(vec![route]));
}

#[tokio::test]
async fn an_engine_that_rests_is_passed_over_and_alone_it_names_the_time() {
    let resting = |engine| Listed { resting: Some(engine), ..ENGINES };
    let policy = Translation::default();
    let left = routes(&resting("apertium"), "en", "es", &policy).await.expect("the other one");
    assert_eq!(left.iter().map(|route| route.engine).collect::<Vec<_>>(), ["deepl"]);
    let failure = chain::routes(&resting("deepl"), &["deepl"], &tag("en"), &tag("es"), &policy).await;
    let failure = failure.expect_err("nobody is left");
    assert_eq!((failure.reason, failure.not_before.is_some()), (Reason::EngineUnavailable, true));
}
