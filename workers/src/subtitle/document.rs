//! A file with holes where the cues' texts are: everything else is kept byte for byte. Texts come in, the file goes
//! out. Pure.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What surrounds the cues of a WebVTT or ASS file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    /// Whether the file began with a byte order mark, which some players need to take it for UTF-8.
    has_mark: bool,
    source: String,
    /// One for each cue, in the order of the file.
    holes: Vec<Range<usize>>,
    /// Whether there is something besides cues that another format would lose.
    pub(super) has_metadata: bool,
}

impl Document {
    pub(super) fn new(source: &str, has_mark: bool, holes: Vec<Range<usize>>, has_metadata: bool) -> Self {
        Self { has_mark, source: source.to_owned(), holes, has_metadata }
    }

    /// Where the cues' texts are in the source.
    pub(super) fn holes(&self) -> &[Range<usize>] {
        &self.holes
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The file with `texts` in its holes; `spelled` gets the old and the new text of a hole.
    pub(super) fn fill<'a>(
        &self,
        texts: impl Iterator<Item = &'a str>,
        spelled: impl Fn(&mut String, &str, &str),
    ) -> String {
        let mut written = String::with_capacity(self.source.len() + 64);
        if self.has_mark {
            written.push('\u{FEFF}');
        }
        let mut at = 0;
        for (hole, text) in self.holes.iter().zip(texts) {
            let old = &self.source[hole.clone()];
            written.push_str(&self.source[at..hole.start]);
            if old == text {
                written.push_str(old);
            } else {
                spelled(&mut written, old, text);
            }
            at = hole.end;
        }
        written.push_str(&self.source[at..]);
        written
    }
}
