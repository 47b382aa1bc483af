//! Redis itself: one connection at a time, given up whole at the first error and made anew at the next call; while it
//! cannot be reached, calls fail at once for a moment instead of waiting one after the other. Does I/O.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use redis::{AsyncConnectionConfig, FromRedisValue, Pipeline, Script, aio::MultiplexedConnection};
use subtitle_contract::{
    event::Event,
    job::SubtitleJob,
    keys::{HISTORY_OFFSET, KeyStyle},
    phase::{Phase, Step},
    reason::Reason,
    record::Record,
};
use tokio::{sync::Mutex, time::timeout};

use super::{
    ledger::{Ledger, LedgerError, Mark},
    redis_address::{LOOK_EVERY, Login, RedisAddress},
    redis_history::{self, Marks},
};

/// The longest a call may take: a black-holed connection never reports itself.
const DEADLINE: Duration = Duration::from_secs(3);
/// How long calls fail at once after one has failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a job's keys stay after its final phase, in seconds.
const TIME_TO_LIVE: u64 = 7 * 86_400;
/// How long they stay otherwise, in seconds.
const SAFETY_TIME_TO_LIVE: u64 = 60 * 86_400;
/// Keys looked at in one step of a scan.
const PAGE: usize = 500;

/// Replaces the record only by one of a higher revision, so that no order of calls can turn it back. A record of the
/// old system has no revision and is older than any.
pub const PROJECT: &str = "
local current = redis.call('GET', KEYS[1])
if current then
  local read, record = pcall(cjson.decode, current)
  local revision = read and type(record) == 'table' and tonumber(record.revision) or -1
  if revision >= tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
if ARGV[4] == '1' then redis.call('EXPIRE', KEYS[2], ARGV[3]); redis.call('EXPIRE', KEYS[3], ARGV[3]) end
return 1";

/// Makes a history whole: ARGV is whether to write, the time to live, and then id and text of each event, oldest first.
/// What Redis has and ARGV has not is kept: what is older than ARGV's first before it, anything else behind.
const RESTORE: &str = "
local known, missing = {}, 0
for at = 3, #ARGV, 2 do
  known[ARGV[at]], known[ARGV[at + 1]] = true, true
  if redis.call('SISMEMBER', KEYS[2], ARGV[at]) == 0 then missing = missing + 1 end
end
if missing == 0 or ARGV[1] == '0' then return missing end
local older, newer, reached = {}, {}, false
local list = redis.call('LRANGE', KEYS[1], 0, -1)
for at = #list, 1, -1 do
  local read, event = pcall(cjson.decode, list[at])
  if known[list[at]] or known[read and event.id or ''] then reached = true
  elseif reached then table.insert(newer, list[at])
  else table.insert(older, list[at]) end
end
redis.call('DEL', KEYS[1])
for _, text in ipairs(older) do redis.call('LPUSH', KEYS[1], text) end
for at = 3, #ARGV, 2 do redis.call('LPUSH', KEYS[1], ARGV[at + 1]); redis.call('SADD', KEYS[2], ARGV[at]) end
for _, text in ipairs(newer) do redis.call('LPUSH', KEYS[1], text) end
redis.call('EXPIRE', KEYS[1], ARGV[2]); redis.call('EXPIRE', KEYS[2], ARGV[2])
return missing";

enum Link {
    Up(Box<Open>),
    Down(Option<Instant>),
}

struct Open {
    connection: MultiplexedConnection,
    /// Tells this connection from the ones before it.
    number: u64,
    login: Login,
    /// When it was last looked whether the address still says the same.
    looked: Instant,
}

/// A real Redis.
pub struct RedisLedger {
    address: RedisAddress,
    link: Mutex<Link>,
    connections: AtomicU64,
    keys: KeyStyle,
    project: Script,
    remember: Script,
    restore: Script,
}

