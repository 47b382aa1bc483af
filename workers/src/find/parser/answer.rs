//! Reads one file as it is asked for: the same in every process. Does I/O through the file that it is given.

use std::io::{Read, Seek};

use super::{
    error::ParseError,
    request::{Answer, ParsedText, Request},
};
use crate::{
    find::video,
    subtitle::file::{self, Declared, File},
};

/// The largest file of text, in bytes, also inside an archive.
pub(crate) const LARGEST_TEXT: u64 = 32 << 20;
/// The most cues of a subtitle: a day of one every second.
const MOST_CUES: usize = 100_000;

pub(super) fn answer(request: &Request, input: &mut (impl Read + Seek)) -> Result<Answer, ParseError> {
    match request {
        Request::Text { language, episode, frame_rate } => {
            let mut bytes = Vec::new();
            input.take(LARGEST_TEXT + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > LARGEST_TEXT {
                return Err(ParseError::over_limits(format!("the file has more than {LARGEST_TEXT} bytes")));
            }
            let declared = Declared { language: language.as_ref(), episode: *episode, frame_rate: *frame_rate };
            let File { subtitle, language, mismatch, .. } = file::read(&bytes, &declared)?;
            if subtitle.cues.len() > MOST_CUES {
                return Err(ParseError::over_limits(format!("the file has more than {MOST_CUES} cues")));
            }
            Ok(Answer::Text(Box::new(ParsedText { subtitle, language, mismatch })))
        }
        Request::Tracks => Ok(Answer::Tracks(video::tracks(input)?)),
        Request::Summary => Ok(Answer::Summary(video::summary(input)?)),
        Request::Facts => Ok(Answer::Facts(video::facts(input)?)),
        Request::Track { number, reading, language } => {
            Ok(Answer::Track(video::content(input, *number, *reading, language)?))
        }
    }
}
