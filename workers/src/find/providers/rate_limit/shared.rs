//! The limiter that workers share. Each worker sends its requests for permits to the account's queue on the broker; of all
//! its subscribers the broker makes one the active one, and that one runs the limiter and replies. When it goes away, the
//! broker makes another one active and delivers to it what was not answered; that one starts with a new limiter.
//!
//! ```text
//!  worker 1 ── request ─▶ ┐                              ┌─▶ worker 2, active: limiter ── permit ──▶ worker 1 calls
//!  worker 2 ── request ─▶ ├─ subtitle.account.NAME.HASH ─┤
//!  worker 3 ── notice ──▶ ┘   (single active consumer)   └   workers 1 and 3 wait to take over
//! ```
//!
//! Only a reply is a permit, and replies need a session: a worker that lost its session cannot call, nor let others call.
//! Does I/O.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use subtitle_broker::{AmqpSession, BrokerError, Reply, Request, RequestQueue, Session as _};
use subtitle_telemetry::chain;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use super::limiter::{Decision, Denied, Limiter, Limits, Notice, PermitError, PermitRequest};

/// The longest that a call waits for its permit.
pub const MAX_WAIT: Duration = Duration::from_secs(60);
/// Before a lost subscription is opened again.
const PAUSE: Duration = Duration::from_millis(500);
/// Messages of this process that wait to be sent.
const OUTBOX: usize = 256;

/// A message in the account's queue.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Message {
    #[serde(rename = "wish")]
    Permit(PermitRequest),
    Notice(Notice),
}

/// The reply to a request for a permit.
type PermitReply = Result<(), Denied>;

enum Outgoing {
    Permit(PermitRequest, oneshot::Sender<PermitReply>),
    Notice(Notice),
}

/// A worker's access to the limiter that it shares.
#[derive(Debug)]
pub struct SharedLimiter {
    outbox: mpsc::Sender<Outgoing>,
}

impl SharedLimiter {
    /// Subscribes to the account's `queue` on every session that `sessions` shows, until this value is dropped. Must be
    /// called inside a tokio runtime.
    pub fn start(queue: String, limits: Limits, sessions: watch::Receiver<Option<Arc<AmqpSession>>>) -> Arc<Self> {
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        tokio::spawn(participate(queue, limits, sessions, outgoing));
        Arc::new(Self { outbox })
    }

