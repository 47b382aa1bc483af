//! One seed from its start to its verdict: faults for a while, then all must come to rest, then nothing may change.

use std::{collections::BTreeSet, task::Poll};

use crate::{
    checks::{
        corners::Corner,
        lost_tasks::forgotten,
        rest::{has_record_behind_only, starved, unsettled},
    },
    director::Director,
    faults::{FaultRates, Planted},
    scheduler::{ProcessId, TaskScheduler},
    world::Sim,
};

/// How long things go wrong, at most, in milliseconds and in steps.
const FAULTS: (u64, usize) = (60_000, 4_000);
/// How soon after that all must be at rest.
const REST_WITHIN: (u64, usize) = (3_000_000, 150_000);
/// How soon a record that is behind its status is brought forward when nothing else is left to do, in milliseconds.
const RECORDS_WITHIN: u64 = 30_000;
/// How soon a namespace without a task gets its first place, whatever others have out, in milliseconds: below the time of a
/// slow task.
const FIRST_PLACE_WITHIN: u64 = 40_000;
/// How long nothing may happen then: longer than any period of a loop but the slowest.
const QUIET: u64 = 70_000;

/// The outcome of a seed.
pub(crate) struct Verdict {
    /// The rule that was broken, and how.
    pub(crate) violation: Option<String>,
    /// What happened, if that was wanted.
    pub(crate) trace: Vec<String>,
    /// How much happened.
    pub(crate) steps: usize,
    /// Where it came to.
    pub(crate) reached: BTreeSet<Corner>,
}

struct Simulation {
    sim: Sim,
    scheduler: TaskScheduler,
    director: Director,
    steps: usize,
    /// Since when nothing is left to do but to bring a record forward.
    behind_since: Option<u64>,
    /// Since when a namespace waits for its first place, and which.
    starved_since: Option<(u64, String)>,
}

/// Plays a seed.
pub(crate) fn run(seed: u64, planted: Option<Planted>, is_traced: bool) -> Verdict {
    run_with(seed, FaultRates::from_seed(seed), planted, is_traced)
}

/// Plays a seed with the given fault rates.
pub(crate) fn run_with(seed: u64, rates: FaultRates, planted: Option<Planted>, is_traced: bool) -> Verdict {
    let has_faults = rates.are_on;
    let sim = Sim::new(seed, rates, planted, is_traced);
    sim.spawn(ProcessId(usize::MAX), deliver(sim.clone()));
    let director = Director::begin(&sim);
    let scheduler = TaskScheduler::default();
    let mut simulation = Simulation { sim, scheduler, director, steps: 0, behind_since: None, starved_since: None };
    let violation = simulation.play(has_faults).err();
    let (trace, reached) = simulation.sim.with(|world| {
        if world.broker.given_up > 0 {
            world.reach(Corner::DeliveryLimit);
        }
        if !world.checks.continued.is_empty() {
            world.reach(Corner::Continued);
        }
        (world.take_trace(), std::mem::take(&mut world.reached))
    });
    Verdict { violation, trace, steps: simulation.steps, reached }
}

impl Simulation {
    fn play(&mut self, has_faults: bool) -> Result<(), String> {
        let faults = self.sim.with(|world| world.random.below(FAULTS.0)) + 5_000;
        if has_faults {
            self.until(faults, self.steps + FAULTS.1, false)?;
        }
        self.director.heal();
        let now = self.sim.with(|world| world.elapsed);
        self.until(now + REST_WITHIN.0, self.steps + REST_WITHIN.1, true)?;
        if let Some(what) = self.sim.with(|world| unsettled(world)) {
            return Err(format!("at rest: {what}"));
        }
        let (now, writes) = self.sim.with(|world| (world.elapsed, world.checks.writes));
        self.until(now + QUIET, self.steps + REST_WITHIN.1, false)?;
        match self.sim.with(|world| (world.checks.writes - writes, unsettled(world))) {
            (0, None) => Ok(()),
            (0, Some(what)) => Err(format!("at rest no more: {what}")),
            (writes, _) => Err(format!("I7: {writes} writes at rest")),
        }
    }

    /// Whether nothing is left to do. A record that is behind its status must not stay so while Redis answers: the slow
    /// comparison of all records is for what nobody noticed.
    fn is_at_rest(&mut self) -> Result<bool, String> {
        let (now, left, is_behind, starved) =
            self.sim.with(|world| (world.elapsed, unsettled(world), has_record_behind_only(world), starved(world)));
        let before = self.starved_since.take();
        self.starved_since = starved.map(|namespace| match before {
            Some((since, same)) if same == namespace => (since, same),
            _ => (now, namespace),
        });
        if let Some((since, namespace)) = &self.starved_since
            && now - since > FIRST_PLACE_WITHIN
        {
            return Err(format!("fairness: a job of '{namespace}', which has no task, waits for its turn too long"));
        }
        if let Some(what) = self.sim.with(|world| forgotten(world)) {
            return Err(format!("I5: {what}"));
        }
        self.behind_since = if is_behind { self.behind_since.or(Some(now)) } else { None };
        match self.behind_since {
            Some(since) if now - since > RECORDS_WITHIN => Err(format!("{} for too long", left.unwrap_or_default())),
            _ => Ok(left.is_none()),
        }
    }

    /// Steps until a time, or until `rests` and nothing is left to do.
    fn until(&mut self, end: u64, most_steps: usize, rests: bool) -> Result<(), String> {
        while self.steps < most_steps {
            self.steps += 1;
            let (commands, happens, is_slow) = self.sim.with(|world| {
                let (are_on, events, slow) = (world.rates.are_on, world.rates.events, world.rates.slow);
                (world.take_commands(), are_on && world.happens(events), are_on && world.happens(slow))
            });
            self.scheduler.apply_commands(commands);
            self.director.catch_up();
            if happens {
                self.director.act();
                continue;
            }
            if is_slow || !self.scheduler.step(&self.sim) {
                if rests && self.is_at_rest()? {
                    return Ok(());
                }
                let next = self.director.next().unwrap_or(u64::MAX).min(end);
                let now = self.sim.with(|world| {
                    if !world.jump(next) {
                        world.elapsed = world.elapsed.max(next);
                    }
                    world.elapsed
                });
                if now >= end {
                    return Ok(());
                }
            }
            if let Some(violation) = self.sim.with(|world| world.checks.violation.take()) {
                return Err(violation);
            }
        }
        Ok(())
    }
}

/// RabbitMQ itself: delivers one message after the other to a consumer that may get it.
async fn deliver(sim: Sim) {
    loop {
        std::future::poll_fn(|context| {
            sim.with(|world| {
                let able = world.broker.deliverable(world.elapsed);
                if able.is_empty() {
                    world.broker.pump = Some(context.waker().clone());
                    return Poll::Pending;
                }
                let chosen = able[world.random.index(able.len())];
                world.broker.deliver(chosen);
                Poll::Ready(())
            })
        })
        .await;
        sim.step().await;
    }
}
