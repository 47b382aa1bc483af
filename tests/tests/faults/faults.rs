//! Inflicts each fault once, one after another, while jobs run. Every fault ends: a frozen process is resumed, a killed one is
//! restarted, as a Deployment would. Does I/O.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use subtitle_fakes::publisher::publish_blocking;
use subtitle_tests::{
    process::{Server, eventually},
    servers::proxy::Proxy,
    stack::{Proxies, Stack},
};

use crate::throttle::Throttle;

/// How long a server or process is frozen, blocked or full.
const DURATION: Duration = Duration::from_secs(3);
/// How long the network is cut: long enough that every client notices, and that a leader loses its lease.
const LONG: Duration = Duration::from_secs(12);
/// The pause between two faults: long enough for some work, too short to become idle.
const PAUSE: Duration = Duration::from_millis(500);
/// The delay between creating jobs and the fault: the jobs are in progress by then.
const FAULT_DELAY: Duration = Duration::from_millis(400);

/// The name of a fault and the function that inflicts it.
pub(crate) type Fault = (&'static str, fn(&mut Stack, &Throttle) -> Result<()>);

/// Every fault.
pub(crate) const FAULTS: &[Fault] = &[
    ("translator killed", |stack, _| stack.translator.restart()),
    ("downloader killed", |stack, _| stack.downloader.restart()),
    ("operator killed", |stack, _| stack.operator.restart()),
    ("operator frozen", |stack, _| frozen(&mut stack.operator)),
    ("downloader frozen", |stack, _| frozen(&mut stack.downloader)),
    ("translator frozen", |stack, _| frozen(&mut stack.translator)),
    // Not soon after the broker was killed: a queue that is deleted while it still starts keeps its name and loses its
    // process (3.10 and 4.0), which no client can repair.
    ("download queue deleted", |stack, _| control(stack, &["delete_queue", "subtitle.tasks.download"])),
    ("translate queue deleted", |stack, _| control(stack, &["delete_queue", "subtitle.tasks.translate"])),
    ("connections closed by the broker", |stack, _| control(stack, &["close_all_connections", "a fault"])),
    ("connections with the broker cut", |stack, _| proxies(stack).map(|proxies| proxies.broker.cut())),
    ("connections with the broker in a black hole", |stack, _| black_hole(&proxies(stack)?.broker)),
    ("memory alarm", |stack, _| {
        control(stack, &["set_vm_memory_high_watermark", "0.000001"])?;
        thread::sleep(DURATION);
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
        set_delivery_timeout(stack, 5_000, 1_000)?;
        let is_back = || stack.operator_metric("subtitle_broker_connected").filter(|value| *value > 0.0);
        // It pauses for up to 10 s between attempts; closing its connections once more would only prolong that.
        eventually("the operator is back at the broker", 5 * LONG, is_back).map(drop)
    }),
    ("Redis unavailable for longer than that", redis_away_beyond_the_delivery_timeout),
    ("Redis scripts flushed", |stack, _| redis(stack, &["SCRIPT", "FLUSH"])),
    ("Redis read-only", |stack, _| {
        redis(stack, &["REPLICAOF", "127.0.0.1", "1"])?;
        thread::sleep(DURATION);
        redis(stack, &["REPLICAOF", "NO", "ONE"])
    }),
    ("Redis full", |stack, _| {
        redis(stack, &["CONFIG", "SET", "maxmemory", "1"])?;
        thread::sleep(DURATION);
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
    server.freeze()?;
    thread::sleep(DURATION);
    server.resume()
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
    stack.broker.rabbitmqctl(arguments).map(drop)
}

fn redis(stack: &Stack, arguments: &[&str]) -> Result<()> {
    stack.redis_command(arguments).map(drop)
}

/// Sets the delivery timeout and the interval at which the broker checks it, in milliseconds; both apply to new channels.
fn set_delivery_timeout(stack: &Stack, milliseconds: u32, interval: u32) -> Result<()> {
    let timeout = format!("application:set_env(rabbit, consumer_timeout, {milliseconds})");
    let tick = format!("application:set_env(rabbit, channel_tick_interval, {interval})");
    control(stack, &["eval", &format!("{timeout}, {tick}.")])?;
    control(stack, &["close_all_connections", "the delivery timeout has changed"])
}

/// Publishes an event of an unknown job, which the history keeps.
fn publish_unknown(stack: &Stack) {
    let event = serde_json::json!({
        "event_type": "subtitle.noted",
        "job_id": uuid::Uuid::now_v7().to_string(),
        "timestamp": jiff::Timestamp::now(),
        "source": "faults",
        "payload": {},
        "metadata": {},
    });
    publish_blocking(&stack.broker.url, "subtitle.noted", &[&event.to_string()]);
}

/// The broker closes the channel of the history loop, which holds an event that it cannot write without Redis.
fn redis_away_beyond_the_delivery_timeout(stack: &mut Stack, _: &Throttle) -> Result<()> {
    let recorded = |stack: &Stack| stack.operator_metric("subtitle_history_events_total");
    let before = recorded(stack).context("the operator serves no metrics")?;
    publish_unknown(stack);
    let is_working = || recorded(stack).filter(|now| *now > before);
    eventually("the history loop works", 5 * LONG, is_working)?;
    let closed = |stack: &Stack| stack.broker.log().matches("delivery acknowledgement").count();
    let before = closed(stack);
    stack.redis.server.kill();
    publish_unknown(stack);
    let is_closed = || (closed(stack) > before).then_some(());
    let outcome = eventually("the channel is closed by the delivery timeout", 3 * LONG, is_closed);
    stack.redis.server.restart()?;
    if outcome.is_ok() {
        set_delivery_timeout(stack, 1_800_000, 60_000)?;
    }
    outcome
}

/// Requests for jobs are rejected for a while.
fn too_many_requests(stack: &mut Stack, throttle: &Throttle) -> Result<()> {
    let before = throttle.set(true);
    proxies(stack)?.api.cut();
    thread::sleep(2 * DURATION);
    ensure!(throttle.set(false) > before, "nothing was requested meanwhile");
    Ok(())
}

/// Another client writes every object over and over.
fn conflicts(stack: &mut Stack, _: &Throttle) -> Result<()> {
    let begun = Instant::now();
    let mut at = 0;
    while begun.elapsed() < 2 * DURATION {
        at += 1;
        let mut annotate = stack.cluster.kubectl();
        annotate.args([
            "annotate",
            "subtitlejobs",
            "--all",
            "--overwrite",
            &format!("tests.subtitles.dev/conflict={at}"),
        ]);
        annotate.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    }
    Ok(())
}

/// A fault and when it began.
#[derive(Clone, Debug)]
pub(crate) struct Inflicted {
    pub(crate) name: &'static str,
    pub(crate) begun: Instant,
}

/// Inflicts every fault, each while the jobs that `create` creates are in progress. A server that has just restarted may not
/// accept commands yet: then the fault is tried again.
pub(crate) fn each_once(
    stack: &mut Stack,
    throttle: &Throttle,
    mut create: impl FnMut(&Stack, usize),
) -> Vec<Inflicted> {
    let mut inflicted = Vec::new();
    for (at, (name, fault)) in FAULTS.iter().enumerate() {
        create(stack, at);
        thread::sleep(FAULT_DELAY);
        println!("{name}");
        let is_done = (0..20).any(|_| {
            inflicted.push(Inflicted { name, begun: Instant::now() });
            match fault(stack, throttle) {
                Ok(()) => true,
                Err(error) => {
                    println!("  not yet: {error:#}");
                    thread::sleep(PAUSE);
                    // A fault may need the operator to run.
                    restart_ended(stack);
                    false
                }
            }
        });
        assert!(is_done, "the fault '{name}' could not be inflicted");
        thread::sleep(PAUSE);
        restart_ended(stack);
    }
    inflicted
}

/// Restarts programs that ended by themselves, as a Deployment does: an operator that lost its lease.
pub(crate) fn restart_ended(stack: &mut Stack) {
    for server in [&mut stack.operator, &mut stack.downloader, &mut stack.translator] {
        if let Some(status) = server.ended() {
            println!("  {} ended with {status} and is restarted", server.name);
            server.restart().expect("restarts");
        }
    }
}
