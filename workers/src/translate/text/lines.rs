//! From cues to the pieces an engine gets, and back. What each speaker of a cue says is one piece, so that no engine
//! can move words across cues or speakers; position tags, dashes, notes and links are not sent. Pure.

use std::fmt::Write as _;

use subtitle_contract::job::SoundDescriptions;

use super::{
    glossary::{self, GlossaryTerms},
    sounds, wrap,
};
use crate::subtitle::{
    Cue, Format,
    markup::{
        Kind, Segment,
        inline::{pieces, plain},
    },
};

/// One piece of text for the engine, and how it goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What the engine gets: one line, inner tags kept or stood for by `<x0/>`.
    pub text: String,
    /// Whether there are words in it.
    pub is_translatable: bool,
    /// Whether it has words that are not sent, since their syllables are timed.
    is_sung: bool,
    format: Format,
    /// As the cue has it, in its own markup.
    source: String,
    /// Tags and dashes before it.
    prefix: String,
    /// Tags after it.
    suffix: String,
    /// Over how many lines it is laid out.
    lines: usize,
    /// What `<x0/>` and so on stand for.
    tags: Vec<String>,
}

/// What may precede the words of a speaker without being one.
const LEADS: [char; 9] = [' ', '-', '‐', '–', '—', '―', '−', '>', '♪'];

