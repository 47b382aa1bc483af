//! Each fault once, one after the other, while jobs run. Every one ends: what is frozen wakes up, what is killed is
//! started again as a Deployment would.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use subtitle_tests::{
    process::{Server, eventually},
    proxy::Proxy,
    stack::{Proxies, Stack},
};

use crate::{outside::publish, storm::Storm};

/// How long something is frozen, blocked or full.
const WHILE: Duration = Duration::from_secs(3);
/// How long nothing arrives: longer than it takes everybody to notice, and than a leader's lease is kept without.
const LONG: Duration = Duration::from_secs(12);
/// Between two faults: long enough for some work, too short to be quiet.
const BETWEEN: Duration = Duration::from_millis(500);
/// From new jobs to the fault: they are being worked on.
const AT_WORK: Duration = Duration::from_millis(400);

/// What is done to a running system.
pub(crate) type Fault = (&'static str, fn(&mut Stack, &Storm) -> Result<()>);

/// All of them.
pub(crate) const FAULTS: &[Fault] = &[
    ("translator killed", |stack, _| stack.translator.restart()),
    ("downloader killed", |stack, _| stack.downloader.restart()),
    ("operator killed", |stack, _| stack.operator.restart()),
    ("operator frozen", |stack, _| frozen(&mut stack.operator)),
    ("downloader frozen", |stack, _| frozen(&mut stack.downloader)),
    ("translator frozen", |stack, _| frozen(&mut stack.translator)),
    // Not soon after the broker was killed: a queue that is deleted while it still starts keeps its name and loses its
    // process (3.10 and 4.0), which no client can mend.
    ("download queue deleted", |stack, _| control(stack, &["delete_queue", "subtitle.tasks.download"])),
    ("translate queue deleted", |stack, _| control(stack, &["delete_queue", "subtitle.tasks.translate"])),
    ("connections closed by the broker", |stack, _| control(stack, &["close_all_connections", "a fault"])),
    ("connections with the broker cut", |stack, _| proxies(stack).map(|proxies| proxies.broker.cut())),
    ("connections with the broker in a black hole", |stack, _| black_hole(&proxies(stack)?.broker)),
    ("memory alarm", |stack, _| {
        control(stack, &["set_vm_memory_high_watermark", "0.000001"])?;
        thread::sleep(WHILE);
        control(stack, &["set_vm_memory_high_watermark", "absolute", "1GB"])
    }),
    ("RabbitMQ frozen", |stack, _| frozen(&mut stack.broker.server)),
    ("RabbitMQ killed", |stack, _| {
        stack.broker.kill()?;
        stack.broker.server.restart()
    }),
    ("Redis frozen", |stack, _| frozen(&mut stack.redis.server)),
    ("Redis killed", |stack, _| stack.redis.server.restart()),
    ("connections with Redis cut", |stack, _| proxies(stack).map(|proxies| proxies.redis.cut())),
    ("connections with Redis in a black hole", |stack, _| black_hole(&proxies(stack)?.redis)),
    ("deliveries may be held for 5 s only", |stack, _| {
        held_at_most(stack, 5_000, 1_000)?;
        let is_back = || stack.operator_metric("subtitle_broker_connected").filter(|value| *value > 0.0);
        // It pauses up to 10 s between two tries, and closing connections again would only make it pause again.
        eventually("the operator is back at the broker", 5 * LONG, is_back).map(drop)
    }),
    ("Redis away for longer than that", longer_than_a_delivery_is_held),
    ("Redis scripts flushed", |stack, _| redis(stack, &["SCRIPT", "FLUSH"])),
    ("Redis read-only", |stack, _| {
        redis(stack, &["REPLICAOF", "127.0.0.1", "1"])?;
        thread::sleep(WHILE);
        redis(stack, &["REPLICAOF", "NO", "ONE"])
    }),
    ("Redis full", |stack, _| {
        redis(stack, &["CONFIG", "SET", "maxmemory", "1"])?;
        thread::sleep(WHILE);
        redis(stack, &["CONFIG", "SET", "maxmemory", "0"])
    }),
    ("Redis emptied", |stack, _| redis(stack, &["FLUSHALL"])),
    ("API server frozen", |stack, _| frozen(&mut stack.cluster.servers[0])),
    ("API server killed", |stack, _| stack.cluster.servers[0].restart()),
    ("watches and connections with the API server cut", |stack, _| proxies(stack).map(|proxies| proxies.api.cut())),
    ("connections with the API server in a black hole", |stack, _| black_hole(&proxies(stack)?.api)),
    ("API server answers 429", too_many_requests),
    ("API server answers 409", conflicts),
    ("etcd frozen", |stack, _| frozen(&mut stack.cluster.servers[1])),
    ("etcd killed", |stack, _| stack.cluster.servers[1].restart()),
];

fn frozen(server: &mut Server) -> Result<()> {
    server.freeze(true)?;
    thread::sleep(WHILE);
    server.freeze(false)
}

fn proxies(stack: &Stack) -> Result<&Proxies> {
    stack.proxies.as_ref().context("the stack was not started with proxies")
}

#[expect(clippy::unnecessary_wraps, reason = "a fault")]
fn black_hole(proxy: &Proxy) -> Result<()> {
    proxy.hold(true);
    thread::sleep(LONG);
    proxy.hold(false);
    Ok(())
}

fn control(stack: &Stack, arguments: &[&str]) -> Result<()> {
    stack.broker.control(arguments).map(drop)
}

fn redis(stack: &Stack, arguments: &[&str]) -> Result<()> {
    stack.redis_command(arguments).map(drop)
}

/// How long a delivery may be held, and how often the broker looks, in milliseconds; both count for new channels.
fn held_at_most(stack: &Stack, milliseconds: u32, looks_every: u32) -> Result<()> {
    let timeout = format!("application:set_env(rabbit, consumer_timeout, {milliseconds})");
    let tick = format!("application:set_env(rabbit, channel_tick_interval, {looks_every})");
    control(stack, &["eval", &format!("{timeout}, {tick}.")])?;
    control(stack, &["close_all_connections", "deliveries may be held for another time now"])
}

/// Publishes what every history keeps, of a job that nobody knows.
fn note(stack: &Stack) {
    let event = serde_json::json!({
        "event_type": "subtitle.noted",
        "job_id": uuid::Uuid::now_v7().to_string(),
        "timestamp": jiff::Timestamp::now(),
        "source": "faults",
        "payload": {},
        "metadata": {},
    });
    publish(stack, "subtitle.noted", &[&event.to_string()]);
}

/// The broker takes the channel of the history loop away, which holds an event that it cannot write without Redis.
fn longer_than_a_delivery_is_held(stack: &mut Stack, _: &Storm) -> Result<()> {
    let remembered = |stack: &Stack| stack.operator_metric("subtitle_history_events_total");
    let before = remembered(stack).context("the operator tells no numbers")?;
    note(stack);
    let is_at_it = || remembered(stack).filter(|now| *now > before);
    eventually("the history loop is at work", 5 * LONG, is_at_it)?;
    let taken_away = |stack: &Stack| stack.broker.log().matches("delivery acknowledgement").count();
    let before = taken_away(stack);
    stack.redis.server.kill();
    note(stack);
    let bites = || (taken_away(stack) > before).then_some(());
    let bit = eventually("a channel is taken away for what it holds", 3 * LONG, bites);
    stack.redis.server.restart()?;
    if bit.is_ok() {
        held_at_most(stack, 1_800_000, 60_000)?;
    }
    bit
}

/// What the operator asks about jobs is refused for a while.
fn too_many_requests(stack: &mut Stack, storm: &Storm) -> Result<()> {
    let before = storm.is_on(true);
    proxies(stack)?.api.cut();
    thread::sleep(2 * WHILE);
    ensure!(storm.is_on(false) > before, "nothing was asked meanwhile");
    Ok(())
}

/// Somebody else writes every object, over and over.
fn conflicts(stack: &mut Stack, _: &Storm) -> Result<()> {
    let begun = Instant::now();
    let mut at = 0;
    while begun.elapsed() < 2 * WHILE {
        at += 1;
        let mut annotate = stack.cluster.kubectl();
        annotate.args(["annotate", "subtitlejobs", "--all", "--overwrite", &format!("tests.subtitles.dev/storm={at}")]);
        annotate.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    }
    Ok(())
}

/// When what was done, for whoever judges afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Inflicted {
    pub(crate) name: &'static str,
    pub(crate) begun: Instant,
}