impl RedisLedger {
    /// Connects at the first call; Redis may be away, and so may its Secret.
    pub fn open(address: RedisAddress, keys: KeyStyle) -> Result<Self, LedgerError> {
        match address.login().and_then(|login| login.client()) {
            Err(error) if address.may_change() => tracing::warn!(%error, "Redis is not known yet"),
            known => drop(known?),
        }
        Ok(Self {
            address,
            link: Mutex::new(Link::Down(None)),
            connections: AtomicU64::new(0),
            keys,
            project: Script::new(PROJECT),
            remember: redis_history::script(),
            restore: Script::new(RESTORE),
        })
    }

    /// Whether it answers.
    pub async fn answers(&self) -> bool {
        self.run::<(String,)>(redis::pipe().cmd("PING")).await.is_ok()
    }

    async fn connect(&self) -> Result<(MultiplexedConnection, Login), LedgerError> {
        let login = self.address.login()?;
        let settings = AsyncConnectionConfig::new().set_connection_timeout(Some(DEADLINE));
        let settings = settings.set_response_timeout(Some(DEADLINE));
        let mut connection = login.client()?.get_multiplexed_async_connection_with_config(&settings).await?;
        // Pipelines call scripts by their digest, which only a loaded script has.
        for script in [&self.project, &self.remember, &self.restore] {
            script.prepare_invoke().load_async(&mut connection).await?;
        }
        Ok((connection, login))
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), LedgerError> {
        let mut link = self.link.lock().await;
        match &mut *link {
            Link::Up(open) => {
                if !self.is_outdated(open) {
                    return Ok((open.connection.clone(), open.number));
                }
                // Calls that are out on the old connection end on it.
                tracing::info!("the Secret of Redis has changed: connecting anew");
            }
            Link::Down(Some(since)) if since.elapsed() < PAUSE => return Err(LedgerError::Away),
            Link::Down(_) => {}
        }
        match timeout(DEADLINE, self.connect()).await.map_err(LedgerError::from).flatten() {
            Ok((connection, login)) => {
                let number = self.connections.fetch_add(1, Ordering::Relaxed);
                *link =
                    Link::Up(Box::new(Open { connection: connection.clone(), number, login, looked: Instant::now() }));
                Ok((connection, number))
            }
            Err(error) => {
                *link = Link::Down(Some(Instant::now()));
                Err(error)
            }
        }
    }

    /// Whether the address says something else now. One that says nothing is no reason to leave a good connection.
    fn is_outdated(&self, open: &mut Open) -> bool {
        if !self.address.may_change() || open.looked.elapsed() < LOOK_EVERY {
            return false;
        }
        open.looked = Instant::now();
        self.address.login().is_ok_and(|now| now != open.login)
    }

    /// Runs a pipeline. Whatever goes wrong, READONLY and NOSCRIPT too, ends the connection it was sent on.
    async fn run<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, LedgerError> {
        let (mut connection, number) = self.connection().await?;
        let answer = timeout(DEADLINE, pipeline.query_async(&mut connection)).await;
        let outcome = answer.map_err(LedgerError::from).and_then(|answer| answer.map_err(LedgerError::from));
        if outcome.is_err() {
            let mut link = self.link.lock().await;
            if matches!(&*link, Link::Up(open) if open.number == number) {
                *link = Link::Down(Some(Instant::now()));
            }
        }
        outcome
    }

    /// Puts the missing events of a job where they belong, if `apply`; how many are missing. `events` is everything the
    /// stream has of it, in its order; what only Redis has, because the stream forgot it, stays before them.
    pub async fn restore(&self, job_id: &str, events: &[Event], apply: bool) -> Result<usize, LedgerError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("EVALSHA").arg(self.restore.get_hash()).arg(2);
        pipeline.arg(self.keys.events(job_id)).arg(self.keys.seen(job_id)).arg(u8::from(apply)).arg(TIME_TO_LIVE);
        for event in events {
            pipeline.arg(event.identity().to_string()).arg(serde_json::to_string(event).unwrap_or_default());
        }
        let (missing,) = self.run(&pipeline).await?;
        Ok(missing)
    }

    async fn replace(&self, records: &[Record]) -> Result<usize, LedgerError> {
        let mut pipeline = redis::pipe();
        for record in records {
            let is_final = is_final(record);
            let seconds = if is_final { TIME_TO_LIVE } else { SAFETY_TIME_TO_LIVE };
            pipeline.cmd("EVALSHA").arg(self.project.get_hash()).arg(3).arg(self.keys.record(&record.id));
            pipeline.arg(self.keys.events(&record.id)).arg(self.keys.seen(&record.id));
            pipeline.arg(serde_json::to_string(record).unwrap_or_default()).arg(record.revision).arg(seconds);
            pipeline.arg(u8::from(is_final));
        }
        Ok(self.run::<Vec<usize>>(&pipeline).await?.iter().sum())
    }
}

