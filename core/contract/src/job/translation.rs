//! What happens when the language is not found.
#![expect(unreachable_pub, reason = "KubeSchema derives a private twin of each public struct")]

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Defaults, Named};

/// When to translate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum TranslationPolicy {
    #[default]
    IfNotFound,
    Never,
    Always,
}

/// Whether an intermediate language may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Pivot {
    #[default]
    Never,
    ViaEnglish,
}

/// How closely a language variant must match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Variants {
    Exact,
    Script,
    #[default]
    Base,
}

/// What happens to descriptions of sounds in a translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum KeepOrRemove {
    #[default]
    Keep,
    Remove,
}

/// Whether a translation with untranslated cues is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum Partial {
    #[default]
    Forbid,
    Allow,
}

/// Whether lines of a right-to-left language carry direction marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it; the field's description lists them")]
pub enum DirectionMarks {
    #[default]
    Omit,
    Add,
}

/// What happens when the language is not found.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Translation {
    /// `IfNotFound`; `Never` ends without a subtitle; `Always` translates even when the language exists. Example: `Never`.
    #[serde(default)]
    pub policy: TranslationPolicy,
    /// Languages to translate from, best first. Example: `[en, fr]`.
    #[serde(default = "Defaults::from")]
    #[schemars(
        length(min = 1, max = 8),
        inner(length(min = 2, max = 35), regex(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))
    )]
    pub from: Vec<String>,
    /// Engines to use, in this order; by default the translator's own order. Example: `[{name: apertium}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(
        merge_strategy = ListMerge::Atomic,
        validation = ("self.all(one, self.exists_one(other, other.name == one.name))", "translation.engines must not name one engine twice")
    )]
    pub engines: Option<Vec<Named>>,
    /// Whether to translate via English if no engine supports the pair. Example: `ViaEnglish`.
    #[serde(default)]
    pub pivot: Pivot,
    /// How closely an engine's language variant must match. Example: `Exact`.
    #[serde(default)]
    pub variants: Variants,
    /// What happens to descriptions of sounds. Example: `Remove`.
    #[serde(default)]
    pub hearing_impaired: KeepOrRemove,
    /// A ConfigMap in the same namespace with the label `subtitles.dev/glossary: "true"`, read when each attempt begins: at most
    /// 64 KiB of lines `source = target`, and comments that begin with `#`. Example: `{name: harbour-names}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glossary_ref: Option<GlossaryRef>,
    /// The most characters that may be sent to engines. Example: `60000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_characters: Option<u32>,
    /// Whether a translation with untranslated cues is accepted. Example: `Allow`.
    #[serde(default)]
    pub partial: Partial,
    /// Whether lines of a right-to-left language begin with U+202B and end with U+202C, for players that would otherwise
    /// order them wrongly. Example: `Add`.
    #[serde(default)]
    pub direction_marks: DirectionMarks,
}

impl Default for Translation {
    fn default() -> Self {
        Self {
            policy: TranslationPolicy::default(),
            from: Defaults::from(),
            engines: None,
            pivot: Pivot::default(),
            variants: Variants::default(),
            hearing_impaired: KeepOrRemove::default(),
            glossary_ref: None,
            max_characters: None,
            partial: Partial::default(),
            direction_marks: DirectionMarks::default(),
        }
    }
}

/// A key of a ConfigMap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GlossaryRef {
    /// Its name. Example: `harbour-names`.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub name: String,
    /// The key in it whose text is the glossary. Example: `spanish`.
    #[serde(default = "Defaults::glossary_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}
