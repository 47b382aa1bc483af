//! How a batch of the stream comes into Redis: what is sent, as a value. Pure.

use redis::{Pipeline, Script};
use subtitle_contract::{
    event::Event,
    keys::{HISTORY_OFFSET, KeyStyle},
};

/// Appends a batch, each event once, and then moves the mark; 0, and nothing is done, unless the mark is where the batch
/// begins or, if it is being repeated, ends: of an emptied Redis the oldest events come first. One script, because others
/// come between the commands of a pipeline: a mark that another loop moves meanwhile would be taken for this one's. It is
/// done whole or not at all, for want of memory too: Redis looks before a script's first write and not again.
///
/// KEYS: two for each event, its job's history and what is in it, and the mark. ARGV: how many events, the seconds that
/// keys stay, where the batch begins and ends, and each event's id and text.
const REMEMBER: &str = "
local count = tonumber(ARGV[1])
local mark = KEYS[2 * count + 1]
if mark then
  local offset = redis.call('GET', mark) or ''
  if offset ~= ARGV[3] and offset ~= ARGV[4] then return 0 end
end
for at = 1, count do
  local history, seen = KEYS[2 * at - 1], KEYS[2 * at]
  if redis.call('SADD', seen, ARGV[3 + 2 * at]) == 1 then
    redis.call('LPUSH', history, ARGV[4 + 2 * at])
    for _, key in ipairs({history, seen}) do
      if redis.call('TTL', key) == -1 then redis.call('EXPIRE', key, ARGV[2]) end
    end
  end
end
if mark then redis.call('SET', mark, ARGV[4]) end
return 1";

/// Where a batch begins and ends, as the mark says it.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'a> {
    /// Empty before the first.
    pub saved: &'a str,
    /// Of the batch's last record.
    pub last: &'a str,
}

/// The script.
pub fn script() -> Script {
    Script::new(REMEMBER)
}

/// What brings `events` into their histories and moves the mark; the answer is whether it was where it should be. Keys
/// stay for `seconds`. In cluster mode each job is in a slot of its own and the mark in another: it is moved last, and a
/// batch that is repeated appends nothing twice.
pub fn remember(script: &Script, keys: KeyStyle, events: &[Event], marks: Marks<'_>, seconds: u64) -> Pipeline {
    let mut pipeline = redis::pipe();
    let mut call = |events: &[Event], mark: Option<&str>| {
        pipeline.cmd("EVALSHA").arg(script.get_hash()).arg(2 * events.len() + usize::from(mark.is_some()));
        for event in events {
            pipeline.arg(keys.events(&event.job_id)).arg(keys.seen(&event.job_id));
        }
        pipeline.arg(mark).arg(events.len()).arg(seconds).arg(marks.saved).arg(marks.last);
        for event in events {
            pipeline.arg(event.identity().to_string()).arg(serde_json::to_string(event).unwrap_or_default());
        }
        if mark.is_none() {
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
