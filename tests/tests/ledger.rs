//! The history's mark on a real Redis: what the simulation's Redis takes for granted.

use std::process::Command;

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, source},
    keys::KeyStyle,
    payload::{Subject, TranslateProgress},
};
use subtitle_operator::{
    act::ledger::{Ledger as _, LedgerError, Mark, RedisAddress, RedisLedger},
    history::{Kept, is_same_stream, keep, place},
};
use subtitle_tests::{
    process::{free_port, output},
    servers::Redis,
    temporary_folder,
};

fn event(done: u32) -> Event {
    let text = |text: &str| text.to_owned();
    let subject = Subject { job_id: text("u"), namespace: text("n"), name: text("a"), attempt: 1 };
    Event::new(&subject, source::TRANSLATOR, Timestamp::UNIX_EPOCH, &TranslateProgress { done, total: 9 })
}

async fn history(ledger: &RedisLedger) -> Vec<u64> {
    let (events, _) = ledger.events("u", 10).await.expect("reads");
    let done = |event: &String| serde_json::from_str::<Event>(event).expect("an event").payload["done"].as_u64();
    events.iter().filter_map(done).collect()
}

#[tokio::test]
async fn the_mark_moves_only_from_where_this_loop_saved_it() {
    let folder = temporary_folder("ledger").expect("a folder");
    let port = free_port().expect("a port");
    let redis = Redis::start(&folder, port).expect("Redis starts");
    let ledger = RedisLedger::open(RedisAddress::url(&redis.url), KeyStyle::Plain).expect("a URL");
    let batch = |numbers: std::ops::Range<u32>| numbers.map(event).collect::<Vec<_>>();
    let at = |offset: i64| if offset < 0 { Mark::beginning(offset) } else { Mark::of(offset, b"a record") };
    let until = |offset| Ok::<_, String>(Kept::Until(at(offset)));
    let kept = |kept: Result<Kept, LedgerError>| kept.map_err(|error| error.to_string());

    assert_eq!(kept(place(&ledger, at(-7)).await), until(-7), "nothing is saved: it begins");
    assert_eq!(kept(place(&ledger, at(-8)).await), until(-7), "it has begun");
    assert_eq!(kept(keep(&ledger, &batch(0..2), at(-7), Some(at(1))).await), until(1));
    assert_eq!(kept(keep(&ledger, &batch(0..2), at(-7), Some(at(1))).await), until(1), "again: its outcome was lost");
    assert_eq!(kept(keep(&ledger, &batch(2..4), at(-7), Some(at(3))).await), Ok(Kept::Moved), "another loop is ahead");
    assert_eq!(history(&ledger).await, [1, 0], "and nothing of that was done");
    assert_eq!(kept(keep(&ledger, &batch(2..4), at(1), Some(at(3))).await), until(3));
    assert_eq!(kept(keep(&ledger, &[], at(3), None).await), until(3), "nothing new");

    output(Command::new("redis-cli").args(["-p", &port.to_string(), "flushall"])).expect("emptied");
    assert_eq!(kept(keep(&ledger, &batch(4..5), at(3), Some(at(4))).await), Ok(Kept::Moved), "emptied");
    assert_eq!(kept(keep(&ledger, &[], at(3), None).await), Ok(Kept::Moved), "noticed without an event, too");
    assert_eq!(history(&ledger).await, [0; 0], "the oldest comes first");
    assert_eq!(kept(place(&ledger, at(-9)).await), until(-9));
    assert_eq!(kept(keep(&ledger, &batch(0..5), at(-9), Some(at(4))).await), until(4));
    assert_eq!(history(&ledger).await, [4, 3, 2, 1, 0]);

    // Of a cluster each job is in a slot of its own; what is repeated is there once all the same.
    let ledger = RedisLedger::open(RedisAddress::url(&redis.url), KeyStyle::Cluster).expect("a URL");
    for saved in [at(4), at(4), at(6)] {
        assert_eq!(kept(keep(&ledger, &batch(5..7), saved, Some(at(6))).await), until(6));
    }
    assert_eq!(kept(keep(&ledger, &batch(7..8), at(4), Some(at(7))).await), Ok(Kept::Moved));
    assert_eq!(history(&ledger).await, [7, 6, 5]);
}

#[test]
fn a_stream_that_was_made_anew_is_told_from_the_one_before_by_the_record_that_was_read_last() {
    let (saved, other) = (Mark::of(3, b"this"), Mark::of(3, b"that"));
    assert!(is_same_stream(saved, Some(saved)) && !is_same_stream(saved, Some(other)));
    assert!(!is_same_stream(saved, Some(Mark::of(2, b"this"))), "shorter than the one before");
    assert!(!is_same_stream(saved, None), "nothing came, though what was read last must come again");
    assert!(is_same_stream(saved, Some(Mark::of(9, b"later"))), "the record was too old to be kept");
    assert!(is_same_stream(Mark::beginning(-1), None), "nothing was read before");
    assert_eq!(saved.to_string().parse(), Ok(saved));
    assert_eq!("17".parse(), Ok(Mark { offset: 17, record: uuid::Uuid::nil() }), "as it was saved before");
}