    /// Waits for a permit. Requests again when the session ends meanwhile, because a reply may have been lost with it.
    pub(super) async fn acquire(&self, request: PermitRequest) -> Result<(), PermitError> {
        let replied = async {
            loop {
                let (sender, reply) = oneshot::channel();
                if self.outbox.send(Outgoing::Permit(request, sender)).await.is_ok()
                    && let Ok(reply) = reply.await
                {
                    return reply.map_err(PermitError::Denied);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(MAX_WAIT, replied).await.unwrap_or(Err(PermitError::Unanswered))
    }

    pub(super) async fn report(&self, notice: Notice) {
        let _ = tokio::time::timeout(PAUSE, self.outbox.send(Outgoing::Notice(notice))).await;
    }
}

async fn participate(
    queue: String,
    limits: Limits,
    mut sessions: watch::Receiver<Option<Arc<AmqpSession>>>,
    mut outgoing: mpsc::Receiver<Outgoing>,
) {
    loop {
        let Ok(session) = sessions.wait_for(Option::is_some).await.map(|session| session.clone()) else { return };
        let Some(session) = session else { continue };
        let participated = async {
            let queue = session.request_queue(&queue, MAX_WAIT).await?;
            Participant { queue, limits, limiter: None, waiting: Vec::new(), requested: HashMap::new(), number: 0 }
                .run(&mut outgoing)
                .await
        };
        let (error, has_session_ended) = tokio::select! {
            biased;
            error = session.ended() => (error, true),
            participated = participated => match participated {
                Ok(()) => return, // the limiter is not used any more
                Err(error) => (error, false),
            },
        };
        tracing::warn!(error = %chain(&error), queue, "the subscription to an account's queue was lost; opening it again");
        if has_session_ended {
            // Until there is another session.
            let is_other =
                |other: &Option<Arc<AmqpSession>>| other.as_ref().is_none_or(|other| !Arc::ptr_eq(other, &session));
            if sessions.wait_for(is_other).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A request that the active participant has not answered yet.
struct Waiting {
    permit: PermitRequest,
    request: Request,
    since: Instant,
}

/// A participant in the account's queue, for one session.
struct Participant {
    queue: RequestQueue,
    limits: Limits,
    /// Of the active participant only.
    limiter: Option<Limiter>,
    waiting: Vec<Waiting>,
    /// This process's own requests, by the id of the reply.
    requested: HashMap<String, oneshot::Sender<PermitReply>>,
    number: u64,
}

impl Participant {
    async fn run(mut self, outgoing: &mut mpsc::Receiver<Outgoing>) -> Result<(), BrokerError> {
        loop {
            let next = self.reply_to_waiting().await?;
            let pause = next.map_or(MAX_WAIT, until);
            tokio::select! {
                message = outgoing.recv() => match message {
                    None => return Ok(()),
                    Some(message) => self.send(message).await?,
                },
                reply = self.queue.replies.next() => self.replied(&reply?),
                request = self.queue.requests.next() => self.requested(request?).await?,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn send(&mut self, outgoing: Outgoing) -> Result<(), BrokerError> {
        self.number += 1;
        let id = self.number.to_string();
        let message = match outgoing {
            Outgoing::Permit(permit, reply) => {
                self.requested.retain(|_, reply| !reply.is_closed());
                self.requested.insert(id.clone(), reply);
                Message::Permit(permit)
            }
            Outgoing::Notice(notice) => Message::Notice(notice),
        };
        self.queue.request(&id, &serde_json::to_vec(&message).unwrap_or_default()).await
    }

    fn replied(&mut self, reply: &Reply) {
        if let (Some(sender), Ok(permit)) = (self.requested.remove(&reply.id), serde_json::from_slice(&reply.body)) {
            let _ = sender.send(permit); // a caller that gave up does not call
        }
    }

    /// As the active participant.
    async fn requested(&mut self, request: Request) -> Result<(), BrokerError> {
        let now = Timestamp::now();
        let limiter = self.limiter.get_or_insert_with(|| Limiter::new(self.limits, now));
        match serde_json::from_slice(&request.body) {
            Ok(Message::Permit(permit)) => {
                self.waiting.push(Waiting { permit, request, since: Instant::now() });
                return Ok(());
            }
            Ok(Message::Notice(notice)) => limiter.report(notice, now),
            Err(error) => tracing::warn!(%error, "ignored a message in an account's queue that is not a request"),
        }
        request.ack().await
    }

    /// Replies to every request that can be decided now, and returns when the next one can.
    async fn reply_to_waiting(&mut self) -> Result<Option<Timestamp>, BrokerError> {
        let Some(limiter) = &mut self.limiter else { return Ok(None) };
        let (mut left, mut next) = (Vec::new(), None::<Timestamp>);
        for waiting in std::mem::take(&mut self.waiting) {
            let reply: Option<PermitReply> = match limiter.decide(waiting.permit, Timestamp::now()) {
                // Its sender does not wait any more.
                _ if waiting.since.elapsed() > MAX_WAIT => None,
                Decision::Granted => Some(Ok(())),
                Decision::Denied(denied) => Some(Err(denied)),
                Decision::WaitUntil(time) => {
                    next = Some(next.map_or(time, |next| next.min(time)));
                    left.push(waiting);
                    continue;
                }
            };
            if let Some(reply) = reply {
                self.queue.reply(&waiting.request, &serde_json::to_vec(&reply).unwrap_or_default()).await?;
            }
            waiting.request.ack().await?;
        }
        self.waiting = left;
        Ok(next)
    }
}

/// From now until `time`; zero if it has passed.
fn until(time: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(Timestamp::now())).unwrap_or_default()
}
