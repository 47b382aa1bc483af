//! A length of time as a policy's spec writes it: a number and one unit, such as `90s`, `5m`, `6h` or `30d`. Pure.

use std::fmt;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(u32);

/// A text that is not a length of time.
#[derive(Debug, thiserror::Error)]
#[error("failed to read a length of time, such as 90s, 5m, 6h or 30d")]
pub struct InvalidPeriod;

impl Period {
    /// Of minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes * 60)
    }

    /// Of hours.
    pub const fn hours(hours: u32) -> Self {
        Self(hours * 3_600)
    }

    /// In seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// For arithmetic with times.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.0))
    }
}

impl TryFrom<String> for Period {
    type Error = InvalidPeriod;

    fn try_from(text: String) -> Result<Self, InvalidPeriod> {
        let unit = text.chars().last().ok_or(InvalidPeriod)?;
        let (_, seconds) = UNITS.into_iter().find(|(letter, _)| *letter == unit).ok_or(InvalidPeriod)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: u32 = digits.parse().ok().filter(|_| is_number).ok_or(InvalidPeriod)?;
        Ok(Self(number * seconds))
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, seconds): &(char, u32)| self.0.is_multiple_of(*seconds) && self.0 >= *seconds;
        let (unit, seconds) = UNITS.into_iter().find(fits).unwrap_or(('s', 1));
        write!(formatter, "{}{unit}", self.0 / seconds)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": 5, "pattern": "^[0-9]{1,4}[smhd]$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_number_and_one_unit() {
        for (text, seconds, shown) in
            [("90s", 90, "90s"), ("5m", 300, "5m"), ("60m", 3_600, "1h"), ("48h", 172_800, "2d"), ("0s", 0, "0s")]
        {
            let period = Period::try_from(text.to_owned()).expect(text);
            assert_eq!((period.seconds(), period.to_string().as_str()), (seconds, shown));
        }
        for text in ["", "5", "m", "-5m", "5 m", "1h30m", "5é", "99999d", "1.5h"] {
            assert!(Period::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
