//! A position in the history stream: its string form in Redis, and whether a stream is still the one it was taken from.
//! Called by the history loop. Pure.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// The stream offset up to which the event histories are complete, with the digest of that message, by which a stream that was
/// deleted and declared again is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The message's offset; negative before the first.
    pub offset: i64,
    /// The message's digest; nil before the first.
    pub record: Uuid,
}

impl Checkpoint {
    /// The checkpoint at the message at `offset` with this body.
    pub fn at(offset: i64, body: &[u8]) -> Self {
        Self { offset, record: Uuid::new_v5(&Uuid::NAMESPACE_OID, body) }
    }

    /// The checkpoint before the first message. `number` is negative and unique to the loop, so that a second loop that starts
    /// at the same time is recognized.
    pub const fn before_first(number: i64) -> Self {
        Self { offset: number, record: Uuid::nil() }
    }

    /// Whether it is before the first message, where it matches any stream.
    pub const fn is_before_first(self) -> bool {
        self.offset < 0
    }

    /// Whether a stream, read from this checkpoint on, is the one it was taken from. `first` is the first message read, `None`
    /// if there was none: the checkpoint's own message is read again, unless the stream no longer retains it.
    pub fn is_same_stream(self, first: Option<Self>) -> bool {
        self.is_before_first() || first.is_some_and(|first| first.offset > self.offset || first == self)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.record.is_nil() {
            return self.offset.fmt(formatter);
        }
        write!(formatter, "{} {}", self.offset, self.record)
    }
}

impl FromStr for Checkpoint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (offset, record) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self { offset: offset.parse()?, record: record.parse().unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_if_it_continues_at_or_after_the_checkpoint() {
        let saved = Checkpoint::at(4, b"four");
        assert!(saved.is_same_stream(Some(saved)) && saved.is_same_stream(Some(Checkpoint::at(5, b"five"))));
        for other in [None, Some(Checkpoint::at(4, b"other")), Some(Checkpoint::at(3, b"three"))] {
            assert!(!saved.is_same_stream(other), "{other:?}");
        }
        assert!(Checkpoint::before_first(-1).is_same_stream(None));
    }

    #[test]
    fn a_checkpoint_round_trips_through_its_string() {
        for checkpoint in [Checkpoint::at(7, b"seven"), Checkpoint::before_first(-3)] {
            assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
        }
    }
}
