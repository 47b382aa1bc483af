//! Translation settings of a job.
#![expect(unreachable_pub, reason = "KubeSchema generates a private copy of each public struct")]

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Defaults, NamedRef};

/// When to translate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "variants are self-explanatory and are described on the field")]
pub enum TranslationPolicy {
    #[default]
    IfNotFound,
    Never,
    Always,
}

/// Whether an intermediate language may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "variants are self-explanatory and are described on the field")]
pub enum Pivot {
    #[default]
    Never,
    ViaEnglish,
}

/// How closely an engine's language variant must match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "variants are self-explanatory and are described on the field")]
pub enum VariantMatch {
    Exact,
    Script,
    #[default]
    Base,
}

/// What to do with sound descriptions for the hearing impaired in a translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "variants are self-explanatory and are described on the field")]
pub enum SoundDescriptions {
    #[default]
    Keep,
    Remove,
}

/// Whether a translation with untranslated cues is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "variants are self-explanatory and are described on the field")]
pub enum PartialTranslations {
    #[default]
    Forbid,
    Allow,
}

/// Whether lines of a right-to-left language are wrapped in bidirectional embedding characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "variants are self-explanatory and are described on the field")]
pub enum DirectionMarks {
    #[default]
    Omit,
    Add,
}

/// Translation settings of a job.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Translation {
    /// `IfNotFound` translates only if no subtitle was found; with `Never` the job ends without one; `Always` translates even if
    /// one was found. Example: `Never`.
    #[serde(default)]
    pub policy: TranslationPolicy,
    /// Languages to translate from, in order of preference. Example: `[en, fr]`.
    #[serde(default = "Defaults::source_languages")]
    #[schemars(
        length(min = 1, max = 8),
        inner(length(min = 2, max = 35), regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))
    )]
    pub from: Vec<String>,
    /// Engines to use, in this order; defaults to the order configured on the translator. Example: `[{name: apertium}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(
        merge_strategy = ListMerge::Atomic,
        validation = ("self.all(one, self.exists_one(other, other.name == one.name))", "translation.engines must not list an engine more than once")
    )]
    pub engines: Option<Vec<NamedRef>>,
    /// Whether to translate via English if no engine supports the pair. Example: `ViaEnglish`.
    #[serde(default)]
    pub pivot: Pivot,
    /// How closely an engine's language variant must match. Example: `Exact`.
    #[serde(default)]
    pub variants: VariantMatch,
    /// Whether to keep or remove sound descriptions for the hearing impaired, such as `[door slams]`. Example: `Remove`.
    #[serde(default)]
    pub hearing_impaired: SoundDescriptions,
    /// A ConfigMap in the same namespace with the label `subtitles.dev/glossary: "true"`, read when each attempt begins: at most
    /// 64 KiB; each line is `source = target` or a comment that starts with `#`. Example: `{name: harbour-names}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glossary_ref: Option<GlossaryRef>,
    /// Maximum number of characters sent to engines. Example: `60000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_characters: Option<u32>,
    /// Whether a translation with untranslated cues is accepted. Example: `Allow`.
    #[serde(default)]
    pub partial: PartialTranslations,
    /// Whether lines of a right-to-left language begin with U+202B and end with U+202C, for players that would otherwise
    /// display them in the wrong order. Example: `Add`.
    #[serde(default)]
    pub direction_marks: DirectionMarks,
}

impl Default for Translation {
    fn default() -> Self {
        Self {
            policy: TranslationPolicy::default(),
            from: Defaults::source_languages(),
            engines: None,
            pivot: Pivot::default(),
            variants: VariantMatch::default(),
            hearing_impaired: SoundDescriptions::default(),
            glossary_ref: None,
            max_characters: None,
            partial: PartialTranslations::default(),
            direction_marks: DirectionMarks::default(),
        }
    }
}

/// Reference to a key of a ConfigMap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GlossaryRef {
    /// Name of the ConfigMap. Example: `harbour-names`.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub name: String,
    /// The key whose text is the glossary. Example: `spanish`.
    #[serde(default = "Defaults::glossary_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}
