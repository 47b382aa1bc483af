//! Names of sources and engines as a spec writes them: the operator and the workers read the same lists. Pure.

/// A source and an engine for trying and testing; only used when a job names them.
pub const SIMULATED: &str = "simulated";
/// opensubtitles.com.
pub const OPENSUBTITLES: &str = "opensubtitles";
/// subdl.com.
pub const SUBDL: &str = "subdl";
/// podnapisi.net.
pub const PODNAPISI: &str = "podnapisi";
/// gestdown.info.
pub const GESTDOWN: &str = "gestdown";
/// Sources, in the order they are asked unless a job or the configuration says otherwise.
pub const SOURCES: [&str; 7] = ["embedded", "library", OPENSUBTITLES, SUBDL, PODNAPISI, GESTDOWN, SIMULATED];
/// Engines.
pub const ENGINES: [&str; 6] = ["apertium", "apertium-apy", "libretranslate", "deepl", "openai", SIMULATED];

/// The list's own entry for `name`.
pub fn known(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().copied().find(|known| *known == name)
}
