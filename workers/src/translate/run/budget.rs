//! How many characters a namespace may send to paid engines in a day. Each translation reserves what it is about to send
//! before any of it is sent, as an object whose name holds the number: the store needs only create-if-absent and list. The sum
//! is read after the reservation, so that of two concurrent reservations at least one sees both. Does I/O.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::store::{Store, StoreError, sha256};

/// A namespace's budget for one day in UTC.
pub(crate) struct DailyBudget {
    store: Store,
    namespace: String,
    day: Date,
    limit: u64,
}

/// Whether characters could be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reservation {
    /// They are within the budget.
    Granted,
    /// They are not.
    Exceeded {
        /// Characters that others have reserved.
        spent: u64,
    },
}

impl DailyBudget {
    /// The budget of `namespace` on the day of `now`: `limit` characters.
    pub(crate) fn new(store: &Store, namespace: &str, now: Timestamp, limit: u64) -> Self {
        let day = now.to_zoned(TimeZone::UTC).date();
        Self { store: store.clone(), namespace: namespace.to_owned(), day, limit }
    }

    /// Characters per day.
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

    /// Reserves characters. `identity` identifies the translation; reserving again for the same identity on the same day is a no-op.
    pub(crate) async fn reserve(&self, identity: &str, characters: u64) -> Result<Reservation, StoreError> {
        let name = &sha256(identity.as_bytes())[..20];
        let key = format!("{}/{name}-{characters}", self.folder());
        let is_there = |names: &[String]| names.iter().any(|reserved| reserved.starts_with(name));
        if characters == 0 || is_there(&self.store.names(&self.folder()).await?) {
            return Ok(Reservation::Granted);
        }
        self.store.create(&key, Vec::new().into()).await?;
        let others = self.store.names(&self.folder()).await?;
        let spent =
            others.iter().filter(|reserved| !reserved.starts_with(name)).filter_map(|reserved| amount(reserved)).sum();
        if spent + characters > self.limit {
            self.store.remove(&key).await?;
            return Ok(Reservation::Exceeded { spent });
        }
        Ok(Reservation::Granted)
    }

    /// Counts characters that were sent, and so paid for, again.
    pub(crate) async fn record_repeats(&self, identity: &str, characters: u64) -> Result<(), StoreError> {
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

    fn budget(store: &Store, hours: i64) -> DailyBudget {
        DailyBudget::new(store, "n", Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours), 100)
    }

    #[tokio::test]
    async fn a_day_has_so_many_characters_and_the_same_work_counts_once() {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let book = async |hours, identity, characters| {
            budget(&store, hours).reserve(identity, characters).await.expect("the store")
        };
        assert_eq!(book(1, "a", 60).await, Reservation::Granted);
        assert_eq!(book(2, "a", 60).await, Reservation::Granted, "goes on after a crash");
        assert_eq!(book(3, "b", 50).await, Reservation::Exceeded { spent: 60 });
        assert_eq!(book(4, "c", 40).await, Reservation::Granted, "what was refused left nothing behind");
        assert_eq!(book(24, "b", 50).await, Reservation::Granted, "another day");
        let renewed = budget(&store, 5).renewed().expect("a time");
        assert_eq!(renewed, Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24));
        budget(&store, 24).record_repeats("b", 30).await.expect("the store");
        assert_eq!(book(24, "d", 30).await, Reservation::Exceeded { spent: 80 });
    }

    #[tokio::test]
    async fn of_many_at_once_no_more_than_the_limit_are_within_it() {
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let tries = (0..20).map(|at| {
            let budget = budget(&store, 1);
            async move { budget.reserve(&at.to_string(), 30).await.expect("the store") }
        });
        let reserved = futures::future::join_all(tries).await;
        assert!(reserved.iter().filter(|reserved| **reserved == Reservation::Granted).count() <= 3, "{reserved:?}");
    }
}
