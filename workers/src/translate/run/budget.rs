//! How many characters a namespace may send to paid engines in a day. Each attempt of a translation reserves what it is about
//! to send before any of it is sent, as an object whose name holds the number, and removes what it did not send.
//! The sum is read after every reservation, so that of two at the same time at least one sees both. Does I/O.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use subtitle_contract::reason::Reason;

use crate::{
    failure::Failure,
    store::{Store, StoreError, sha256},
};

/// A namespace's budget for one day in UTC.
pub(crate) struct DailyBudget {
    store: Store,
    namespace: String,
    day: Date,
    limit: u64,
}

impl DailyBudget {
    /// The budget of `namespace` on the day of `now`: `limit` characters.
    pub(crate) fn new(store: &Store, namespace: &str, now: Timestamp, limit: u64) -> Self {
        let day = now.to_zoned(TimeZone::UTC).date();
        Self { store: store.clone(), namespace: namespace.to_owned(), day, limit }
    }

    fn folder(&self) -> String {
        format!("{}/spent/{}", self.namespace, self.day)
    }

    /// When the next day begins.
    fn renewed(&self) -> Option<Timestamp> {
        self.day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    }

    async fn reserved(&self) -> Result<Vec<String>, StoreError> {
        self.store.names(&self.folder()).await
    }

    fn exceeded(&self, characters: u64, spent: u64) -> Failure {
        let (namespace, limit) = (&self.namespace, self.limit);
        let renewed = self.renewed().filter(|_| characters <= limit);
        let then = match renewed {
            Some(time) => format!("it continues at {time}"),
            None => "that is more than a day's: raise SUBTITLES_CHARACTERS_PER_DAY, or use a free engine".to_owned(),
        };
        let message = format!(
            "{characters} characters would be sent; namespace '{namespace}' has sent {spent} of {limit} today (UTC); {then}"
        );
        Failure { not_before: renewed, ..Failure::new(Reason::CostLimitExceeded, message) }
    }
}

/// What one attempt reserves and sends: nothing is sent that is not reserved, and nothing is reserved without a look at the
/// sum of the namespace.
pub(crate) struct Spending {
    /// `None` without a limit, and for an engine that is free.
    budget: Option<DailyBudget>,
    /// The prefix of this attempt's objects.
    prefix: String,
    reserved: AtomicU64,
    sent: AtomicU64,
}

impl Spending {
    /// The spending of one attempt, which is identified by job, attempt and what is translated.
    pub(crate) fn new(budget: Option<DailyBudget>, attempt: &str) -> Self {
        let prefix = sha256(attempt.as_bytes())[..20].to_owned();
        Self { budget, prefix, reserved: AtomicU64::new(0), sent: AtomicU64::new(0) }
    }

    /// Reserves the characters that will be sent. What an earlier worker reserved for the same attempt counts once.
    pub(crate) async fn begin(&self, characters: u64) -> Result<(), Failure> {
        let Some(budget) = &self.budget else { return Ok(()) };
        let own = self.sum(&budget.reserved().await?, true);
        self.reserve(budget, characters.saturating_sub(own)).await?;
        // Of what the earlier worker reserved, it has sent the rest.
        let reserved = own.max(characters);
        self.reserved.store(reserved, Ordering::Relaxed);
        self.sent.store(reserved - characters, Ordering::Relaxed);
        Ok(())
    }

