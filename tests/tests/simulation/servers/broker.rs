//! A model of RabbitMQ with the exchanges, bindings and arguments of `subtitle_contract::topology`. Quorum queues count
//! deliveries and dead-letter beyond their limit; unacknowledged messages of a closed channel return to the front; the single
//! active consumer is the first one that subscribed; a stream keeps everything. `ports::session` adds the steps and the faults.
//! Pure.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    task::{Poll, Waker},
};

use subtitle_broker::QueueStats;
use subtitle_contract::{
    event::{Event, EventType},
    topology::{
        Argument, CONSUMER_QUEUE, DEAD_LETTERS_EXCHANGE, DOWNLOAD_QUEUE, EVENTS_EXCHANGE, QUEUES, TRANSLATE_QUEUE,
    },
};

/// One message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The routing key.
    pub(crate) key: Arc<str>,
    /// The message body.
    pub(crate) body: Arc<[u8]>,
    /// The decoded body, for the checks; processes decode it themselves.
    pub(crate) event: Option<Arc<Event>>,
    /// The number of earlier deliveries; in a stream, the offset.
    pub(crate) earlier: i64,
}

#[derive(Default)]
struct Queue {
    exists: bool,
    ready: VecDeque<Message>,
    consumers: Vec<u32>,
}

/// A subscription.
struct Consumer {
    session: u32,
    queue: usize,
    prefetch: usize,
    /// Delivered, and still in the client's buffer.
    inbox: VecDeque<u64>,
    unacked: BTreeMap<u64, Message>,
    tags: u64,
    /// The next offset, for a stream.
    cursor: usize,
    waker: Option<Waker>,
}

/// An exclusive queue of events of some types.
struct Listener {
    session: u32,
    types: Vec<EventType>,
    inbox: VecDeque<Message>,
    waker: Option<Waker>,
}

/// The state of the broker.
#[derive(Default)]
pub(crate) struct Broker {
    queues: [Queue; QUEUES.len()],
    stream: Vec<Message>,
    sessions: BTreeMap<u32, (usize, Vec<Waker>)>,
    consumers: BTreeMap<u32, Consumer>,
    listeners: BTreeMap<u32, Listener>,
    made: u32,
    /// Nothing of the consumer queue is delivered until then.
    pub(crate) stalls_until: u64,
    /// Tasks that were dead-lettered.
    pub(crate) given_up: usize,
    /// Wakes the task that delivers messages.
    pub(crate) pump: Option<Waker>,
    /// The version of the mounted credentials.
    pub(crate) credentials: u64,
    waiting_for_credentials: Vec<Waker>,
}

fn index(queue: &str) -> usize {
    QUEUES.iter().position(|known| known.name == queue).expect("a queue of the topology")
}

