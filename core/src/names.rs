//! Names of sources and engines as a spec writes them: the operator and the workers read the same lists. Pure.

/// A source and an engine that have nothing real; only used when they are named.
pub const SIMULATED: &str = "simulated";
/// Sources, in the order they are asked unless a job or the configuration says otherwise.
pub const SOURCES: [&str; 3] = ["embedded", "library", SIMULATED];
/// Engines.
pub const ENGINES: [&str; 6] = ["apertium", "apertium-apy", "libretranslate", "deepl", "openai", SIMULATED];

/// The list's own entry for `name`; none if it is not in the list.
pub fn known(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().copied().find(|known| *known == name)
}
