//! The history's offset on a real Redis: what the simulation's Redis takes for granted.

use std::process::Command;

use jiff::Timestamp;
use subtitle_core::{
    event::{Event, source},
    keys::KeyStyle,
    payload::{Subject, TranslateProgress},
};
use subtitle_operator::{
    act::ledger::{Ledger as _, RedisAddress, RedisLedger},
    history::{Kept, keep, place},
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
async fn the_offset_moves_only_from_where_this_loop_saved_it() {
    let folder = temporary_folder("ledger").expect("a folder");
    let port = free_port().expect("a port");
    let redis = Redis::start(&folder, port).expect("Redis starts");
    let ledger = RedisLedger::open(RedisAddress::url(&redis.url), KeyStyle::Plain).expect("a URL");
    let batch = |numbers: std::ops::Range<u32>| numbers.map(event).collect::<Vec<_>>();
    let until = Ok::<_, String>;
    let kept =
        |kept: Result<Kept, subtitle_operator::act::ledger::LedgerError>| kept.map_err(|error| error.to_string());

    assert_eq!(kept(place(&ledger, -7).await), until(Kept::Until(-7)), "nothing is saved: it begins");
    assert_eq!(kept(place(&ledger, -8).await), until(Kept::Until(-7)), "it has begun");
    assert_eq!(kept(keep(&ledger, &batch(0..2), -7, Some(1)).await), until(Kept::Until(1)));
    assert_eq!(
        kept(keep(&ledger, &batch(0..2), -7, Some(1)).await),
        until(Kept::Until(1)),
        "again: its outcome was lost"
    );
    assert_eq!(kept(keep(&ledger, &batch(2..4), -7, Some(3)).await), until(Kept::Moved), "another loop is ahead");
    assert_eq!(history(&ledger).await, [1, 0], "and nothing of that was done");
    assert_eq!(kept(keep(&ledger, &batch(2..4), 1, Some(3)).await), until(Kept::Until(3)));
    assert_eq!(kept(keep(&ledger, &[], 3, None).await), until(Kept::Until(3)), "nothing new");

    output(Command::new("redis-cli").args(["-p", &port.to_string(), "flushall"])).expect("emptied");
    assert_eq!(kept(keep(&ledger, &batch(4..5), 3, Some(4)).await), until(Kept::Moved), "emptied");
    assert_eq!(kept(keep(&ledger, &[], 3, None).await), until(Kept::Moved), "noticed without an event, too");
    assert_eq!(history(&ledger).await, [0; 0], "the oldest comes first");
    assert_eq!(kept(place(&ledger, -9).await), until(Kept::Until(-9)));
    assert_eq!(kept(keep(&ledger, &batch(0..5), -9, Some(4)).await), until(Kept::Until(4)));
    assert_eq!(history(&ledger).await, [4, 3, 2, 1, 0]);
}
