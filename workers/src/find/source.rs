//! The ids of sources. Pure.

use std::{cmp::Ordering, fmt};

use subtitle_contract::names::SIMULATED;

/// Which source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceId {
    /// Tracks inside the video.
    Embedded,
    /// Files beside the video, or a library behind HTTP.
    Library,
    /// A provider on the internet.
    Provider(ProviderId),
    /// Nothing real.
    Simulated,
}

impl SourceId {
    /// Its name in specs, settings, events and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Library => "library",
            Self::Provider(provider) => provider.name(),
            Self::Simulated => SIMULATED,
        }
    }

    /// Whether it is a provider: it is asked side by side with others, and what it lists may be for another video.
    pub const fn is_provider(self) -> bool {
        matches!(self, Self::Provider(_))
    }

    /// Whether nothing of it is real.
    pub const fn is_simulated(self) -> bool {
        matches!(self, Self::Simulated)
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The setting without which a provider is not configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredSetting {
    /// The environment variable.
    pub variable: &'static str,
    /// The value of the chart that sets it.
    pub chart_value: &'static str,
}

impl fmt::Display for RequiredSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in the chart or {}", self.chart_value, self.variable)
    }
}

/// What is known of a provider without its client.
#[derive(Debug)]
pub struct ProviderTraits {
    /// Its name.
    pub name: &'static str,
    /// The setting without which it is not configured.
    pub required_setting: RequiredSetting,
}

/// Which provider; equal and ordered by name.
#[derive(Clone, Copy)]
pub struct ProviderId(&'static ProviderTraits);

impl ProviderId {
    /// The provider with these traits.
    pub const fn new(traits: &'static ProviderTraits) -> Self {
        Self(traits)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The setting without which it is not configured.
    pub const fn required_setting(self) -> RequiredSetting {
        self.0.required_setting
    }
}

impl PartialEq for ProviderId {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ProviderId {}

impl PartialOrd for ProviderId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ProviderId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl fmt::Debug for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
