//! The one list of engines. Pure.

use subtitle_contract::job::NamedRef;

use super::{
    apertium::{Apertium, apy::Apy},
    deepl::DeepL,
    firefox::Firefox,
    libretranslate::LibreTranslate,
    openai::OpenAi,
    port::EngineId,
    simulated::Simulated,
};
use crate::{failure::Failure, named};

/// Every engine; `subtitle_contract::names::ENGINES` has the same names for the operator.
pub static REGISTRY: [EngineId; 7] = [
    EngineId::new::<Firefox>(),
    EngineId::new::<Apertium>(),
    EngineId::new::<Apy>(),
    EngineId::new::<LibreTranslate>(),
    EngineId::new::<DeepL>(),
    EngineId::new::<OpenAi>(),
    EngineId::new::<Simulated>(),
];

/// The engine of this name.
pub fn from_name(name: &str) -> Option<EngineId> {
    REGISTRY.into_iter().find(|engine| engine.name() == name)
}

/// Reads a name on the command line; the error lists the names.
pub fn parse_name(name: &str) -> Result<EngineId, String> {
    from_name(name).ok_or_else(|| named::unknown(&names()))
}

/// The engines that `spec.translation.engines` names, in its order; the failure names one that is unknown.
pub fn exactly(named: &[NamedRef]) -> Result<Vec<EngineId>, Failure> {
    let engine = |one: &NamedRef| {
        from_name(&one.name)
            .ok_or_else(|| named::not_known("spec.translation.engines", &one.name, "translator", &names()))
    };
    named.iter().map(engine).collect()
}

fn names() -> Vec<&'static str> {
    REGISTRY.iter().map(|engine| engine.name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_knows_the_same_engines() {
        assert_eq!(names(), subtitle_contract::names::ENGINES);
    }
}