/// Inflicts every fault, each while the jobs that `ask` creates are worked on. A server that was just started again may
/// not take orders yet: that fault is tried again.
pub(crate) fn each_once(stack: &mut Stack, storm: &Storm, mut ask: impl FnMut(&Stack, usize)) -> Vec<Inflicted> {
    let mut inflicted = Vec::new();
    for (at, (name, fault)) in FAULTS.iter().enumerate() {
        ask(stack, at);
        thread::sleep(AT_WORK);
        println!("{name}");
        let is_done = (0..20).any(|_| {
            inflicted.push(Inflicted { name, begun: Instant::now() });
            match fault(stack, storm) {
                Ok(()) => true,
                Err(error) => {
                    println!("  not yet: {error:#}");
                    thread::sleep(BETWEEN);
                    // Nobody asks anything of a server while the one who would has ended.
                    start_again(stack);
                    false
                }
            }
        });
        assert!(is_done, "the fault '{name}' could not be inflicted");
        thread::sleep(BETWEEN);
        start_again(stack);
    }
    inflicted
}

/// Who ended by itself is started again, as a Deployment does: an operator that lost its lease.
pub(crate) fn start_again(stack: &mut Stack) {
    for server in [&mut stack.operator, &mut stack.downloader, &mut stack.translator] {
        if let Some(status) = server.ended() {
            println!("  {} ended with {status} and is started again", server.name);
            server.restart().expect("starts again");
        }
    }
}
