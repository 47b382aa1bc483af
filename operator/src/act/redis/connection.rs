//! One connection to Redis at a time: it is dropped whole at its first error and opened again at the next call; while
//! Redis cannot be reached, calls fail at once for a growing, jittered pause instead of waiting one after the other. Used by the records
//! and histories beside it. Does I/O.

use std::{
    sync::{
        Mutex as StdMutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, ErrorKind, FromRedisValue, Pipeline, Script, ServerErrorKind, aio::MultiplexedConnection,
};
use subtitle_broker::ReconnectBackoff;
use subtitle_clock::{Clock as _, SystemRuntime};
use subtitle_telemetry::chain;
use tokio::{sync::Mutex, time::timeout};

use super::address::{Login, RECHECK_EVERY, RedisAddress};
use crate::act::error::{REDIS_TIMEOUT, RecordError};

/// Whether the next call needs another connection: the server did not answer or is another one now, has lost the scripts,
/// or may not be written to any more.
fn ends_link(error: &RecordError) -> bool {
    let RecordError::Call(error) = error else { return true };
    match error.kind() {
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::NoScript
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::NoPerm
        ),
        // An error of Redis that the library has no kind for, such as WRONGTYPE or OOM.
        ErrorKind::Extension | ErrorKind::UnexpectedReturnType => false,
        _ => true,
    }
}

enum Link {
    Up(Box<Open>),
    /// Calls fail at once until then.
    DownUntil(Instant),
}

struct Open {
    connection: MultiplexedConnection,
    /// Tells this connection from the ones before it.
    number: u64,
    login: Login,
    opened: Instant,
    /// When the address was last compared with `login`.
    checked: Instant,
}

/// Redis, connected when it is first called.
pub(super) struct Connection {
    address: RedisAddress,
    link: Mutex<Link>,
    backoff: StdMutex<ReconnectBackoff>,
    opened: AtomicU64,
    /// Loaded on every new connection: pipelines call scripts by their digest.
    scripts: Vec<Script>,
}

impl Connection {
    /// Connects at the first call; Redis may be away, and so may its Secret.
    pub(super) fn new(address: RedisAddress, scripts: Vec<Script>) -> Result<Self, RecordError> {
        match address.login().and_then(|login| login.client()) {
            Err(error) if address.may_change() => tracing::warn!(error = %chain(&error), "Redis is not known yet"),
            client => drop(client?),
        }
        let (link, backoff) = (Mutex::new(Link::DownUntil(Instant::now())), StdMutex::default());
        Ok(Self { address, link, backoff, opened: AtomicU64::new(0), scripts })
    }

    /// The link after a connection that lasted for `lived`; zero if it could not be opened.
    fn down(&self, lived: Duration) -> Link {
        let mut backoff = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        Link::DownUntil(Instant::now() + backoff.pause(lived, SystemRuntime::default().jitter()))
    }

    async fn connect(&self) -> Result<(MultiplexedConnection, Login), RecordError> {
        let login = self.address.login()?;
        let settings = AsyncConnectionConfig::new().set_connection_timeout(Some(REDIS_TIMEOUT));
        let settings = settings.set_response_timeout(Some(REDIS_TIMEOUT));
        let mut connection = login.client()?.get_multiplexed_async_connection_with_config(&settings).await?;
        for script in &self.scripts {
            script.prepare_invoke().load_async(&mut connection).await?;
        }
        Ok((connection, login))
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), RecordError> {
        let mut link = self.link.lock().await;
        match &mut *link {
            Link::Up(open) => {
                if !self.is_outdated(open) {
                    return Ok((open.connection.clone(), open.number));
                }
                // Calls that are out on the old connection end on it.
                tracing::info!("the Secret of Redis has changed: connecting again");
            }
            Link::DownUntil(until) if Instant::now() < *until => return Err(RecordError::Unreachable),
            Link::DownUntil(_) => {}
        }
        match timeout(REDIS_TIMEOUT, self.connect()).await.unwrap_or(Err(RecordError::Timeout)) {
            Ok((connection, login)) => {
                let number = self.opened.fetch_add(1, Ordering::Relaxed);
                let now = Instant::now();
                let open = Open { connection: connection.clone(), number, login, opened: now, checked: now };
                *link = Link::Up(Box::new(open));
                Ok((connection, number))
            }
            Err(error) => {
                *link = self.down(Duration::ZERO);
                Err(error)
            }
        }
    }

    /// Whether the address gives another login now. A Secret that cannot be read is no reason to leave a good
    /// connection.
    fn is_outdated(&self, open: &mut Open) -> bool {
        if !self.address.may_change() || open.checked.elapsed() < RECHECK_EVERY {
            return false;
        }
        open.checked = Instant::now();
        self.address.login().is_ok_and(|now| now != open.login)
    }

    /// Runs a pipeline. An error that says nothing of the connection, such as WRONGTYPE, is only this caller's; every
    /// other one ends the connection it was sent on.
    pub(super) async fn run<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, RecordError> {
        let (mut connection, number) = self.connection().await?;
        let outcome = match timeout(REDIS_TIMEOUT, pipeline.query_async(&mut connection)).await {
            Ok(answer) => answer.map_err(RecordError::from),
            Err(_) => Err(RecordError::Timeout),
        };
        if outcome.as_ref().is_err_and(ends_link) {
            let mut link = self.link.lock().await;
            if let Link::Up(open) = &*link
                && open.number == number
            {
                *link = self.down(open.opened.elapsed());
            }
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_about_one_key_ends_no_connection_and_a_broken_one_does() {
        let call = |error: redis::RedisError| RecordError::Call(error);
        let extension = redis::make_extension_error("WRONGTYPE".to_owned(), Some("Operation against a key".to_owned()));
        assert!(!ends_link(&call(extension)));
        assert!(!ends_link(&call((ErrorKind::Server(ServerErrorKind::ResponseError), "ERR").into())));
        for kind in [ErrorKind::Io, ErrorKind::Parse, ErrorKind::AuthenticationFailed] {
            assert!(ends_link(&call((kind, "broken").into())), "{kind:?}");
        }
        for kind in [ServerErrorKind::NoScript, ServerErrorKind::ReadOnly, ServerErrorKind::BusyLoading] {
            assert!(ends_link(&call((ErrorKind::Server(kind), "another server").into())), "{kind:?}");
        }
        assert!(ends_link(&RecordError::Timeout));
    }
}
