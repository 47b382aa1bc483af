//! Kills, continuations, cancellations and repetitions of a scan.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, EventType, source},
    payload::{Cancelled, Subject},
    policy::scan::{ScanPage, ScanRequested, ScanSelection},
    reason::Reason,
};
use subtitle_workers::task::Settlement;
use uuid::Uuid;

use crate::{
    library::Library,
    rig::{Outbox, Rig, Scan, request, task},
};

/// A library of 3,000 files in 60 folders.
fn library() -> Library {
    let paths: Vec<String> = (0..3_000).map(|at| format!("f{:02}/e{at:04}.mkv", at % 60)).collect();
    Library::with(&paths.iter().map(String::as_str).collect::<Vec<_>>())
}

fn all() -> ScanRequested {
    request(ScanSelection::default(), &[])
}

#[tokio::test]
async fn a_killed_scan_publishes_the_same_pages_again_and_opens_only_the_rest() {
    let library = library();
    let rig = Rig::new(&library);
    let outbox = Arc::new(Outbox { hangs_after: Some(4), ..Outbox::default() });
    let (context, body) = (rig.context(&outbox), task(&all()));
    tokio::select! {
        settled = rig.deliver(&context, &body) => panic!("it hangs at the fifth page: {settled:?}"),
        () = async { while outbox.events.lock().expect("not poisoned").len() < 4 || rig.counted("opened") < 2_450 {
            tokio::task::yield_now().await;
        }} => {}
    }
    let before = outbox.events.lock().expect("not poisoned").clone();
    let opened = rig.counted("opened");
    // Another worker: the dead one's claim is over at once, so that the test need not wait for its lease.
    for name in rig.store.names("n/claims").await.expect("listed") {
        rig.store.remove(&format!("n/claims/scan-{}/{name}", all().scan_id)).await.expect("removed");
    }
    let after = rig.events(&all()).await;
    let ids = |events: &[Event]| events.iter().map(|event| (event.id, event.payload.clone())).collect::<Vec<_>>();
    assert_eq!(ids(&after)[..4], ids(&before), "the same pages under the same ids");
    assert_eq!(Scan::read(&after).paths().into_iter().collect::<BTreeSet<_>>().len(), 3_000);
    let again = rig.counted("opened") - opened;
    assert!(again < 3_000 - 1_000, "{again} videos were opened again");
}

#[tokio::test]
async fn a_scan_that_is_held_for_long_continues_as_a_new_task_and_ends() {
    let library = library();
    let mut rig = Rig::new(&library);
    rig.scanner.continue_after = Duration::ZERO;
    let (mut body, mut ids, mut pages) = (task(&all()), BTreeSet::new(), BTreeSet::new());
    for deliveries in 1.. {
        let outbox = Arc::<Outbox>::default();
        assert_eq!(rig.deliver(&rig.context(&outbox), &body).await, Settlement::Ack);
        let events = outbox.events.lock().expect("not poisoned").clone();
        let last = events.last().expect("a continuation, or the end").clone();
        let published = events.iter().filter(|event| event.event_type == EventType::ScanPage);
        pages.extend(published.map(|event| event.read::<ScanPage>().expect("a page").page));
        if last.event_type == EventType::ScanFinished {
            assert!(deliveries > 2 && Scan::read(&events).finished.is_complete, "{deliveries} deliveries");
            break;
        }
        assert_eq!(last.event_type, EventType::ScanRequested);
        assert!(ids.insert(last.id), "each continuation is another task: it goes further");
        body = serde_json::to_vec(&last).expect("JSON");
        assert!(deliveries < 30, "it makes no progress");
    }
    assert!(rig.counted("opened") < 4_500, "{} videos were opened", rig.counted("opened"));
}

#[tokio::test]
async fn a_deleted_policy_is_not_scanned() {
    let library = Library::with(&["a.mkv"]);
    let rig = Rig::new(&library);
    let outbox = Arc::<Outbox>::default();
    let context = rig.context(&outbox);
    let subject = Subject::for_policy(&all().policy);
    let deleted = Cancelled { reason: Reason::Deleted.into() };
    context.cancelled.insert(&Event::new(&subject, source::MANAGER, Timestamp::UNIX_EPOCH, &deleted), Duration::ZERO);
    assert_eq!(rig.deliver(&context, &task(&all())).await, Settlement::Ack);
    assert!(outbox.events.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn two_scans_at_once_list_the_same() {
    let library = library();
    let rig = Rig::new(&library);
    let other = ScanRequested { scan_id: Uuid::from_u128(8), ..all() };
    let request = all();
    let (one, two) = tokio::join!(rig.scan(&request), rig.scan(&other));
    assert_eq!((one.paths(), one.finished.videos), (two.paths(), 3_000));
    let opened = rig.counted("opened");
    assert_eq!(rig.scan_all().await.finished.videos, 3_000);
    assert_eq!(rig.counted("opened"), opened, "what both learned is whole");
}
