//! How near an engine's variant of a language must be to the one asked for. Pure.

use subtitle_contract::{job::Variants, language::Language};

/// Whether an engine's `offered` variant of a language is near enough to `wanted`, by `spec.translation.variants`.
pub(super) fn serves(offered: &Language, wanted: &Language, variants: Variants) -> bool {
    let script = |language: &Language| language.as_str().split('-').find(|part| part.len() == 4).map(str::to_owned);
    match variants {
        Variants::Exact => offered == wanted,
        Variants::Script => offered.base() == wanted.base() && script(offered) == script(wanted),
        Variants::Base => offered.base() == wanted.base(),
    }
}

/// The nearest to the farthest variant that the policy allows.
pub(super) const fn tiers(allowed: Variants) -> &'static [Variants] {
    match allowed {
        Variants::Exact => &[Variants::Exact],
        Variants::Script => &[Variants::Exact, Variants::Script],
        Variants::Base => &[Variants::Exact, Variants::Script, Variants::Base],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_as_near_as_asked_for() {
        let tag = |text: &str| Language::parse(text).expect("a tag");
        assert!(serves(&tag("es"), &tag("es-MX"), Variants::Base));
        assert!(!serves(&tag("es"), &tag("es-MX"), Variants::Exact));
        assert!(serves(&tag("es"), &tag("es-MX"), Variants::Script));
        assert!(!serves(&tag("zh-Hans"), &tag("zh-Hant"), Variants::Script));
    }
}
