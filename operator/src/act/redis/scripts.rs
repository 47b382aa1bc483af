//! The Lua scripts that run inside Redis, and the pipeline that appends a batch, as values.

use redis::{Pipeline, Script};
use subtitle_contract::{
    event::Event,
    keys::{HISTORY_OFFSET, KeyStyle},
};

/// The default TTL in seconds of a job's keys after its final phase.
pub(super) const TIME_TO_LIVE: u64 = 7 * 86_400;
/// TTL in seconds until then, in case the final phase is never projected.
pub(super) const SAFETY_TIME_TO_LIVE: u64 = 60 * 86_400;

/// The Lua function that renames a key whose value is not of the kind that it must be; it returns whether it was not, or is
/// missing.
macro_rules! set_aside {
    () => {
        "
local function set_aside(key, kind)
  local is = redis.call('TYPE', key).ok
  if is ~= kind and is ~= 'none' then redis.call('RENAME', key, 'set-aside:' .. key) end
  return is ~= kind
end
"
    };
}

/// Replaces the record unless its revision is higher, so that it never goes back whatever the order of calls. A record of the
/// old system has no revision and counts as older than any; one of the same revision was changed by somebody else. A value of
/// another type is set aside. Where the job's events are gone although their ids are known, the ids and the checkpoint
/// (KEYS[4], except in cluster mode) are removed, so that the history loop reads the stream again. Returns 0 if the record is
/// the same already, 1 if it was replaced, 2 if it is ahead.
pub const PROJECT: &str = concat!(
    set_aside!(),
    "
set_aside(KEYS[1], 'string')
if set_aside(KEYS[2], 'list') and redis.call('DEL', KEYS[3]) == 1 and KEYS[4] then redis.call('DEL', KEYS[4]) end
local current = redis.call('GET', KEYS[1])
if current == ARGV[1] then return 0 end
if current then
  local read, record = pcall(cjson.decode, current)
  local revision = read and type(record) == 'table' and tonumber(record.revision) or -1
  if revision > tonumber(ARGV[2]) then return 2 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
if ARGV[4] == '1' then redis.call('EXPIRE', KEYS[2], ARGV[3]); redis.call('EXPIRE', KEYS[3], ARGV[3]) end
return 1"
);

/// Appends a batch, each event once, and then moves the checkpoint. Returns 0 and does nothing unless the checkpoint is at
/// the start of the batch or, if the batch is repeated, at its end; so an emptied Redis is filled from the oldest event. It
/// must be one script, because commands of other clients run between those of a pipeline: a checkpoint that another loop
/// moves meanwhile would be mistaken for this one's. It is applied completely or not at all, also when Redis is out of
/// memory, which Redis checks only before a script's first write.
///
/// KEYS: two for each event, its job's history and the ids in it, and the checkpoint. ARGV: how many events, the
/// seconds that keys stay, the checkpoint before and after the batch, and each event's id and text.
const APPEND: &str = concat!(
    set_aside!(),
    "
local count = tonumber(ARGV[1])
local checkpoint = KEYS[2 * count + 1]
if checkpoint then
  local offset = redis.call('GET', checkpoint) or ''
  if offset ~= ARGV[3] and offset ~= ARGV[4] then return 0 end
end
for at = 1, count do
  local history, seen = KEYS[2 * at - 1], KEYS[2 * at]
  set_aside(history, 'list'); set_aside(seen, 'set')
  if redis.call('SADD', seen, ARGV[3 + 2 * at]) == 1 then
    redis.call('LPUSH', history, ARGV[4 + 2 * at])
    for _, key in ipairs({history, seen}) do
      if redis.call('TTL', key) == -1 then redis.call('EXPIRE', key, ARGV[2]) end
    end
  end
end
if checkpoint then redis.call('SET', checkpoint, ARGV[4]) end
return 1"
);

/// Restores a whole history. ARGV: whether to write, the time to live, and then id and text of each event, oldest
/// first. Events that only Redis has are kept: those older than ARGV's first go before it, all others after.
pub(super) const RESTORE: &str = "
local known, missing = {}, 0
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('DEL', KEYS[2]) end
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

/// The checkpoints of a batch as strings.
#[derive(Clone, Copy, Debug)]
pub struct BatchCheckpoints<'a> {
    /// Before the batch; empty before the first.
    pub saved: &'a str,
    /// After the batch.
    pub last: &'a str,
}

/// The script of [`append`].
pub fn append_script() -> Script {
    Script::new(APPEND)
}

/// The pipeline that appends `events` to their histories and moves the checkpoint; it returns whether the checkpoint was at
/// the expected position. `seconds` is the TTL of the keys. In cluster mode each job has a slot of its own and the
/// checkpoint another: the checkpoint is moved last, and a repeated batch appends nothing twice.
pub fn append(
    script: &Script,
    keys: KeyStyle,
    events: &[Event],
    checkpoints: BatchCheckpoints<'_>,
    seconds: u64,
) -> Pipeline {
    let mut pipeline = redis::pipe();
    let mut call = |events: &[Event], checkpoint: Option<&str>| {
        pipeline.cmd("EVALSHA").arg(script.get_hash()).arg(2 * events.len() + usize::from(checkpoint.is_some()));
        for event in events {
            pipeline.arg(keys.events(&event.job_id)).arg(keys.seen(&event.job_id));
        }
        pipeline.arg(checkpoint).arg(events.len()).arg(seconds).arg(checkpoints.saved).arg(checkpoints.last);
        for event in events {
            pipeline.arg(event.identity().to_string()).arg(serde_json::to_string(event).unwrap_or_default());
        }
        if checkpoint.is_none() {
            pipeline.ignore();
        }
    };
    match keys {
        KeyStyle::Plain => call(events, Some(HISTORY_OFFSET)),
        KeyStyle::Cluster => {
            for event in events {
                call(std::slice::from_ref(event), None);
            }
            call(&[], Some(HISTORY_OFFSET));
        }
    }
    pipeline
}