/// Marks of direction, which a screen needs and an engine takes for letters.
const MARKS: [char; 12] = [
    '\u{200E}', '\u{200F}', '\u{061C}', '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

/// The pieces of one cue, one per speaker. Empty where it has nothing but sounds and they are removed.
pub fn split(format: Format, text: &str, sounds: SoundDescriptions) -> Vec<Piece> {
    let text = format.without_word_times(text);
    let speakers = format.speakers(&text);
    let pieces: Vec<Piece> = speakers.into_iter().map(|part| piece(format, &format.segments(part))).collect();
    match sounds {
        SoundDescriptions::Keep => pieces,
        SoundDescriptions::Remove => pieces.into_iter().filter_map(Piece::without_sounds).collect(),
    }
}

fn piece(format: Format, segments: &[Segment<'_>]) -> Piece {
    let raw = |segments: &[Segment<'_>]| segments.iter().map(|segment| segment.raw).collect::<String>();
    let leads = |segment: &&Segment<'_>| segment.kind != Kind::Text || segment.raw.trim_matches(LEADS).is_empty();
    let trails = |segment: &&Segment<'_>| segment.kind != Kind::Text || segment.raw.trim().is_empty();
    let first = segments.iter().take_while(leads).count();
    let last = segments[first..].iter().rev().take_while(trails).count();
    let middle = &segments[first..segments.len() - last];
    let (mut prefix, mut suffix) = (raw(&segments[..first]), raw(&segments[segments.len() - last..]));
    let mut tags = Vec::new();
    let mut text = String::new();
    for segment in middle {
        match segment.kind {
            Kind::Text => push_words(&format.decoded(segment.raw).replace(MARKS, ""), &mut text, &mut tags),
            Kind::Break => text.push(' '),
            Kind::Tag if format == Format::Srt => text.push_str(segment.raw),
            Kind::Tag | Kind::Drawing => {
                let _ = write!(text, "<x{}/>", tags.len());
                tags.push(segment.raw.to_owned());
            }
        }
    }
    let spoken = text.trim_start_matches(LEADS);
    prefix.push_str(&format.encoded(&text[..text.len() - spoken.len()]).0);
    let trailing = spoken.trim_end_matches([' ', '♪']);
    suffix.insert_str(0, &spoken[trailing.len()..]);
    let spoken = trailing;
    let source = raw(segments);
    // Syllables that are timed stay: words of another language would not fit them.
    let has_words = plain(spoken).chars().any(char::is_alphabetic);
    let is_sung = has_words && format.is_timed_inside(&source);
    let is_translatable = has_words && !is_sung;
    let lines = 1 + middle.iter().filter(|segment| segment.kind == Kind::Break).count();
    Piece { text: spoken.to_owned(), is_translatable, is_sung, format, source, prefix, suffix, lines, tags }
}

/// Words as they are, links as placeholders: an engine would translate their parts.
fn push_words(words: &str, text: &mut String, tags: &mut Vec<String>) {
    for word in words.split_inclusive(char::is_whitespace) {
        let link = word.trim_end();
        if link.contains("://") || link.starts_with("www.") {
            let _ = write!(text, "<x{}/>", tags.len());
            tags.push(link.to_owned());
            text.push_str(&word[link.len()..]);
        } else {
            text.push_str(word);
        }
    }
}

impl Piece {
    /// The same without descriptions of sounds; `None` if nothing is left.
    fn without_sounds(mut self) -> Option<Self> {
        let spoken = sounds::without(&self.text);
        if spoken == self.text {
            return Some(self);
        }
        // A song's notes are no words, but a cue of notes alone is a song.
        if !plain(&spoken).chars().any(char::is_alphanumeric) {
            return None;
        }
        self.is_translatable = plain(&spoken).chars().any(char::is_alphabetic);
        self.source = format!("{}{spoken}{}", self.prefix, self.suffix);
        self.text = spoken;
        Some(self)
    }

    /// A piece of nothing but the glossary's terms needs no engine.
    fn render(&mut self, glossary: &GlossaryTerms) {
        let masked = glossary.masked(&self.text);
        if self.is_translatable && !masked.targets.is_empty() && !plain(&masked.text).chars().any(char::is_alphabetic) {
            self.source = self.back(&glossary::unmasked(&masked.text, &masked.targets));
            self.is_translatable = false;
        }
    }

    fn line_break(&self) -> &'static str {
        if self.format == Format::Ass { "\\N" } else { "\n" }
    }

    /// The piece in the cue's markup with the engine's text.
    fn back(&self, translation: &str) -> String {
        if !self.is_translatable {
            return self.source.clone();
        }
        let laid_out = wrap::wrapped(translation.trim(), self.lines);
        let mut text = self.prefix.clone();
        for (_, part) in pieces(&laid_out) {
            let number = part.strip_prefix("<x").and_then(|part| part.strip_suffix("/>"));
            match number.and_then(|number| self.tags.get(number.parse::<usize>().ok()?)) {
                Some(tag) => text.push_str(tag),
                None if self.format == Format::Srt => text.push_str(part),
                None => text.push_str(&self.format.encoded(part).0),
            }
        }
        text.push_str(&self.suffix);
        text
    }
}

/// The songs among the pieces of each cue: the cue's number from 1 and its words.
pub fn sung(cues: &[Vec<Piece>]) -> Vec<(usize, &str)> {
    let sung = cues.iter().map(|pieces| pieces.iter().find(|piece| piece.is_sung));
    (1..).zip(sung).filter_map(|(number, piece)| Some((number, piece?.text.as_str()))).collect()
}

/// The cue's text from its pieces and their translations.
pub fn join(pieces: &[Piece], translations: &[&str]) -> String {
    let texts = pieces.iter().zip(translations).map(|(piece, text)| piece.back(text));
    texts.collect::<Vec<_>>().join(pieces.first().map_or("\n", Piece::line_break))
}

/// The cue's text from its pieces as they were.
pub fn kept(pieces: &[Piece]) -> String {
    let texts = pieces.iter().map(|piece| piece.source.as_str());
    texts.collect::<Vec<_>>().join(pieces.first().map_or("\n", Piece::line_break))
}

/// A cue's text with marks around each line's words that say that it is read from right to left.
pub fn marked(format: Format, text: &str) -> String {
    let segments = format.segments(text);
    let mut marked = String::with_capacity(text.len() + 12);
    for line in segments.split_inclusive(|segment| segment.kind == Kind::Break) {
        let has_words = |segment: &Segment<'_>| segment.kind == Kind::Text && !segment.raw.trim().is_empty();
        let (first, last) = (line.iter().position(has_words), line.iter().rposition(has_words));
        for (at, segment) in line.iter().enumerate() {
            if Some(at) == first {
                marked.push('\u{202B}');
            }
            marked.push_str(segment.raw);
            if Some(at) == last {
                marked.push('\u{202C}');
            }
        }
    }
    marked
}

/// The pieces of each cue, in order; a piece of nothing but glossary terms is rendered already.
pub fn split_all(format: Format, cues: &[Cue], sounds: SoundDescriptions, glossary: &GlossaryTerms) -> Vec<Vec<Piece>> {
    let mut pieces: Vec<Vec<Piece>> = cues.iter().map(|cue| split(format, &cue.text, sounds)).collect();
    pieces.iter_mut().flatten().for_each(|piece| piece.render(glossary));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> Vec<String> {
        split(Format::Srt, text, SoundDescriptions::Keep).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn sentences_are_joined_and_speakers_are_not() {
        assert_eq!(round("We should have\ngone home."), ["We should have gone home."]);
        assert_eq!(round("- No.\n- Yes."), ["No.", "Yes."]);
        assert_eq!(round("{\\an8}<i>- Go <b>now</b>!</i>"), ["Go <b>now</b>!"]);
    }

    #[test]
    fn positions_dashes_and_line_counts_come_back() {
        let pieces = split(Format::Srt, "{\\an8}<i>We should have\ngone home.</i>", SoundDescriptions::Keep);
        assert_eq!(
            join(&pieces, &["Tendríamos que haber ido a casa."]),
            "{\\an8}<i>Tendríamos que haber\nido a casa.</i>"
        );
        let pieces = split(Format::Srt, "- No.\n- Yes.", SoundDescriptions::Keep);
        assert_eq!(join(&pieces, &["No.", "Sí."]), "- No.\n- Sí.");
    }

    #[test]
    fn what_has_no_words_is_not_sent() {
        for text in ["♪", "1999", "...", "<i>?!</i>", "- -"] {
            assert!(
                split(Format::Srt, text, SoundDescriptions::Keep).iter().all(|piece| !piece.is_translatable),
                "{text}"
            );
        }
    }

    #[test]
    fn every_formats_own_markup_comes_back_and_is_never_sent() {
        for (format, text, sent, back) in [
            (
                Format::Ass,
                "{\\an8\\pos(9,9)}Go {\\i1}now{note}, Anna\\NBrown.",
                "Go <x0/>now<x1/>, Anna Brown.",
                "{\\an8\\pos(9,9)}GO {\\i1}NOW{note},\\NANNA BROWN.",
            ),
            (
                Format::WebVtt,
                "<v Anna>Tea &amp; <i>cake</i>?</v>",
                "Tea & <x0/>cake<x1/>?",
                "<v Anna>TEA &amp; <i>CAKE</i>?</v>",
            ),
        ] {
            let pieces = split(format, text, SoundDescriptions::Keep);
            assert_eq!(pieces[0].text, sent);
            // An engine shouts, but leaves tags alone.
            let shouted = sent.to_uppercase().replace("<X", "<x");
            assert_eq!(join(&pieces, &[&shouted]), back);
        }
    }

    #[test]
    fn drawings_and_karaoke_are_not_sent_and_stay_as_they_are() {
        for text in ["{\\p1}m 0 0 l 9 9{\\p0}", "{\\k20}Ka{\\k30}ra{\\kf10}oke"] {
            let pieces = split(Format::Ass, text, SoundDescriptions::Keep);
            assert!(pieces.iter().all(|piece| !piece.is_translatable), "{pieces:?}");
            assert_eq!(join(&pieces, &["lost"]), text);
        }
    }

    #[test]
    fn notes_links_and_marks_of_direction_are_kept_from_the_engine() {
        for (text, sent, back) in [
            ("♪ Sail away ♪", "Sail away", "♪ Navega ♪"),
            ("See https://harbour.example/a?b=c now", "See <x0/> now", "Mira https://harbour.example/a?b=c ya"),
            ("\u{202B}Go home\u{202C}", "Go home", "Ve a casa"),
        ] {
            let pieces = split(Format::Srt, text, SoundDescriptions::Keep);
            assert_eq!(pieces[0].text, sent);
            let spanish = match sent {
                "Sail away" => "Navega",
                "Go home" => "Ve a casa",
                _ => "Mira <x0/> ya",
            };
            assert_eq!(join(&pieces, &[spanish]), back);
        }
        assert!(!split(Format::Srt, "www.harbour.example", SoundDescriptions::Keep)[0].is_translatable);
    }

    #[test]
    fn what_the_glossary_says_by_itself_is_not_sent() {
        let terms = subtitle_contract::glossary::parse("Harbour Inn = Posada del Puerto").expect("parses");
        let cue = Cue::new(0, 1, "{\\an8}<i>Harbour Inn!</i>".to_owned());
        let pieces = split_all(Format::Srt, &[cue], SoundDescriptions::Keep, &GlossaryTerms::new(terms));
        assert!(!pieces[0][0].is_translatable);
        assert_eq!(kept(&pieces[0]), "{\\an8}<i>Posada del Puerto!</i>");
    }

    #[test]
    fn marks_of_direction_stand_around_each_lines_words_inside_its_position() {
        assert_eq!(
            marked(Format::Srt, "{\\an8}<i>שלום\nאנה</i>"),
            "{\\an8}<i>\u{202B}שלום\u{202C}\n\u{202B}אנה\u{202C}</i>"
        );
        assert_eq!(marked(Format::Ass, "{\\i1}שלום\\N♪"), "{\\i1}\u{202B}שלום\u{202C}\\N\u{202B}♪\u{202C}");
        assert_eq!(marked(Format::Srt, ""), "");
    }

    #[test]
    fn sounds_are_removed_when_asked_and_only_then() {
        let text = "- [sighs]\n- MAN: Not now.";
        assert_eq!(split(Format::Srt, text, SoundDescriptions::Keep).len(), 2);
        let pieces = split(Format::Srt, text, SoundDescriptions::Remove);
        assert_eq!((pieces.len(), pieces[0].text.as_str()), (1, "Not now."));
        assert_eq!(split(Format::Srt, "[door creaks]", SoundDescriptions::Remove), []);
        assert_eq!(join(&[], &[]), "");
    }
}