    /// Called before characters are sent: those that are sent again cost again, and are reserved first.
    pub(crate) async fn send(&self, characters: u64) -> Result<(), Failure> {
        let Some(budget) = &self.budget else { return Ok(()) };
        let sent = self.sent.load(Ordering::Relaxed) + characters;
        let more = sent.saturating_sub(self.reserved.load(Ordering::Relaxed));
        if more > 0 {
            self.reserve(budget, more).await?;
            self.reserved.fetch_add(more, Ordering::Relaxed);
        }
        self.sent.store(sent, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back what was reserved and not sent, for an attempt that ends early.
    pub(crate) async fn end(&self) -> Result<(), StoreError> {
        let Some(budget) = &self.budget else { return Ok(()) };
        let names = budget.reserved().await?;
        let sent = self.sent.load(Ordering::Relaxed);
        if sent > 0 {
            let key = format!("{}/sent.{}-{sent}", budget.folder(), uuid::Uuid::now_v7().simple());
            budget.store.create(&key, Vec::new().into()).await?;
        }
        for name in names.iter().filter(|name| name.starts_with(&self.prefix)) {
            budget.store.remove(&format!("{}/{name}", budget.folder())).await?;
        }
        Ok(())
    }

    fn sum(&self, names: &[String], is_own: bool) -> u64 {
        let counted = names.iter().filter(|name| name.starts_with(&self.prefix) == is_own);
        counted.filter_map(|name| amount(name)).fold(0, u64::saturating_add)
    }

    /// Reserves `characters` more, if the sum of all stays within the limit.
    async fn reserve(&self, budget: &DailyBudget, characters: u64) -> Result<(), Failure> {
        if characters == 0 {
            return Ok(());
        }
        let key = format!("{}/{}.{}-{characters}", budget.folder(), self.prefix, uuid::Uuid::now_v7().simple());
        budget.store.create(&key, Vec::new().into()).await?;
        let names = budget.reserved().await?;
        let (others, own) = (self.sum(&names, false), self.sum(&names, true));
        if others.saturating_add(own) <= budget.limit {
            return Ok(());
        }
        budget.store.remove(&key).await?;
        // Its own sum includes what was just tried.
        let spent = others.saturating_add(own).saturating_sub(characters);
        Err(budget.exceeded(characters, spent))
    }
}

fn amount(name: &str) -> Option<u64> {
    name.rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn spending(store: &Store, hours: i64, attempt: &str) -> Spending {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        Spending::new(Some(DailyBudget::new(store, "n", now, 100)), attempt)
    }

    fn store() -> Store {
        Store::open(&"memory:".parse().expect("a URL")).expect("opens")
    }

    #[tokio::test]
    async fn a_day_has_so_many_characters_and_the_same_attempt_counts_once() {
        let store = store();
        let begins = async |hours, attempt, characters| {
            spending(&store, hours, attempt).begin(characters).await.map_err(|failure| failure.message)
        };
        assert_eq!(begins(1, "a", 60).await, Ok(()));
        assert_eq!(begins(2, "a", 60).await, Ok(()), "goes on after a crash");
        assert!(begins(3, "b", 50).await.is_err_and(|message| message.contains("has sent 60 of 100 today")));
        assert_eq!(begins(4, "c", 40).await, Ok(()), "what was refused left nothing behind");
        assert_eq!(begins(24, "b", 50).await, Ok(()), "another day");
        let failure = spending(&store, 5, "d").begin(50).await.expect_err("exceeded");
        assert_eq!(failure.not_before, Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24)));
    }

    #[tokio::test]
    async fn a_hundred_retries_that_send_everything_again_stay_within_the_limit() {
        let store = store();
        let mut sent = 0;
        for attempt in 0..100 {
            let spending = spending(&store, 1, &format!("job:{attempt}"));
            if spending.begin(30).await.is_ok() {
                for _ in 0..3 {
                    spending.send(10).await.expect("reserved");
                    sent += 10;
                }
                // What a check rejects is sent again, as long as there is anything left.
                while spending.send(7).await.is_ok() && sent < 1000 {
                    sent += 7;
                }
            }
            spending.end().await.expect("the store");
        }
        assert!((94..=100).contains(&sent), "{sent}");
    }

    #[tokio::test]
    async fn what_was_reserved_and_not_sent_is_given_back() {
        let store = store();
        let first = spending(&store, 1, "a:1");
        first.begin(90).await.expect("reserved");
        first.send(20).await.expect("reserved");
        first.end().await.expect("the store");
        // Continues as the same attempt: what it sent stays counted, and what it sends now is reserved again.
        let again = spending(&store, 1, "a:1");
        again.begin(70).await.expect("reserved");
        assert!(spending(&store, 1, "b:1").begin(20).await.is_err());
        spending(&store, 1, "b:1").begin(10).await.expect("what is left");
    }

    #[tokio::test]
    async fn an_attempt_that_needs_no_more_is_granted_when_the_limit_is_exceeded() {
        let store = store();
        spending(&store, 1, "a").begin(90).await.expect("reserved");
        let lowered = DailyBudget { limit: 50, ..DailyBudget::new(&store, "n", Timestamp::UNIX_EPOCH, 100) };
        let resumed = |attempt: &str| {
            let budget = DailyBudget { store: store.clone(), namespace: lowered.namespace.clone(), ..lowered };
            Spending::new(Some(budget), attempt)
        };
        resumed("a").begin(40).await.expect("it has reserved that already");
        resumed("b").begin(0).await.expect("it sends nothing");
        assert!(resumed("b").begin(1).await.is_err());
    }

    #[tokio::test]
    async fn repeats_beyond_the_limit_continue_tomorrow_and_what_was_sent_is_named() {
        let store = store();
        let spending = spending(&store, 1, "a");
        spending.begin(90).await.expect("reserved");
        spending.send(90).await.expect("reserved");
        let failure = spending.send(15).await.expect_err("exceeded");
        assert_eq!(failure.not_before, Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24)));
        assert!(failure.message.contains("15 characters would be sent"), "{}", failure.message);
        assert!(failure.message.contains("has sent 90 of 100 today"), "{}", failure.message);
    }

    #[tokio::test]
    async fn of_many_at_once_no_more_than_the_limit_are_within_it() {
        let store = store();
        let tries = (0..20).map(|at| {
            let spending = spending(&store, 1, &at.to_string());
            async move { spending.begin(30).await.is_ok() }
        });
        let reserved = futures::future::join_all(tries).await;
        assert!(reserved.iter().filter(|is_reserved| **is_reserved).count() <= 3, "{reserved:?}");
    }
}
