//! Each fault once, one after the other, while jobs run. Every one ends: what is frozen wakes up, what is killed is
//! started again as a Deployment would.

use std::{thread, time::Duration};

use anyhow::Result;
use subtitle_tests::{process::Server, stack::Stack};

/// How long something is frozen, blocked or cut off.
const WHILE: Duration = Duration::from_secs(3);
/// Between two faults: long enough for some work, too short to be quiet.
const BETWEEN: Duration = Duration::from_secs(1);

type Fault = (&'static str, fn(&mut Stack) -> Result<()>);

const FAULTS: &[Fault] = &[
    ("translator killed", |stack| stack.translator.restart()),
    ("downloader killed", |stack| stack.downloader.restart()),
    ("operator killed", |stack| stack.operator.restart()),
    ("operator frozen", |stack| frozen(&mut stack.operator)),
    ("downloader frozen", |stack| frozen(&mut stack.downloader)),
    ("translator frozen", |stack| frozen(&mut stack.translator)),
    ("connections closed by the broker", |stack| control(stack, &["close_all_connections", "a fault"])),
    ("memory alarm", |stack| {
        control(stack, &["set_vm_memory_high_watermark", "0.000001"])?;
        thread::sleep(WHILE);
        control(stack, &["set_vm_memory_high_watermark", "absolute", "1GB"])
    }),
    ("RabbitMQ frozen", |stack| frozen(&mut stack.broker.server)),
    ("RabbitMQ killed", |stack| {
        stack.broker.kill()?;
        stack.broker.server.restart()
    }),
    ("download queue deleted", |stack| control(stack, &["delete_queue", "subtitle.tasks.download"])),
    ("translate queue deleted", |stack| control(stack, &["delete_queue", "subtitle.tasks.translate"])),
    ("Redis frozen", |stack| frozen(&mut stack.redis.server)),
    ("Redis killed", |stack| stack.redis.server.restart()),
    ("Redis scripts flushed", |stack| redis(stack, &["SCRIPT", "FLUSH"])),
    ("Redis read-only", |stack| {
        redis(stack, &["REPLICAOF", "127.0.0.1", "1"])?;
        thread::sleep(WHILE);
        redis(stack, &["REPLICAOF", "NO", "ONE"])
    }),
    ("Redis full", |stack| {
        redis(stack, &["CONFIG", "SET", "maxmemory", "1"])?;
        thread::sleep(WHILE);
        redis(stack, &["CONFIG", "SET", "maxmemory", "0"])
    }),
    ("Redis emptied", |stack| redis(stack, &["FLUSHALL"])),
    ("API server frozen", |stack| frozen(&mut stack.cluster.servers[0])),
    ("API server killed", |stack| stack.cluster.servers[0].restart()),
];

fn frozen(server: &mut Server) -> Result<()> {
    server.freeze(true)?;
    thread::sleep(WHILE);
    server.freeze(false)
}

fn control(stack: &Stack, arguments: &[&str]) -> Result<()> {
    stack.broker.control(arguments).map(drop)
}

fn redis(stack: &Stack, arguments: &[&str]) -> Result<()> {
    stack.redis_command(arguments).map(drop)
}

/// Inflicts every fault. A server that was just started again may not take orders yet: that fault is tried again.
pub(crate) fn each_once(stack: &mut Stack) {
    for (name, fault) in FAULTS {
        println!("{name}");
        let inflicted = (0..20).any(|_| match fault(stack) {
            Ok(()) => true,
            Err(error) => {
                println!("  not yet: {error:#}");
                thread::sleep(BETWEEN);
                false
            }
        });
        assert!(inflicted, "the fault '{name}' could not be inflicted");
        thread::sleep(BETWEEN);
    }
}
