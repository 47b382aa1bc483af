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
//! Each message says what its sender's clock shows, and its receiver shifts the times in it by the difference to its own.
//! Only a reply is a permit, and replies need a session: a worker that lost its session cannot call, nor let others call.
//! Does I/O.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
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

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    /// What the sender's clock showed.
    at: Timestamp,
    content: T,
}

fn sealed(content: impl Serialize, at: Timestamp) -> Vec<u8> {
    serde_json::to_vec(&Envelope { at, content }).unwrap_or_default()
}

/// A smaller difference is the time that the message took: what a provider named is passed on as it is.
const SAME_CLOCK: SignedDuration = SignedDuration::from_secs(10);

/// The content, and how much more this clock shows than the sender's did.
fn opened<T: DeserializeOwned>(body: &[u8], now: Timestamp) -> serde_json::Result<(T, SignedDuration)> {
    let Envelope { at, content } = serde_json::from_slice(body)?;
    let difference = now.duration_since(at);
    Ok((content, if difference.abs() <= SAME_CLOCK { SignedDuration::ZERO } else { difference }))
}

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
        self.queue.request(&id, &sealed(message, Timestamp::now())).await
    }

    fn replied(&mut self, reply: &Reply) {
        let opened = opened::<PermitReply>(&reply.body, Timestamp::now());
        if let (Some(sender), Ok((permit, shift))) = (self.requested.remove(&reply.id), opened) {
            // A caller that gave up does not call.
            let _ = sender.send(permit.map_err(|denied| denied.shifted(shift)));
        }
    }

    /// As the active participant.
    async fn requested(&mut self, request: Request) -> Result<(), BrokerError> {
        let now = Timestamp::now();
        let limiter = self.limiter.get_or_insert_with(|| Limiter::new(self.limits, now));
        match opened(&request.body, now) {
            Ok((Message::Permit(permit), _)) => {
                self.waiting.push(Waiting { permit, request, since: Instant::now() });
                return Ok(());
            }
            Ok((Message::Notice(notice), shift)) => limiter.report(notice.shifted(shift), now),
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
                self.queue.reply(&waiting.request, &sealed(reply, Timestamp::now())).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_until_is_as_far_away_by_every_clock() {
        let (here, there) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
        let wait = SignedDuration::from_secs(60);
        let (notice, shift) = opened::<Notice>(&sealed(Notice::Cooldown(there + wait), there), here).expect("a notice");
        assert_eq!(notice.shifted(shift), Notice::Cooldown(here + wait));
        let reply: PermitReply = Err(Denied::QuotaSpent(here + wait));
        let (reply, shift) = opened::<PermitReply>(&sealed(reply, here), there).expect("a reply");
        assert_eq!(reply.map_err(|denied| denied.shifted(shift)), Err(Denied::QuotaSpent(there + wait)));
        let on_its_way = here + SignedDuration::from_millis(20);
        let (_, shift) = opened::<PermitReply>(&sealed(PermitReply::Ok(()), here), on_its_way).expect("a reply");
        assert_eq!(shift, SignedDuration::ZERO, "clocks agree");
    }
}
