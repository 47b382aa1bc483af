//! Reads the time of an event as publishers of every age write it: RFC 3339, with a space in place of the `T`, and without an
//! offset, as Python's `datetime.utcnow().isoformat()` does, which means UTC. Used by serde. Pure.

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use serde::{Deserialize as _, Deserializer, de::Error as _};

/// Deserializes a timestamp; a text without an offset is read as UTC.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    parse(&text).map_err(|error| D::Error::custom(format_args!("failed to read a timestamp: {error}")))
}

fn parse(text: &str) -> Result<Timestamp, jiff::Error> {
    match text.parse::<Timestamp>() {
        Ok(timestamp) => Ok(timestamp),
        Err(error) => match text.parse::<DateTime>() {
            // A civil time also parses from a text with an offset or a zone, which it would ignore.
            Ok(civil) if text.contains(['T', 't', ' ']) && !has_offset(text) => Offset::UTC.to_timestamp(civil),
            _ => Err(error),
        },
    }
}

/// Whether anything but digits, colons and fractions follows the date.
fn has_offset(text: &str) -> bool {
    let time = text.split_once(['T', 't', ' ']).map_or("", |(_, time)| time);
    time.contains(|character: char| !character.is_ascii_digit() && !":.,".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_utc() {
        let expected: Timestamp = "2025-01-02T03:04:05.123456Z".parse().expect("a time");
        for text in [
            "2025-01-02T03:04:05.123456",
            "2025-01-02 03:04:05.123456",
            "2025-01-02T03:04:05.123456+00:00",
            "2025-01-02 03:04:05.123456+00:00",
            "2025-01-02T03:04:05.123456Z",
            "2025-01-02T05:04:05.123456+02:00",
        ] {
            assert_eq!(parse(text).expect(text), expected, "{text}");
        }
        assert_eq!(
            parse("2025-01-02T03:04:05").expect("whole seconds"),
            "2025-01-02T03:04:05Z".parse().expect("a time")
        );
    }

    #[test]
    fn a_text_that_is_no_time_is_refused() {
        for text in ["yesterday", "", "2025-01-02", "1735787045", "2025-01-02T03:04:05 CET", "2025-13-02T03:04:05"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
