//! Names and terms that must always be translated the same way: parses a ConfigMap's text into terms, or reports the number of
//! the invalid line, never its text, which could be a secret. The operator rejects an invalid glossary before it requests any
//! work; workers parse the same text. Pure.
//!
//! ```text
//! # a comment
//! Anna Brown = Anna Brown
//! harbour master = capitán de puerto
//! ```

use std::collections::BTreeMap;

/// The label, and its value, of a ConfigMap that jobs may use as a glossary.
pub const LABEL: (&str, &str) = ("subtitles.dev/glossary", "true");
/// Maximum size of a glossary in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Maximum length of each side of a line in characters.
const MAX_TERM_CHARS: usize = 200;

/// A name or term and its translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The term in the source language. Matches whole words only; an all-lowercase term matches case-insensitively, any other
    /// case-sensitively.
    pub source: String,
    /// The term in the target language.
    pub target: String,
}

/// Why a text is not a valid glossary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGlossary {
    /// The text exceeds [`MAX_BYTES`].
    #[error("the glossary is {bytes} bytes long; the limit is {MAX_BYTES}")]
    TooLong {
        /// Its size in bytes.
        bytes: usize,
    },
    /// An invalid line.
    #[error("line {line}: {problem}; a line is 'source = target', or a comment that starts with '#'")]
    InvalidLine {
        /// Its number from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The terms of a glossary's text, in its order.
pub fn parse(text: &str) -> Result<Vec<Term>, InvalidGlossary> {
    if text.len() > MAX_BYTES {
        return Err(InvalidGlossary::TooLong { bytes: text.len() });
    }
    let mut terms = Vec::new();
    let mut seen = BTreeMap::new();
    for (at, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let invalid = |problem| InvalidGlossary::InvalidLine { line: at + 1, problem };
        let (source, target) = line.split_once('=').ok_or_else(|| invalid("'=' is missing"))?;
        let (source, target) = (source.trim(), target.trim());
        for side in [source, target] {
            if !side.chars().any(char::is_alphanumeric) {
                return Err(invalid("each side needs at least one letter or digit"));
            }
            if side.chars().count() > MAX_TERM_CHARS {
                return Err(invalid("each side may have at most 200 characters"));
            }
            if side.chars().any(|character| character.is_control() || "<>{}\\".contains(character)) {
                return Err(invalid("<, >, {, }, \\ and control characters are not allowed"));
            }
        }
        match seen.insert(source.to_owned(), target.to_owned()) {
            Some(before) if before != target => return Err(invalid("an earlier line translates the term differently")),
            Some(_) => {}
            None => terms.push(Term { source: source.to_owned(), target: target.to_owned() }),
        }
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_lines_are_skipped() {
        let terms =
            parse("# names\n\nAnna Brown = Anna Brown\r\n  harbour master=capitán de puerto  \n").expect("parses");
        let term = |source: &str, target: &str| Term { source: source.to_owned(), target: target.to_owned() };
        assert_eq!(terms, [term("Anna Brown", "Anna Brown"), term("harbour master", "capitán de puerto")]);
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn errors_name_the_line_and_never_quote_it() {
        for (text, line, problem) in [
            ("a = b\nAnna", 2, "missing"),
            ("Anna =", 1, "at least one letter"),
            ("= Anna", 1, "at least one letter"),
            ("# ok\n\nAnna = <b>Ana</b>", 3, "not allowed"),
            ("Anna = Ana\nAnna = Anita", 2, "differently"),
            (&format!("{} = a", "x".repeat(201)), 1, "200"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("line {line}: ")) && error.contains(problem), "{error}");
            assert!(!error.contains("Anna"), "the text may be a secret: {error}");
        }
        assert_eq!(parse(&"#".repeat(MAX_BYTES + 1)), Err(InvalidGlossary::TooLong { bytes: MAX_BYTES + 1 }));
    }
}