fn argument(queue: usize, name: &str) -> Option<Argument> {
    QUEUES[queue].arguments.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn is_stream(queue: usize) -> bool {
    argument(queue, "x-queue-type") == Some(Argument::Text("stream"))
}

/// `#` stands for any number of words; nothing else is used.
fn matches(pattern: &str, key: &str) -> bool {
    match pattern.strip_suffix(".#") {
        Some(prefix) => key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        None => pattern == key,
    }
}

impl Broker {
    /// Opens a session for a process.
    pub(crate) fn open(&mut self, process: usize) -> u32 {
        self.made += 1;
        self.sessions.insert(self.made, (process, Vec::new()));
        self.made
    }

    /// Whether a session is alive.
    pub(crate) fn is_open(&self, session: u32) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Sessions that are alive, with their processes.
    pub(crate) fn sessions(&self) -> Vec<(u32, usize)> {
        self.sessions.iter().map(|(session, (process, _))| (*session, *process)).collect()
    }

    /// Wakes `waker` when the session ends.
    pub(crate) fn wake_at_end(&mut self, session: u32, waker: Waker) {
        if let Some((_, wakers)) = self.sessions.get_mut(&session) {
            wakers.push(waker);
        }
    }

    /// Declares all queues; returns those that did not exist.
    pub(crate) fn declare(&mut self) -> Vec<&'static str> {
        let made = QUEUES.iter().zip(&mut self.queues).filter(|(_, queue)| !queue.exists);
        made.map(|(known, queue)| {
            queue.exists = true;
            known.name
        })
        .collect()
    }

    /// The mounted credentials change.
    pub(crate) fn change_credentials(&mut self) {
        self.credentials += 1;
        self.waiting_for_credentials.drain(..).for_each(Waker::wake);
    }

    /// Wakes `waker` when the credentials change.
    pub(crate) fn wake_at_new_credentials(&mut self, waker: Waker) {
        self.waiting_for_credentials.push(waker);
    }

    /// The message and consumer counts of a queue; `None` if it does not exist.
    pub(crate) fn queue_stats(&self, queue: &str) -> Option<QueueStats> {
        let consumers = u32::try_from(self.queues[index(queue)].consumers.len()).unwrap_or(u32::MAX);
        self.ready(queue).map(|ready| QueueStats { ready, consumers })
    }

    /// The next event of a subscription to types; `None` if the subscription has ended.
    pub(crate) fn next_announcement(&mut self, id: u32, waker: &Waker) -> Poll<Option<Message>> {
        let Some(listener) = self.listeners.get_mut(&id) else { return Poll::Ready(None) };
        if let Some(message) = listener.inbox.pop_front() {
            return Poll::Ready(Some(message));
        }
        listener.waker = Some(waker.clone());
        Poll::Pending
    }

    /// Messages ready for delivery.
    pub(crate) fn ready(&self, queue: &str) -> Option<u32> {
        let queue = &self.queues[index(queue)];
        queue.exists.then(|| u32::try_from(queue.ready.len()).unwrap_or(u32::MAX))
    }

    /// Every message of a queue, delivered or not.
    pub(crate) fn all(&self, queue: &str) -> impl Iterator<Item = &Message> {
        let at = index(queue);
        let in_hand = self.consumers.values().filter(move |consumer| consumer.queue == at);
        self.queues[at].ready.iter().chain(in_hand.flat_map(|consumer| consumer.unacked.values()))
    }

    /// The messages of a queue that a process can know of: ready ones, and those that it has received and not acknowledged. Those
    /// in a client's buffer are left out.
    pub(crate) fn waiting(&self, queue: &str, process: usize) -> impl Iterator<Item = &Message> {
        let at = index(queue);
        let of_process = move |session: u32| self.sessions.get(&session).is_some_and(|(of, _)| *of == process);
        let mine = move |consumer: &&Consumer| consumer.queue == at && of_process(consumer.session);
        let taken = self.consumers.values().filter(mine).flat_map(|consumer| {
            let is_taken = |(tag, _): &(&u64, &Message)| !consumer.inbox.contains(tag);
            consumer.unacked.iter().filter(is_taken).map(|(_, message)| message)
        });
        self.queues[at].ready.iter().chain(taken)
    }

    /// The tasks that a process has received and not settled.
    pub(crate) fn taken_by(&self, process: usize) -> impl Iterator<Item = &Event> {
        let of_process = move |session: u32| self.sessions.get(&session).is_some_and(|(of, _)| *of == process);
        let mine = self.consumers.values().filter(move |consumer| of_process(consumer.session));
        mine.flat_map(|consumer| consumer.unacked.values()).filter_map(|message| message.event.as_deref())
    }

    /// The messages of the stream.
    pub(crate) fn stream(&self) -> &[Message] {
        &self.stream
    }

    /// Routes a message to every queue bound to its key; returns their number.
    pub(crate) fn route(&mut self, exchange: &str, message: &Message) -> usize {
        let message = Message { earlier: 0, ..message.clone() };
        let key = &*message.key;
        let mut routed = 0;
        for (at, known) in QUEUES.iter().enumerate() {
            let is_bound = |binding: &(&str, &str)| {
                binding.0 == exchange && (exchange == DEAD_LETTERS_EXCHANGE || matches(binding.1, key))
            };
            if !self.queues[at].exists || !known.bindings.iter().any(is_bound) {
                continue;
            }
            routed += 1;
            if is_stream(at) {
                let earlier = i64::try_from(self.stream.len()).unwrap_or(i64::MAX);
                self.stream.push(Message { earlier, ..message.clone() });
            } else {
                self.queues[at].ready.push_back(message.clone());
            }
        }
        if exchange == EVENTS_EXCHANGE {
            let is_bound = |listener: &&mut Listener| listener.types.iter().any(|one| one.as_str() == key);
            for listener in self.listeners.values_mut().filter(is_bound) {
                listener.inbox.push_back(message.clone());
                listener.waker.take().into_iter().for_each(Waker::wake);
            }
        }
        self.wake_pump();
        routed
    }

    /// Wakes the delivering task, because something may be deliverable now.
    pub(crate) fn wake_pump(&mut self) {
        if let Some(pump) = self.pump.take() {
            pump.wake();
        }
    }

    /// Subscribes; `None` if the queue does not exist. `cursor` is for streams.
    pub(crate) fn subscribe(&mut self, session: u32, queue: &str, prefetch: usize, cursor: usize) -> Option<u32> {
        let queue = index(queue);
        if !self.queues[queue].exists {
            return None;
        }
        // An offset beyond the end means the end.
        let cursor = cursor.min(self.stream.len());
        self.made += 1;
        let (inbox, unacked) = (VecDeque::new(), BTreeMap::new());
        let consumer = Consumer { session, queue, prefetch, inbox, unacked, tags: 0, cursor, waker: None };
        self.consumers.insert(self.made, consumer);
        self.queues[queue].consumers.push(self.made);
        self.wake_pump();
        Some(self.made)
    }

    /// Subscribes to events of these types through an exclusive queue.
    pub(crate) fn consume_events(&mut self, session: u32, types: Vec<EventType>) -> u32 {
        self.made += 1;
        self.listeners.insert(self.made, Listener { session, types, inbox: VecDeque::new(), waker: None });
        self.made
    }

    /// A process that takes tasks on a session on which it does not hear of events of this type.
    pub(crate) fn deaf_worker(&self, key: &str) -> Option<usize> {
        let hears = |session: u32| {
            let is_bound = |one: &Listener| one.session == session && one.types.iter().any(|kind| kind.as_str() == key);
            self.listeners.values().any(is_bound)
        };
        let takes_tasks = |one: &&Consumer| [DOWNLOAD_QUEUE, TRANSLATE_QUEUE].contains(&QUEUES[one.queue].name);
        let deaf = self.consumers.values().filter(takes_tasks).find(|one| !hears(one.session))?;
        self.sessions.get(&deaf.session).map(|(process, _)| *process)
    }

    /// The consumers that can receive a message now.
    pub(crate) fn deliverable(&self, now: u64) -> Vec<u32> {
        let mut able = Vec::new();
        for (at, queue) in self.queues.iter().enumerate().filter(|(_, queue)| queue.exists) {
            if now < self.stalls_until && QUEUES[at].name == CONSUMER_QUEUE {
                continue;
            }
            let is_single = argument(at, "x-single-active-consumer") == Some(Argument::Flag(true));
            for id in queue.consumers.iter().take(if is_single { 1 } else { usize::MAX }) {
                let consumer = &self.consumers[id];
                let has_some =
                    if is_stream(at) { consumer.cursor < self.stream.len() } else { !queue.ready.is_empty() };
                if has_some && consumer.unacked.len() < consumer.prefetch {
                    able.push(*id);
                }
            }
        }
        able
    }

    /// Delivers one message to a consumer that can receive it.
    pub(crate) fn deliver(&mut self, id: u32) {
        let Some(consumer) = self.consumers.get_mut(&id) else { return };
        let message = if is_stream(consumer.queue) {
            consumer.cursor += 1;
            self.stream.get(consumer.cursor - 1).cloned()
        } else {
            self.queues[consumer.queue].ready.pop_front()
        };
        let Some(message) = message else { return };
        consumer.tags += 1;
        consumer.inbox.push_back(consumer.tags);
        consumer.unacked.insert(consumer.tags, message);
        consumer.waker.take().into_iter().for_each(Waker::wake);
    }

    /// The next delivery; `None` if the subscription has ended. Without one, `waker` is woken by the next.
    pub(crate) fn next(&mut self, id: u32, waker: &Waker) -> Poll<Option<(u64, Message)>> {
        let Some(consumer) = self.consumers.get_mut(&id) else { return Poll::Ready(None) };
        if let Some(tag) = consumer.inbox.pop_front() {
            return Poll::Ready(consumer.unacked.get(&tag).map(|message| (tag, message.clone())));
        }
        consumer.waker = Some(waker.clone());
        Poll::Pending
    }

    /// Acknowledges a delivery; returns the message and its queue, or `None` if the channel is closed.
    pub(crate) fn ack(&mut self, id: u32, tag: u64) -> Option<(&'static str, Message)> {
        self.wake_pump();
        let consumer = self.consumers.get_mut(&id)?;
        consumer.unacked.remove(&tag).map(|message| (QUEUES[consumer.queue].name, message))
    }

    /// Acknowledges a delivery and every earlier one of its subscription; false if the channel is closed.
    pub(crate) fn ack_up_to(&mut self, id: u32, tag: u64) -> bool {
        self.wake_pump();
        let Some(consumer) = self.consumers.get_mut(&id) else { return false };
        consumer.unacked.retain(|other, _| *other > tag);
        true
    }

    /// Puts a message back into its queue; false if the channel is closed.
    pub(crate) fn requeue(&mut self, id: u32, tag: u64) -> bool {
        let Some(consumer) = self.consumers.get_mut(&id) else { return false };
        let queue = consumer.queue;
        let Some(message) = consumer.unacked.remove(&tag) else { return false };
        self.return_to(queue, message);
        true
    }

    fn return_to(&mut self, queue: usize, message: Message) {
        let message = Message { earlier: message.earlier + 1, ..message };
        if let Some(Argument::Number(limit)) = argument(queue, "x-delivery-limit")
            && message.earlier > limit
        {
            if argument(queue, "x-dead-letter-exchange").is_some() {
                self.route(DEAD_LETTERS_EXCHANGE, &message);
                self.given_up += 1;
            }
        } else if self.queues[queue].exists {
            self.queues[queue].ready.push_front(message);
        }
        self.wake_pump();
    }

    /// Ends a subscription; unacknowledged deliveries are requeued in their order.
    fn unsubscribe(&mut self, id: u32) {
        let Some(consumer) = self.consumers.remove(&id) else { return };
        self.queues[consumer.queue].consumers.retain(|other| *other != id);
        if !is_stream(consumer.queue) {
            for (_, message) in consumer.unacked.into_iter().rev() {
                self.return_to(consumer.queue, message);
            }
        }
        consumer.waker.into_iter().for_each(Waker::wake);
        self.wake_pump();
    }

    /// Ends a session and everything on it.
    pub(crate) fn close(&mut self, session: u32) {
        let Some((_, wakers)) = self.sessions.remove(&session) else { return };
        let on_it = self.consumers.iter().filter(|(_, consumer)| consumer.session == session);
        for id in on_it.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.unsubscribe(id);
        }
        let of_session = |_: &u32, listener: &mut Listener| listener.session == session;
        for (_, listener) in self.listeners.extract_if(.., of_session) {
            listener.waker.into_iter().for_each(Waker::wake);
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Deletes a queue with its messages; its subscriptions are cancelled.
    pub(crate) fn delete(&mut self, queue: &str) {
        let at = index(queue);
        self.queues[at].exists = false;
        self.queues[at].ready.clear();
        if is_stream(at) {
            self.stream.clear();
        }
        for id in std::mem::take(&mut self.queues[at].consumers) {
            self.unsubscribe(id);
        }
    }
}
