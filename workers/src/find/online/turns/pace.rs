//! Whose turn it is at one account: a call that wants to be made and the time come in, whether it may be made now
//! goes out. Knows what was called and what the provider said, and nothing else. Pure.

use std::{collections::VecDeque, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Longer than this nobody waits with a task in hand: the job waits instead.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// What another keeper of the account may have called moments ago is not known: the first call waits this long.
const UNKNOWN_BEFORE: SignedDuration = SignedDuration::from_secs(1);
/// How long refused credentials are believed to be wrong; other ones are tried at once.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// It costs nothing but its place in the rate limit.
    Ask,
    /// It asks for a session, which providers limit more.
    LogIn,
    /// It counts against the account's quota.
    Pay,
}

/// A call that wants to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What for.
    pub call: Call,
    /// Tells one set of credentials from the next, and nothing about them.
    pub credentials: u16,
}

/// What a provider said that concerns every worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// It wants no call before this time.
    Rest(Timestamp),
    /// The quota is used up until then.
    Spent(Timestamp),
    /// These credentials are wrong.
    Refused(u16),
}

/// Why there is no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Denied {
    /// No call before this time.
    Resting(Timestamp),
    /// No call that counts against the quota before this time.
    Spent(Timestamp),
    /// The provider refused these credentials a short while ago.
    Refused,
}

/// What is to become of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Call now; it is noted.
    Now,
    /// Ask again at this time.
    At(Timestamp),
    /// Not soon.
    Denied(Denied),
}

/// A provider's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time from one call to the next.
    pub apart: Duration,
    /// How many logins each span may have.
    pub logins: &'static [(SignedDuration, usize)],
}

/// What is known of an account's calls.
#[derive(Debug)]
pub struct Ledger {
    limits: Limits,
    next: Timestamp,
    logins: VecDeque<Timestamp>,
    resting: Timestamp,
    spent: Timestamp,
    refused: Option<(u16, Timestamp)>,
}

fn after(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}

impl Ledger {
    /// A new one, which does not know what was called before.
    pub fn new(limits: Limits, now: Timestamp) -> Self {
        let (resting, spent) = (Timestamp::MIN, Timestamp::MIN);
        Self { limits, next: after(now, UNKNOWN_BEFORE), logins: VecDeque::new(), resting, spent, refused: None }
    }

    /// Whether this call may be made now; if so, it counts.
    pub fn turn(&mut self, wish: Wish, now: Timestamp) -> Turn {
        if self.refused.is_some_and(|(credentials, until)| credentials == wish.credentials && until > now) {
            return Turn::Denied(Denied::Refused);
        }
        if wish.call == Call::Pay && self.spent > now {
            return Turn::Denied(Denied::Spent(self.spent));
        }
        let login = if wish.call == Call::LogIn { self.next_login() } else { Timestamp::MIN };
        let pause = self.resting.max(login);
        if pause.duration_since(now) > PATIENCE {
            return Turn::Denied(Denied::Resting(pause));
        }
        let at = pause.max(self.next);
        if at > now {
            return Turn::At(at);
        }
        self.next = after(now, SignedDuration::try_from(self.limits.apart).unwrap_or(PATIENCE));
        if wish.call == Call::LogIn {
            self.logins.push_back(now);
            let kept = self.limits.logins.iter().map(|(_, most)| *most).max().unwrap_or(0);
            while self.logins.len() > kept {
                self.logins.pop_front();
            }
        }
        Turn::Now
    }

    /// When the next login keeps to every span's limit.
    fn next_login(&self) -> Timestamp {
        let free = |(span, most): &(SignedDuration, usize)| {
            let earlier = self.logins.len().checked_sub(*most)?;
            Some(after(*self.logins.get(earlier)?, *span))
        };
        self.limits.logins.iter().filter_map(free).max().unwrap_or(Timestamp::MIN)
    }

