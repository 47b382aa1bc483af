//! The ledger that workers keep together. Each worker asks for turns in the account's queue on the broker; of all who
//! subscribe to it the broker makes one the active one, and that one keeps the ledger and answers. When it goes, the
//! broker makes another one active, hands it what was not answered, and it begins a ledger of its own.
//!
//! ```text
//!  worker 1 ── wish ──▶ ┐                              ┌─▶ worker 2, active: ledger ── go ──▶ worker 1 calls
//!  worker 2 ── wish ──▶ ├─ subtitle.account.NAME.HASH ─┤
//!  worker 3 ── notice ▶ ┘   (single active consumer)   └   workers 1 and 3 wait to take over
//! ```
//!
//! A turn is only what its answer says, and answers need a session: whoever lost his can neither call nor let others.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::StreamExt as _;
use jiff::Timestamp;
use lapin::{message::Delivery, options::BasicAckOptions};
use serde::{Deserialize, Serialize};
use subtitle_broker::{AccountDesk, BrokerError, Session};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use super::{
    LONGEST_WAIT, NoTurn,
    pace::{Denied, Ledger, Limits, Notice, Turn, Wish},
    until,
};

/// Before a lost place at the queue is taken again.
const PAUSE: Duration = Duration::from_millis(500);
/// Wishes of this process that wait to be sent.
const WAITING: usize = 256;

/// What goes into the queue.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Asked {
    Wish(Wish),
    Notice(Notice),
}

/// What comes back for a wish.
type Granted = Result<(), Denied>;

enum Order {
    Take(Wish, oneshot::Sender<Granted>),
    Note(Notice),
}

/// A worker's part in an account.
pub struct Shared {
    queue: String,
    orders: mpsc::Sender<Order>,
}

impl Shared {
    /// Takes part in the account behind `queue` on every session that `sessions` shows, for as long as anybody holds
    /// this. Inside a runtime.
    pub fn start(queue: String, limits: Limits, sessions: watch::Receiver<Option<Arc<Session>>>) -> Arc<Self> {
        let (orders, inbox) = mpsc::channel(WAITING);
        tokio::spawn(take_part(queue.clone(), limits, sessions, inbox));
        Arc::new(Self { queue, orders })
    }

