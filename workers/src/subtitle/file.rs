//! Turns the bytes of a downloaded or opened file into cues and metadata. Runs the steps of this module in order. Pure.

use subtitle_contract::language::Language;

use super::{
    Hints, Subtitle, Unusable,
    charset::{self, UndecodableText},
    container::{self, Episode, Packed, WantedMember},
    formats::sniff,
    language::{self, LanguageVerdict, hebrew},
    warning::{Code, Warning},
};

/// What is expected of a file before it is parsed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared<'a> {
    /// The language it should be in.
    pub language: Option<&'a Language>,
    /// The episode it should be of.
    pub episode: Option<Episode>,
    /// The video's frames per second.
    pub frame_rate: Option<f64>,
}

/// A parsed subtitle and what was detected about it.
#[derive(Debug)]
pub struct File {
    /// The cues, with the warnings of every step.
    pub subtitle: Subtitle,
    /// The charset of the bytes (WHATWG name).
    pub charset: &'static str,
    /// The language of the text, if it is detected, or declared and not contradicted.
    pub language: Option<Language>,
    /// The name of the detected language, if it is certainly not the declared one.
    pub mismatch: Option<String>,
}

/// Why there is no subtitle in the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It could not be unpacked.
    #[error(transparent)]
    Packed(#[from] Packed),
    /// It is not text.
    #[error(transparent)]
    Undecodable(#[from] UndecodableText),
    /// It is text, but not in a supported subtitle format.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl Unreadable {
    /// The stable code of the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Packed(packed) => packed.code(),
            Self::Undecodable(_) => "undecodable-text",
            Self::Unusable(unusable) => unusable.code(),
        }
    }
}

/// Unpacks, decodes and parses subtitle bytes.
pub fn read(bytes: &[u8], declared: &Declared<'_>) -> Result<File, Unreadable> {
    let Declared { language, episode, frame_rate } = *declared;
    let unpacked = container::unpack(bytes, &WantedMember { language, episode })?;
    if let Some(name) = sniff::binary_format(&unpacked.bytes) {
        return Err(Unusable::UnsupportedFormat(name).into());
    }
    let decoded = charset::decode(&unpacked.bytes, language)?;
    let mut subtitle = Subtitle::read_with(&decoded.text, Hints { frame_rate, has_mark: decoded.has_mark })?;
    let charset = decoded.charset;
    let earlier = unpacked.warnings.into_iter().chain(decoded.warnings);
    subtitle.warnings.splice(0..0, earlier);
    let mut subtitle = hebrew::reordered(subtitle);
    let dialogue = language::dialogue(subtitle.format, &subtitle.cues);
    let found = language::detected(&dialogue);
    let (language, mismatch) = match language.map(|declared| (declared, language::check(&dialogue, declared))) {
        Some((_, LanguageVerdict::Differs { found: name })) => (found, Some(name)),
        Some((declared, LanguageVerdict::Agrees | LanguageVerdict::Unsure)) => (Some(declared.clone()), None),
        None => (found, None),
    };
    if let (Some(declared), Some(found)) = (declared.language, &mismatch) {
        let message = format!("the text is in {found}, not in '{declared}' as declared");
        subtitle.warnings.push(Warning::whole(Code::LanguageMismatch, message));
    }
    Ok(File { subtitle, charset, language, mismatch })
}

#[cfg(test)]
mod tests;