    /// Takes note of what the provider said.
    pub fn note(&mut self, notice: Notice, now: Timestamp) {
        match notice {
            Notice::Rest(until) => self.resting = self.resting.max(until),
            Notice::Spent(until) => self.spent = self.spent.max(until),
            Notice::Refused(credentials) => self.refused = Some((credentials, after(now, REFUSED_FOR))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        apart: Duration::from_millis(250),
        logins: &[(SignedDuration::from_secs(1), 1), (SignedDuration::from_secs(60), 3)],
    };

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000 + milliseconds).expect("a time")
    }

    fn wish(call: Call) -> Wish {
        Wish { call, credentials: 7 }
    }

    fn ledger() -> Ledger {
        Ledger::new(LIMITS, at(-1_000))
    }

    #[test]
    fn calls_of_every_kind_are_apart_and_the_first_one_waits_for_what_is_not_known() {
        let mut ledger = Ledger::new(LIMITS, at(0));
        assert_eq!(ledger.turn(wish(Call::Ask), at(0)), Turn::At(at(1_000)));
        assert_eq!(ledger.turn(wish(Call::Ask), at(1_000)), Turn::Now);
        assert_eq!(ledger.turn(wish(Call::Pay), at(1_001)), Turn::At(at(1_250)));
        assert_eq!(ledger.turn(wish(Call::Pay), at(1_250)), Turn::Now);
    }

    #[test]
    fn logins_keep_to_every_span_and_do_not_hold_others_up() {
        let mut ledger = ledger();
        assert_eq!(ledger.turn(wish(Call::LogIn), at(0)), Turn::Now);
        assert_eq!(ledger.turn(wish(Call::LogIn), at(300)), Turn::At(at(1_000)));
        assert_eq!(ledger.turn(wish(Call::Ask), at(300)), Turn::Now);
        assert_eq!(ledger.turn(wish(Call::LogIn), at(1_000)), Turn::Now);
        assert_eq!(ledger.turn(wish(Call::LogIn), at(2_000)), Turn::Now);
        assert_eq!(ledger.turn(wish(Call::LogIn), at(3_000)), Turn::Denied(Denied::Resting(at(60_000))));
        assert_eq!(ledger.turn(wish(Call::LogIn), at(60_000)), Turn::Now);
    }

    #[test]
    fn a_used_up_quota_stops_only_what_counts_against_it() {
        let mut ledger = ledger();
        ledger.note(Notice::Spent(at(60_000)), at(0));
        assert_eq!(ledger.turn(wish(Call::Pay), at(0)), Turn::Denied(Denied::Spent(at(60_000))));
        assert_eq!(ledger.turn(wish(Call::Ask), at(0)), Turn::Now);
        assert_eq!(ledger.turn(wish(Call::Pay), at(60_000)), Turn::Now);
    }

    #[test]
    fn a_short_rest_is_waited_for_and_a_long_one_is_said() {
        let mut ledger = ledger();
        ledger.note(Notice::Rest(at(5_000)), at(0));
        assert_eq!(ledger.turn(wish(Call::Ask), at(0)), Turn::At(at(5_000)));
        ledger.note(Notice::Rest(at(3_600_000)), at(0));
        ledger.note(Notice::Rest(at(1_000)), at(0));
        assert_eq!(ledger.turn(wish(Call::Ask), at(0)), Turn::Denied(Denied::Resting(at(3_600_000))));
    }

    #[test]
    fn refused_credentials_are_not_tried_again_and_others_are() {
        let mut ledger = ledger();
        ledger.note(Notice::Refused(7), at(0));
        assert_eq!(ledger.turn(wish(Call::LogIn), at(0)), Turn::Denied(Denied::Refused));
        assert_eq!(ledger.turn(Wish { credentials: 8, ..wish(Call::LogIn) }, at(0)), Turn::Now);
        assert_eq!(ledger.turn(wish(Call::Ask), at(3_600_001)), Turn::Now);
    }
}