    /// Waits for a turn. Asked again when the session ends meanwhile: an answer may have been lost with it.
    pub(super) async fn take(&self, wish: Wish) -> Result<(), NoTurn> {
        let asked = async {
            loop {
                let (answer, answered) = oneshot::channel();
                if self.orders.send(Order::Take(wish, answer)).await.is_ok()
                    && let Ok(granted) = answered.await
                {
                    return granted.map_err(NoTurn::Denied);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let unanswered =
            || NoTurn::Unanswered(format!("no turn came within {} s from '{}'", LONGEST_WAIT.as_secs(), self.queue));
        tokio::time::timeout(LONGEST_WAIT, asked).await.unwrap_or_else(|_| Err(unanswered()))
    }

    pub(super) async fn note(&self, notice: Notice) {
        let _ = tokio::time::timeout(PAUSE, self.orders.send(Order::Note(notice))).await;
    }
}

async fn take_part(
    queue: String,
    limits: Limits,
    mut sessions: watch::Receiver<Option<Arc<Session>>>,
    mut inbox: mpsc::Receiver<Order>,
) {
    loop {
        let Ok(session) = sessions.wait_for(Option::is_some).await.map(|session| session.clone()) else { return };
        let Some(session) = session else { continue };
        let ended = async {
            let desk = session.account(&queue, LONGEST_WAIT).await?;
            Place { desk, limits, ledger: None, waiting: Vec::new(), asked: HashMap::new(), number: 0 }
                .keep(&mut inbox)
                .await
        };
        let error = tokio::select! {
            ended = ended => match ended {
                Ok(()) => return, // nobody wants turns any more
                Err(error) => error,
            },
            error = session.ended() => error,
        };
        tracing::warn!(%error, queue, "the place at the account's queue was lost; taking it again");
        tokio::time::sleep(PAUSE).await;
    }
}

/// A wish that the active one has in hand.
struct Waiting {
    wish: Wish,
    delivery: Delivery,
    since: Instant,
}

/// A place at the queue, for one session.
struct Place {
    desk: AccountDesk,
    limits: Limits,
    /// Of the active one only.
    ledger: Option<Ledger>,
    waiting: Vec<Waiting>,
    /// This process's own wishes, by the id of the answer.
    asked: HashMap<String, oneshot::Sender<Granted>>,
    number: u64,
}

impl Place {
    async fn keep(mut self, inbox: &mut mpsc::Receiver<Order>) -> Result<(), BrokerError> {
        loop {
            let next = self.grant().await?;
            let pause = next.map_or(LONGEST_WAIT, until);
            tokio::select! {
                order = inbox.recv() => match order {
                    None => return Ok(()),
                    Some(order) => self.ask(order).await?,
                },
                answer = self.desk.answers.next() => self.answered(&received(answer)?),
                asked = self.desk.asked.next() => self.take(received(asked)?).await?,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn ask(&mut self, order: Order) -> Result<(), BrokerError> {
        self.number += 1;
        let id = self.number.to_string();
        let asked = match order {
            Order::Take(wish, answer) => {
                self.asked.retain(|_, answer| !answer.is_closed());
                self.asked.insert(id.clone(), answer);
                Asked::Wish(wish)
            }
            Order::Note(notice) => Asked::Notice(notice),
        };
        self.desk.ask(&id, &serde_json::to_vec(&asked).unwrap_or_default()).await
    }

    fn answered(&mut self, answer: &Delivery) {
        let id = answer.properties.correlation_id().as_ref().map(ToString::to_string).unwrap_or_default();
        if let (Some(asked), Ok(granted)) = (self.asked.remove(&id), serde_json::from_slice(&answer.data)) {
            let _ = asked.send(granted); // whoever gave up does not call
        }
    }

    /// As the active one.
    async fn take(&mut self, delivery: Delivery) -> Result<(), BrokerError> {
        let now = Timestamp::now();
        let ledger = self.ledger.get_or_insert_with(|| Ledger::new(self.limits, now));
        match serde_json::from_slice(&delivery.data) {
            Ok(Asked::Wish(wish)) => {
                self.waiting.push(Waiting { wish, delivery, since: Instant::now() });
                return Ok(());
            }
            Ok(Asked::Notice(notice)) => ledger.note(notice, now),
            Err(error) => tracing::warn!(%error, "what is no wish for a turn is ignored"),
        }
        delivery.ack(BasicAckOptions::default()).await?;
        Ok(())
    }

    /// Answers every wish that can be answered now; when the next one can be.
    async fn grant(&mut self) -> Result<Option<Timestamp>, BrokerError> {
        let Some(ledger) = &mut self.ledger else { return Ok(None) };
        let (mut left, mut next) = (Vec::new(), None::<Timestamp>);
        for waiting in std::mem::take(&mut self.waiting) {
            let granted: Option<Granted> = match ledger.turn(waiting.wish, Timestamp::now()) {
                // Nobody waits for this one any more.
                _ if waiting.since.elapsed() > LONGEST_WAIT => None,
                Turn::Now => Some(Ok(())),
                Turn::Denied(denied) => Some(Err(denied)),
                Turn::At(time) => {
                    next = Some(next.map_or(time, |next| next.min(time)));
                    left.push(waiting);
                    continue;
                }
            };
            if let Some(granted) = granted {
                let property = |value: &Option<lapin::types::ShortString>| {
                    value.as_ref().map(ToString::to_string).unwrap_or_default()
                };
                let properties = &waiting.delivery.properties;
                let (to, id) = (property(properties.reply_to()), property(properties.correlation_id()));
                self.desk.reply(&to, &id, &serde_json::to_vec(&granted).unwrap_or_default()).await?;
            }
            waiting.delivery.ack(BasicAckOptions::default()).await?;
        }
        self.waiting = left;
        Ok(next)
    }
}

/// None any more means that the queue was deleted or moved.
fn received(delivery: Option<Result<Delivery, lapin::Error>>) -> Result<Delivery, BrokerError> {
    Ok(delivery.ok_or(BrokerError::Cancelled)??)
}