fn is_final(record: &Record) -> bool {
    Phase::from_wire_status(&record.status).is_some_and(Phase::is_final)
}

fn read(text: Option<String>) -> Option<Record> {
    serde_json::from_str(&text?).ok()
}

impl Ledger for RedisLedger {
    async fn project(&self, jobs: &[&SubtitleJob]) -> Result<usize, LedgerError> {
        if jobs.is_empty() {
            return Ok(0);
        }
        self.replace(&jobs.iter().map(|job| Record::of(job)).collect::<Vec<_>>()).await
    }

    async fn close(&self, id: &str) -> Result<(), LedgerError> {
        let Some(record) = read(self.record(id).await?).filter(|record| !is_final(record)) else { return Ok(()) };
        let closed = Record {
            status: Phase::Failed.wire_status(Step::Download).to_owned(),
            error_message: Some(Reason::Deleted.meaning().trim().to_owned()),
            revision: record.revision + 1,
            ..record
        };
        self.replace(&[closed]).await.map(drop)
    }

    async fn unfinished(&self, cursor: u64) -> Result<(Vec<Record>, u64), LedgerError> {
        let mut scan = redis::pipe();
        scan.cmd("SCAN").arg(cursor).arg("MATCH").arg(self.keys.record("*")).arg("COUNT").arg(PAGE);
        let ((next, keys),): ((u64, Vec<String>),) = self.run(&scan).await?;
        let mut get = redis::pipe();
        for key in keys.iter().filter(|key| self.keys.is_record(key)) {
            get.cmd("GET").arg(key);
        }
        if get.is_empty() {
            return Ok((Vec::new(), next));
        }
        let texts: Vec<Option<String>> = self.run(&get).await?;
        Ok((texts.into_iter().filter_map(read).filter(|record| !is_final(record)).collect(), next))
    }

    async fn remember(&self, events: &[Event], saved: Option<Mark>, last: Mark) -> Result<bool, LedgerError> {
        let (saved, last) = (saved.map(|saved| saved.to_string()).unwrap_or_default(), last.to_string());
        let marks = Marks { saved: &saved, last: &last };
        let pipeline = redis_history::remember(&self.remember, self.keys, events, marks, SAFETY_TIME_TO_LIVE);
        let (is_saved,) = self.run(&pipeline).await?;
        Ok(is_saved)
    }

    async fn mark(&self) -> Result<Option<Mark>, LedgerError> {
        let (text,): (Option<String>,) = self.run(redis::pipe().cmd("GET").arg(HISTORY_OFFSET)).await?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    async fn forget_mark(&self) -> Result<(), LedgerError> {
        self.run(redis::pipe().cmd("DEL").arg(HISTORY_OFFSET).ignore()).await
    }

    async fn record(&self, id: &str) -> Result<Option<String>, LedgerError> {
        let (text,) = self.run(redis::pipe().cmd("GET").arg(self.keys.record(id))).await?;
        Ok(text)
    }

    async fn events(&self, id: &str, limit: usize) -> Result<(Vec<String>, usize), LedgerError> {
        let key = self.keys.events(id);
        let mut pipeline = redis::pipe();
        pipeline.cmd("LRANGE").arg(&key).arg(0).arg(limit.saturating_sub(1)).cmd("LLEN").arg(&key);
        self.run(&pipeline).await
    }
}
