//! The rate limit of one account: a request for a permit and the time come in, whether the call may be made now goes out.
//! Knows which calls were made and what the provider reported, and nothing else. Pure.

use std::{collections::VecDeque, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A task waits at most this long for a permit; then its job fails until a named time instead.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// What another limiter of the account permitted moments ago is unknown: the first call waits this long.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);
/// How long refused credentials are not tried again; other credentials are tried at once.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// Counts against the rate limit only.
    #[serde(rename = "ask")]
    Query,
    /// Opens a session, which providers limit more.
    LogIn,
    /// Counts against the account's quota.
    #[serde(rename = "pay")]
    Download,
}

/// A request to make one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitRequest {
    /// What the call is for.
    pub call: Call,
    /// A fingerprint that differs between sets of credentials and reveals nothing about them.
    pub credentials: u16,
}

/// What a provider reported that concerns every worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// No call is wanted before this time.
    #[serde(rename = "rest")]
    Cooldown(Timestamp),
    /// The quota is used up until this time.
    #[serde(rename = "spent")]
    QuotaSpent(Timestamp),
    /// The credentials with this fingerprint are refused.
    #[serde(rename = "refused")]
    CredentialsRefused(u16),
}

/// Why there is no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Denied {
    /// No call before this time.
    #[serde(rename = "resting")]
    Cooldown(Timestamp),
    /// No call that counts against the quota before this time.
    #[serde(rename = "spent")]
    QuotaSpent(Timestamp),
    /// The provider refused these credentials a short while ago.
    #[serde(rename = "refused")]
    CredentialsRefused,
}

impl Notice {
    /// The same by a clock that shows this much more.
    pub(super) fn shifted(self, by: SignedDuration) -> Self {
        match self {
            Self::Cooldown(until) => Self::Cooldown(after(until, by)),
            Self::QuotaSpent(until) => Self::QuotaSpent(after(until, by)),
            Self::CredentialsRefused(credentials) => Self::CredentialsRefused(credentials),
        }
    }
}

impl Denied {
    /// The same by a clock that shows this much more.
    pub(super) fn shifted(self, by: SignedDuration) -> Self {
        match self {
            Self::Cooldown(until) => Self::Cooldown(after(until, by)),
            Self::QuotaSpent(until) => Self::QuotaSpent(after(until, by)),
            Self::CredentialsRefused => Self::CredentialsRefused,
        }
    }
}

/// Why a call must not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermitError {
    /// The limiter denied it.
    Denied(Denied),
    /// The worker that runs the limiter did not answer.
    Unanswered,
}

/// The answer to a [`PermitRequest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The call may be made now, and is counted.
    Granted,
    /// Request again at this time.
    WaitUntil(Timestamp),
    /// The call must not be made soon.
    Denied(Denied),
}

/// A provider's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The shortest time between two calls.
    pub interval: Duration,
    /// The most logins in each span of time.
    pub logins: &'static [(SignedDuration, usize)],
}

/// What is known of an account's calls.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    next: Timestamp,
    logins: VecDeque<Timestamp>,
    cooldown: Timestamp,
    spent: Timestamp,
    refused: Option<(u16, Timestamp)>,
}

fn after(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}

impl Limiter {
    /// A limiter that does not know which calls were made before.
    pub fn new(limits: Limits, now: Timestamp) -> Self {
        let (cooldown, spent) = (Timestamp::MIN, Timestamp::MIN);
        Self { limits, next: after(now, FIRST_WAIT), logins: VecDeque::new(), cooldown, spent, refused: None }
    }

    /// Whether this call may be made now; if so, it counts.
    pub fn decide(&mut self, request: PermitRequest, now: Timestamp) -> Decision {
        if self.refused.is_some_and(|(credentials, until)| credentials == request.credentials && until > now) {
            return Decision::Denied(Denied::CredentialsRefused);
        }
        if request.call == Call::Download && self.spent > now {
            return Decision::Denied(Denied::QuotaSpent(self.spent));
        }
        let login = if request.call == Call::LogIn { self.next_login() } else { Timestamp::MIN };
        let pause = self.cooldown.max(login);
        if pause.duration_since(now) > PATIENCE {
            return Decision::Denied(Denied::Cooldown(pause));
        }
        let at = pause.max(self.next);
        if at > now {
            return Decision::WaitUntil(at);
        }
        self.next = after(now, SignedDuration::try_from(self.limits.interval).unwrap_or(PATIENCE));
        if request.call == Call::LogIn {
            self.logins.push_back(now);
            let kept = self.limits.logins.iter().map(|(_, most)| *most).max().unwrap_or(0);
            while self.logins.len() > kept {
                self.logins.pop_front();
            }
        }
        Decision::Granted
    }

