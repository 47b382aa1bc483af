//! Enumerations in a status that a newer version may have written: known values are deserialized into the enum, unknown ones
//! are preserved unchanged. Pure.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IntoDeserializer as _, value},
};

use super::{phase::Phase, reason::Reason};

/// A value that this version knows, or an unknown value as a string.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lenient<T> {
    /// A value of this version.
    Known(T),
    /// A value that a newer version wrote.
    Unknown(String),
}

impl<T: Copy> Lenient<T> {
    /// The value, if this version knows it.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }
}

impl Lenient<Phase> {
    /// Its name in `status.phase`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(phase) => phase.as_str(),
            Self::Unknown(text) => text,
        }
    }
}

impl Lenient<Reason> {
    /// Its name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(reason) => reason.as_str(),
            Self::Unknown(text) => text,
        }
    }

    /// The reason as a status and a condition may hold it: what cannot be a name there is replaced.
    #[must_use]
    pub fn or_worker_error(self) -> Self {
        let is_name = |text: &str| {
            (1..=64).contains(&text.len())
                && text.starts_with(|first: char| first.is_ascii_alphabetic())
                && text.chars().all(|character| character.is_ascii_alphanumeric())
        };
        match self {
            Self::Unknown(text) if !is_name(&text) => Reason::WorkerError.into(),
            reason => reason,
        }
    }
}

impl<T> From<T> for Lenient<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: Default> Default for Lenient<T> {
    fn default() -> Self {
        Self::Known(T::default())
    }
}

impl<T: PartialEq> PartialEq<T> for Lenient<T> {
    fn eq(&self, other: &T) -> bool {
        matches!(self, Self::Known(value) if value == other)
    }
}

impl<T: Serialize> Serialize for Lenient<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Unknown(text) => text.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known: Result<T, value::Error> = T::deserialize(text.as_str().into_deserializer());
        Ok(known.map_or(Self::Unknown(text), Self::Known))
    }
}

/// A plain string instead of an enum: after a rollback, an enum schema would reject values that the newer version wrote.
impl<T> JsonSchema for Lenient<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Lenient".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": 64})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_written_back_unchanged() {
        for (text, known) in [("\"Done\"", Some(Phase::Done)), ("\"TranscribeQueued\"", None)] {
            let read: Lenient<Phase> = serde_json::from_str(text).expect("reads");
            assert_eq!(read.known(), known);
            assert_eq!(serde_json::to_string(&read).expect("writes"), text);
        }
    }
}
