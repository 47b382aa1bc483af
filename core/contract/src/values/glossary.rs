//! Names and terms that a translation renders in one way: the text of a ConfigMap comes in, terms or the line that is
//! wrong goes out, without its text: it may be a secret that is no glossary. The operator refuses what does not parse
//! before anything is asked; workers read the same text. Pure.
//!
//! ```text
//! # a line for people
//! Anna Brown = Anna Brown
//! harbour master = capitán de puerto
//! ```

use std::collections::BTreeMap;

/// The label, and its value, of a ConfigMap that jobs may use as a glossary.
pub const LABEL: (&str, &str) = ("subtitles.dev/glossary", "true");
/// The most bytes of a glossary's text.
pub const LONGEST: usize = 64 * 1024;
/// The most characters on each side of a line.
const LONGEST_TERM: usize = 200;

/// One name or term and how it is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As it stands in the source. In lower case it is found in any case, otherwise as it is written; only whole words.
    pub source: String,
    /// As it stands in the translation.
    pub target: String,
}

/// A text that is no glossary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGlossary {
    /// More than a glossary may have.
    #[error("it has {bytes} bytes; a glossary has at most {LONGEST}")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// A line that says nothing.
    #[error("line {line}: {problem}; a line is 'source = target', or a comment that begins with '#'")]
    Line {
        /// Its number from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The terms of a glossary's text, in its order.
pub fn parse(text: &str) -> Result<Vec<Term>, InvalidGlossary> {
    if text.len() > LONGEST {
        return Err(InvalidGlossary::TooLong { bytes: text.len() });
    }
    let mut terms = Vec::new();
    let mut known = BTreeMap::new();
    for (at, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let invalid = |problem| InvalidGlossary::Line { line: at + 1, problem };
        let (source, target) = line.split_once('=').ok_or_else(|| invalid("'=' is missing"))?;
        let (source, target) = (source.trim(), target.trim());
        for side in [source, target] {
            if !side.chars().any(char::is_alphanumeric) {
                return Err(invalid("a side has no letter and no digit"));
            }
            if side.chars().count() > LONGEST_TERM {
                return Err(invalid("a side has more than 200 characters"));
            }
            if side.chars().any(|character| character.is_control() || "<>{}\\".contains(character)) {
                return Err(invalid("a side has a character of markup in it"));
            }
        }
        match known.insert(source.to_owned(), target.to_owned()) {
            Some(before) if before != target => return Err(invalid("an earlier line renders it in another way")),
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
    fn lines_are_terms_and_comments_and_empty_lines_are_not() {
        let terms =
            parse("# names\n\nAnna Brown = Anna Brown\r\n  harbour master=capitán de puerto  \n").expect("parses");
        let term = |source: &str, target: &str| Term { source: source.to_owned(), target: target.to_owned() };
        assert_eq!(terms, [term("Anna Brown", "Anna Brown"), term("harbour master", "capitán de puerto")]);
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, problem) in [
            ("a = b\nAnna", 2, "missing"),
            ("Anna =", 1, "no letter"),
            ("= Anna", 1, "no letter"),
            ("# ok\n\nAnna = <b>Ana</b>", 3, "markup"),
            ("Anna = Ana\nAnna = Anita", 2, "another way"),
            (&format!("{} = a", "x".repeat(201)), 1, "200"),
        ] {
            let said = parse(text).expect_err(text).to_string();
            assert!(said.starts_with(&format!("line {line}: ")) && said.contains(problem), "{said}");
            assert!(!said.contains("Anna"), "the text may be a secret: {said}");
        }
        assert_eq!(parse(&"#".repeat(LONGEST + 1)), Err(InvalidGlossary::TooLong { bytes: LONGEST + 1 }));
    }
}
