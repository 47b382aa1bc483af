//! What a namespace may send to engines in a day, in characters. Each film books what it is about to send before any of
//! it is sent, as an object whose name says how much: create-if-absent and a list are all it takes. Whoever books looks
//! at the sum afterwards, so that of two at once at least one sees both. Does I/O.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::store::{Store, StoreError, sha256};

/// A namespace's account for one day in UTC.
pub(crate) struct Account {
    store: Store,
    namespace: String,
    day: Date,
    limit: u64,
}

/// What booking gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Booked {
    /// It is within the limit.
    Within,
    /// It is not; so much the others have booked.
    Beyond {
        /// Characters.
        spent: u64,
    },
}

impl Account {
    /// Of `namespace` on the day of `now`, with at most `limit` characters.
    pub(crate) fn of(store: &Store, namespace: &str, now: Timestamp, limit: u64) -> Self {
        let day = now.to_zoned(TimeZone::UTC).date();
        Self { store: store.clone(), namespace: namespace.to_owned(), day, limit }
    }

    /// Characters a day.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    fn folder(&self) -> String {
        format!("{}/spent/{}", self.namespace, self.day)
    }

    /// When the next day begins.
    pub(crate) fn renewed(&self) -> Option<Timestamp> {
        self.day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    }

    /// Books characters for the work that `identity` stands for. What is booked for it today counts once, however often
    /// it goes on after a crash.
    pub(crate) async fn book(&self, identity: &str, characters: u64) -> Result<Booked, StoreError> {
        let name = &sha256(identity.as_bytes())[..20];
        let key = format!("{}/{name}-{characters}", self.folder());
        let is_there = |names: &[String]| names.iter().any(|booked| booked.starts_with(name));
        if characters == 0 || is_there(&self.store.names(&self.folder()).await?) {
            return Ok(Booked::Within);
        }
        self.store.create(&key, Vec::new().into()).await?;
        let others = self.store.names(&self.folder()).await?;
        let spent = others.iter().filter(|booked| !booked.starts_with(name)).filter_map(|booked| amount(booked)).sum();
        if spent + characters > self.limit {
            self.store.remove(&key).await?;
            return Ok(Booked::Beyond { spent });
        }
        Ok(Booked::Within)
    }

    /// Notes characters that were sent again: what the engine was asked a second time costs, too.
    pub(crate) async fn sent_again(&self, identity: &str, characters: u64) -> Result<(), StoreError> {
        let name = &sha256(identity.as_bytes())[..20];
        let key = format!("{}/again-{name}-{characters}", self.folder());
        self.store.create(&key, Vec::new().into()).await.map(drop)
    }
}

fn amount(name: &str) -> Option<u64> {
    name.rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn account(store: &Store, hours: i64) -> Account {
        Account::of(store, "n", Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours), 100)
    }

    #[tokio::test]
    async fn a_day_has_so_many_characters_and_the_same_work_counts_once() {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let book = async |hours, identity, characters| {
            account(&store, hours).book(identity, characters).await.expect("the store")
        };
        assert_eq!(book(1, "a", 60).await, Booked::Within);
        assert_eq!(book(2, "a", 60).await, Booked::Within, "goes on after a crash");
        assert_eq!(book(3, "b", 50).await, Booked::Beyond { spent: 60 });
        assert_eq!(book(4, "c", 40).await, Booked::Within, "what was refused left nothing behind");
        assert_eq!(book(24, "b", 50).await, Booked::Within, "another day");
        let renewed = account(&store, 5).renewed().expect("a time");
        assert_eq!(renewed, Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24));
        account(&store, 24).sent_again("b", 30).await.expect("the store");
        assert_eq!(book(24, "d", 30).await, Booked::Beyond { spent: 80 });
    }

    #[tokio::test]
    async fn of_many_at_once_no_more_than_the_limit_are_within_it() {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let tries = (0..20).map(|at| {
            let account = account(&store, 1);
            async move { account.book(&at.to_string(), 30).await.expect("the store") }
        });
        let booked = futures::future::join_all(tries).await;
        assert!(booked.iter().filter(|booked| **booked == Booked::Within).count() <= 3, "{booked:?}");
    }
}
