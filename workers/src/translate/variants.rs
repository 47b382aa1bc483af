//! How near an engine's variant of a language must be to the one asked for. Pure.

use subtitle_contract::{job::VariantMatch, language::Language};

/// Whether an engine's `offered` variant of a language is near enough to `wanted`, by `spec.translation.variants`.
pub(super) fn serves(offered: &Language, wanted: &Language, variants: VariantMatch) -> bool {
    let script = |language: &Language| language.as_str().split('-').find(|part| part.len() == 4).map(str::to_owned);
    match variants {
        VariantMatch::Exact => offered == wanted,
        VariantMatch::Script => offered.primary() == wanted.primary() && script(offered) == script(wanted),
        VariantMatch::Base => offered.primary() == wanted.primary(),
    }
}

/// The nearest to the farthest variant that the policy allows.
pub(super) const fn tiers(allowed: VariantMatch) -> &'static [VariantMatch] {
    match allowed {
        VariantMatch::Exact => &[VariantMatch::Exact],
        VariantMatch::Script => &[VariantMatch::Exact, VariantMatch::Script],
        VariantMatch::Base => &[VariantMatch::Exact, VariantMatch::Script, VariantMatch::Base],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_as_near_as_asked_for() {
        let tag = |text: &str| Language::parse(text).expect("a tag");
        assert!(serves(&tag("es"), &tag("es-MX"), VariantMatch::Base));
        assert!(!serves(&tag("es"), &tag("es-MX"), VariantMatch::Exact));
        assert!(serves(&tag("es"), &tag("es-MX"), VariantMatch::Script));
        assert!(!serves(&tag("zh-Hans"), &tag("zh-Hant"), VariantMatch::Script));
    }
}
