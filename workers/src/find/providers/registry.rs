//! The one list of providers, and with it the list of sources. Pure.

use subtitle_contract::job::NamedRef;

use super::{
    gestdown::Gestdown, opensubtitles::OpenSubtitles, podnapisi::Podnapisi, provider::Registration, subdl::SubDl,
};
use crate::{failure::Failure, find::source::SourceId, named};

/// Every provider, in the order in which they are asked unless a job or the configuration says otherwise;
/// `subtitle_contract::names::SOURCES` has the same names for the operator.
pub(super) static REGISTRY: [Registration; 4] = [
    Registration::new::<OpenSubtitles>(),
    Registration::new::<SubDl>(),
    Registration::new::<Podnapisi>(),
    Registration::new::<Gestdown>(),
];

impl SourceId {
    /// Every source, in the order in which they are asked unless a job or the configuration says otherwise.
    pub fn all() -> impl Iterator<Item = Self> {
        let providers = REGISTRY.iter().map(|provider| Self::Provider(provider.id));
        [Self::Embedded, Self::Library].into_iter().chain(providers).chain([Self::Simulated])
    }

    /// The source of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|source| source.name() == name)
    }

    /// Reads a name on the command line; the error lists the names.
    pub fn parse_name(name: &str) -> Result<Self, String> {
        Self::from_name(name).ok_or_else(|| named::unknown(&Self::names()))
    }

    /// The sources that `spec.sources` names, in its order; the failure names one that is unknown.
    pub fn exactly(named: &[NamedRef]) -> Result<Vec<Self>, Failure> {
        let source = |one: &NamedRef| {
            let unknown = || named::not_known("spec.sources", &one.name, "downloader", &Self::names());
            Self::from_name(&one.name).ok_or_else(unknown)
        };
        named.iter().map(source).collect()
    }

    /// The names of all sources.
    pub fn names() -> Vec<&'static str> {
        Self::all().map(Self::name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_knows_the_same_sources() {
        assert_eq!(SourceId::names(), subtitle_contract::names::SOURCES);
    }
}