    /// When the next login is within the limit of every span.
    fn next_login(&self) -> Timestamp {
        let free = |(span, most): &(SignedDuration, usize)| {
            let earlier = self.logins.len().checked_sub(*most)?;
            Some(after(*self.logins.get(earlier)?, *span))
        };
        self.limits.logins.iter().filter_map(free).max().unwrap_or(Timestamp::MIN)
    }

    /// Takes what the provider reported into account.
    pub fn report(&mut self, notice: Notice, now: Timestamp) {
        match notice {
            Notice::Cooldown(until) => self.cooldown = self.cooldown.max(until),
            Notice::QuotaSpent(until) => self.spent = self.spent.max(until),
            Notice::CredentialsRefused(credentials) => self.refused = Some((credentials, after(now, REFUSED_FOR))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        interval: Duration::from_millis(250),
        logins: &[(SignedDuration::from_secs(1), 1), (SignedDuration::from_secs(60), 3)],
    };

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000 + milliseconds).expect("a time")
    }

    fn request(call: Call) -> PermitRequest {
        PermitRequest { call, credentials: 7 }
    }

    fn limiter() -> Limiter {
        Limiter::new(LIMITS, at(-1_000))
    }

    #[test]
    fn calls_of_every_kind_are_apart_and_the_first_one_waits_for_what_is_not_known() {
        let mut limiter = Limiter::new(LIMITS, at(0));
        assert_eq!(limiter.decide(request(Call::Query), at(0)), Decision::WaitUntil(at(1_000)));
        assert_eq!(limiter.decide(request(Call::Query), at(1_000)), Decision::Granted);
        assert_eq!(limiter.decide(request(Call::Download), at(1_001)), Decision::WaitUntil(at(1_250)));
        assert_eq!(limiter.decide(request(Call::Download), at(1_250)), Decision::Granted);
    }

    #[test]
    fn logins_keep_to_every_span_and_do_not_hold_others_up() {
        let mut limiter = limiter();
        assert_eq!(limiter.decide(request(Call::LogIn), at(0)), Decision::Granted);
        assert_eq!(limiter.decide(request(Call::LogIn), at(300)), Decision::WaitUntil(at(1_000)));
        assert_eq!(limiter.decide(request(Call::Query), at(300)), Decision::Granted);
        assert_eq!(limiter.decide(request(Call::LogIn), at(1_000)), Decision::Granted);
        assert_eq!(limiter.decide(request(Call::LogIn), at(2_000)), Decision::Granted);
        assert_eq!(limiter.decide(request(Call::LogIn), at(3_000)), Decision::Denied(Denied::Cooldown(at(60_000))));
        assert_eq!(limiter.decide(request(Call::LogIn), at(60_000)), Decision::Granted);
    }

    #[test]
    fn a_used_up_quota_stops_only_what_counts_against_it() {
        let mut limiter = limiter();
        limiter.report(Notice::QuotaSpent(at(60_000)), at(0));
        assert_eq!(limiter.decide(request(Call::Download), at(0)), Decision::Denied(Denied::QuotaSpent(at(60_000))));
        assert_eq!(limiter.decide(request(Call::Query), at(0)), Decision::Granted);
        assert_eq!(limiter.decide(request(Call::Download), at(60_000)), Decision::Granted);
    }

    #[test]
    fn a_short_cooldown_is_waited_for_and_a_long_one_denies() {
        let mut limiter = limiter();
        limiter.report(Notice::Cooldown(at(5_000)), at(0));
        assert_eq!(limiter.decide(request(Call::Query), at(0)), Decision::WaitUntil(at(5_000)));
        limiter.report(Notice::Cooldown(at(3_600_000)), at(0));
        limiter.report(Notice::Cooldown(at(1_000)), at(0));
        assert_eq!(limiter.decide(request(Call::Query), at(0)), Decision::Denied(Denied::Cooldown(at(3_600_000))));
    }

    #[test]
    fn refused_credentials_are_not_tried_again_and_others_are() {
        let mut limiter = limiter();
        limiter.report(Notice::CredentialsRefused(7), at(0));
        assert_eq!(limiter.decide(request(Call::LogIn), at(0)), Decision::Denied(Denied::CredentialsRefused));
        assert_eq!(limiter.decide(PermitRequest { credentials: 8, ..request(Call::LogIn) }, at(0)), Decision::Granted);
        assert_eq!(limiter.decide(request(Call::Query), at(3_600_001)), Decision::Granted);
    }
}
