//! A subtitle file as it is downloaded or opened: bytes come in, what was understood goes out. Joins the steps of
//! this folder. Pure.

use subtitle_contract::language::Language;

use super::{
    Hints, Subtitle, Unusable,
    charset::{self, Undecodable},
    container::{self, Episode, Packed, Wanted},
    hebrew,
    language::{self, Verdict},
    warning::{Code, Warning},
};

/// What is known of a file before it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared<'a> {
    /// The language it should be in.
    pub language: Option<&'a Language>,
    /// The episode it should be of.
    pub episode: Option<Episode>,
    /// The video's frames per second.
    pub frame_rate: Option<f64>,
}

/// A file that was understood.
#[derive(Debug)]
pub struct File {
    /// Its cues; their warnings are those of every step.
    pub subtitle: Subtitle,
    /// What its bytes were in.
    pub charset: &'static str,
    /// What it is in, if that is known or was declared and nothing speaks against it.
    pub language: Option<Language>,
    /// The language's name if it is certainly not the declared one.
    pub mismatch: Option<String>,
}

/// Why there is no subtitle in the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It could not be unpacked.
    #[error(transparent)]
    Packed(#[from] Packed),
    /// It is no text.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// It is a text, but no subtitle.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl Unreadable {
    /// The reason on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Packed(packed) => packed.code(),
            Self::Undecodable(_) => "undecodable-text",
            Self::Unusable(unusable) => unusable.code(),
        }
    }
}

/// Opens a file.
pub fn read(bytes: &[u8], declared: &Declared<'_>) -> Result<File, Unreadable> {
    let Declared { language, episode, frame_rate } = *declared;
    let unpacked = container::unpack(bytes, &Wanted { language, episode })?;
    let decoded = charset::decode(&unpacked.bytes, language)?;
    let mut subtitle = Subtitle::read_with(&decoded.text, Hints { frame_rate, has_mark: decoded.has_mark })?;
    let charset = decoded.charset;
    let earlier = unpacked.warnings.into_iter().chain(decoded.warnings);
    subtitle.warnings.splice(0..0, earlier);
    let mut subtitle = hebrew::reordered(subtitle);
    let said = language::said(subtitle.format, &subtitle.cues);
    let found = language::detected(&said);
    let (language, mismatch) = match language.map(|declared| (declared, language::check(&said, declared))) {
        Some((_, Verdict::Differs { found: name })) => (found, Some(name)),
        Some((declared, Verdict::Agrees | Verdict::Unsure)) => (Some(declared.clone()), None),
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
