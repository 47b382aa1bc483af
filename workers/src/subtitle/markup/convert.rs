//! A cue's text from one format's markup into another's: what the target cannot say is counted as lost. Pure.

use std::borrow::Cow;

use super::{
    position,
    token::{Style, Token},
};
use crate::subtitle::{
    Format,
    warning::{Code, Losses},
};

/// A cue's text in another format.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Converted {
    pub(crate) text: String,
    /// WebVTT's cue settings.
    pub(crate) settings: Option<String>,
}

/// Converts a text and, from WebVTT, its settings.
pub(crate) fn convert(from: Format, to: Format, text: &str, settings: Option<&str>, losses: &mut Losses) -> Converted {
    let mut writer = Writer {
        format: to,
        text: String::with_capacity(text.len()),
        open: Vec::new(),
        waiting: Vec::new(),
        is_line_over: false,
    };
    let mut place = position::USUAL;
    if from == Format::WebVtt
        && let Some(settings) = settings
    {
        let (nearest, is_all) = position::from_settings(settings);
        place = nearest;
        if !is_all {
            losses.add(Code::LostPosition);
        }
    }
    let mut is_placed = false;
    for token in from.tokens(text) {
        match token {
            Token::Text(text) => writer.text(&text, losses),
            Token::Break => writer.is_line_over = true,
            Token::On(Style::Strike) if to == Format::WebVtt => losses.add(Code::LostStyle),
            Token::On(style) => writer.on(style),
            Token::Off(style) => writer.off(style),
            Token::Reset => writer.reset(),
            // The first of a line counts, as in libass.
            Token::Position(_) if is_placed => {}
            Token::Position(given) => (place, is_placed) = (given, true),
            Token::Lost(code) => losses.add(code),
        }
    }
    writer.reset();
    let mut text = writer.text;
    if to != Format::WebVtt && place != position::USUAL {
        text.insert_str(0, &format!("{{\\an{place}}}"));
    }
    let settings = if to == Format::WebVtt { position::to_settings(place) } else { None };
    Converted { text, settings }
}

struct Writer {
    format: Format,
    text: String,
    open: Vec<Style>,
    /// Opened when text comes, so that nothing is wrapped in tags for no text.
    waiting: Vec<Style>,
    /// Written when text comes: neither SubRip nor WebVTT can have an empty line in a cue.
    is_line_over: bool,
}

impl Writer {
    fn text(&mut self, text: &str, losses: &mut Losses) {
        let (text, is_altered): (Cow<'_, str>, bool) = self.format.encoded(text);
        if is_altered {
            losses.add(Code::AlteredText);
        }
        if std::mem::take(&mut self.is_line_over) && !self.text.is_empty() {
            self.text.push_str(if self.format == Format::Ass { "\\N" } else { "\n" });
        }
        for style in std::mem::take(&mut self.waiting) {
            self.tag(style, true);
            self.open.push(style);
        }
        self.text.push_str(&text);
    }

    fn on(&mut self, style: Style) {
        if !self.open.contains(&style) && !self.waiting.contains(&style) {
            self.waiting.push(style);
        }
    }

    fn off(&mut self, style: Style) {
        if let Some(at) = self.waiting.iter().position(|waiting| *waiting == style) {
            self.waiting.remove(at);
        } else if let Some(at) = self.open.iter().position(|open| *open == style) {
            let inner = self.open.split_off(at);
            inner.iter().rev().for_each(|style| self.tag(*style, false));
            self.waiting.splice(0..0, inner.into_iter().skip(1));
        }
    }

    fn reset(&mut self) {
        self.waiting.clear();
        for style in std::mem::take(&mut self.open).into_iter().rev() {
            self.tag(style, false);
        }
    }

    fn tag(&mut self, style: Style, is_start: bool) {
        let name = match style {
            Style::Italic => 'i',
            Style::Bold => 'b',
            Style::Underline => 'u',
            Style::Strike => 's',
        };
        let signs = match (self.format, is_start) {
            (Format::Ass, true) => ["{\\", "1}"],
            (Format::Ass, false) => ["{\\", "0}"],
            (_, true) => ["<", ">"],
            (_, false) => ["</", ">"],
        };
        self.text.push_str(signs[0]);
        self.text.push(name);
        self.text.push_str(signs[1]);
    }
}
