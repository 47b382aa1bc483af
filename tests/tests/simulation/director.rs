//! Drives the simulation at random: users create, suspend, retry and delete jobs; processes are killed and restarted; servers
//! lose their data or are unavailable for a while. After `heal` there are no more faults. Pure.

use std::sync::Arc;

use object_store::memory::InMemory;
use subtitle_contract::topology::{CONSUMER_QUEUE, DOWNLOAD_QUEUE, HISTORY_STREAM, TRANSLATE_QUEUE};

use crate::{
    checks::corners::Corner,
    faults::{MAX_SKEW, MAX_WORKER_SKEW, PROCESSES, WORKERS, name_of},
    ports::{engine::translator, search::downloader},
    processes::{operator, worker},
    publishers::{fail_newly, publish_unknown_failure, repeat_an_event, talk_nonsense},
    scheduler::Command,
    servers::api_server::Place,
    users::{self, Request},
    world::{Sim, World},
};

/// A scheduled action.
#[derive(Clone, Debug)]
enum Scheduled {
    Start(usize),
    Lead(usize),
    Crash(usize),
    List(usize),
    Create(Request),
    Finalize(Place),
    Flow,
}

/// Schedules and performs the random actions.
pub(crate) struct Director {
    sim: Sim,
    files: Arc<InMemory>,
    later: Vec<(u64, Scheduled)>,
    incarnations: u64,
    runs: [bool; PROCESSES.len()],
}

impl Director {
    /// Starts every process, and schedules the jobs of this seed.
    pub(crate) fn begin(sim: &Sim) -> Self {
        let later =
            sim.with(users::requests).into_iter().map(|(when, request)| (when, Scheduled::Create(request))).collect();
        let (files, incarnations) = (Arc::new(InMemory::new()), 0);
        let mut director = Self { sim: sim.clone(), files, later, incarnations, runs: [false; PROCESSES.len()] };
        sim.with(|world| world.leads = [true, world.rates.two_owners]);
        (0..PROCESSES.len()).for_each(|process| director.start(process));
        director
    }

    fn start(&mut self, process: usize) {
        if std::mem::replace(&mut self.runs[process], true) {
            return;
        }
        self.incarnations += 1;
        self.sim.with(|world| world.note(|| format!("{} starts", name_of(process))));
        if process < WORKERS.start {
            operator::start(&self.sim, process, worker::store(&self.sim, process, &self.files));
            return;
        }
        let store = worker::store(&self.sim, process, &self.files);
        if process < 4 {
            let work = downloader(&self.sim, process, self.incarnations, &store);
            worker::start(&self.sim, process, self.incarnations, work, store);
        } else {
            let work = translator(&self.sim, process, &store);
            worker::start(&self.sim, process, self.incarnations, work, store);
        }
    }

    /// Kills a process: its memory is lost, and its unacknowledged deliveries are requeued.
    fn crash(&mut self, process: usize) {
        if !std::mem::replace(&mut self.runs[process], false) {
            return;
        }
        self.sim.with(|world| {
            world.note(|| format!("{} DIES", name_of(process)));
            if world.checks.paid.has_pending_call(process) {
                world.reach(Corner::KilledWhileRunning);
            }
            world.queue_command(Command::EndProcess(process));
            for (session, _) in world.broker.sessions().into_iter().filter(|(_, of)| *of == process) {
                world.broker.close(session);
            }
            world.records_may_be_behind |= process < WORKERS.start;
            world.api.watches.remove(&process);
            world.checks.paid.died(process);
        });
        let back_after = self.milliseconds(20_000);
        self.after(back_after, Scheduled::Start(process));
        if process < WORKERS.start {
            self.sim.with(|world| world.leads[process] = false);
            let leads_after = self.milliseconds(16_000);
            let next = if self.has_two_owners() { process } else { 1 - process };
            self.after(leads_after, Scheduled::Lead(next));
        }
    }

    fn has_two_owners(&self) -> bool {
        self.sim.with(|world| world.rates.two_owners)
    }

    fn milliseconds(&self, most: u64) -> u64 {
        self.sim.with(|world| world.random.below(most))
    }

    fn after(&mut self, milliseconds: u64, what: Scheduled) {
        let due = self.sim.with(|world| world.elapsed) + milliseconds;
        self.later.push((due, what));
    }

    /// The time of the next scheduled action.
    pub(crate) fn next(&self) -> Option<u64> {
        self.later.iter().map(|(due, _)| *due).min()
    }

    /// Performs the actions that are due.
    pub(crate) fn catch_up(&mut self) {
        if self.later.is_empty() {
            return;
        }
        let now = self.sim.with(|world| world.elapsed);
        while let Some(at) = self.later.iter().position(|(due, _)| *due <= now) {
            match self.later.remove(at).1 {
                Scheduled::Start(process) => self.start(process),
                Scheduled::Crash(process) => self.crash(process),
                Scheduled::Lead(process) => self.sim.with(|world| {
                    world.note(|| format!("{} leads", name_of(process)));
                    world.leads[process] = true;
                    if world.leads == [true, true] && self.runs[0] && self.runs[1] {
                        world.reach(Corner::TwoLeaders);
                    }
                }),
                Scheduled::List(process) => self.sim.with(|world| {
                    if world.api.watches.contains_key(&process) {
                        world.api.list(process);
                    }
                }),
                Scheduled::Flow => self.sim.with(|world| world.broker.wake_pump()),
                Scheduled::Finalize(place) => self.sim.with(|world| world.api.remove(&place)),
                Scheduled::Create(request) => self.sim.with(|world| users::create(world, &request)),
            }
        }
    }

    /// Performs a random action.
    pub(crate) fn act(&mut self) {
        let choice = self.milliseconds(100);
        let process = self.sim.with(|world| world.random.index(PROCESSES.len()));
        let operator = process % WORKERS.start;
        match choice {
            0..18 => self.crash(process),
            18..24 => self.overlap(),
            24..32 => self.sim.with(close_a_session),
            32..37 => self.sim.with(|world| {
                world.note(|| "Redis is WIPED".to_owned());
                if !world.redis.histories.is_empty() {
                    world.reach(Corner::Wiped);
                }
                world.redis.wipe();
                world.checks.wiped();
            }),
            37..48 => self.go_away(choice),
            48..54 => self.sim.with(|world| {
                let queue = [DOWNLOAD_QUEUE, TRANSLATE_QUEUE, CONSUMER_QUEUE, HISTORY_STREAM][world.random.index(4)];
                if queue == HISTORY_STREAM {
                    world.checks.stream_deleted();
                }
                world.note(|| format!("{queue} is DELETED"));
                if world.broker.all(queue).next().is_some() {
                    world.reach(Corner::QueueDeleted);
                }
                if [DOWNLOAD_QUEUE, TRANSLATE_QUEUE].contains(&queue) {
                    let tasks = world.broker.all(queue).filter_map(|message| message.event.as_deref());
                    world.checks.lost_tasks.lost(tasks);
                }
                world.broker.delete(queue);
            }),
            54..60 => {
                self.sim.with(|world| {
                    world.note(|| format!("the watch of {} has a GAP", name_of(operator)));
                    world.records_may_be_behind = true;
                    if let Some(watch) = world.api.watches.get_mut(&operator) {
                        watch.changes.clear();
                        watch.is_broken = true;
                    }
                });
                let lasts = self.milliseconds(5_000);
                self.after(lasts, Scheduled::List(operator));
            }
            60..66 => self.sim.with(|world| {
                let until = world.elapsed + world.random.below(8_000);
                world.note(|| format!("the watch of {} stalls", name_of(operator)));
                if let Some(watch) = world.api.watches.get_mut(&operator) {
                    watch.stalls_until = until;
                }
            }),
            66..70 => self.sim.with(repeat_an_event),
            70..73 => self.stall(),
            73 => self.sim.with(|world| {
                let is_wide = process >= WORKERS.start && world.random.permille(400);
                let widest = if is_wide { MAX_WORKER_SKEW } else { MAX_SKEW };
                let skew = world.random.below(u64::try_from(2 * widest).unwrap_or(1));
                let skew = i64::try_from(skew).unwrap_or(0) - widest;
                world.set_clock(process, skew);
                world.note(|| format!("the CLOCK of {} is {skew} ms ahead", name_of(process)));
                world.reach(Corner::ClockSet);
            }),
            74 => self.sim.with(|world| match world.random.index(8) {
                0 => users::write_unknown_phase(world),
                1 | 2 => fail_newly(world),
                3 | 4 => talk_nonsense(world),
                _ => users::restore_status(world),
            }),
            75..77 => self.sim.with(|world| {
                world.checks.paid.claims_may_lapse = true;
                world.elapsed += world.random.below(30_000);
            }),
            77 => self.sim.with(|world| {
                world.reach(Corner::NewCredentials);
                world.note(|| "the broker's CREDENTIALS change".to_owned());
                world.broker.change_credentials();
            }),
            78 => {
                if let Some(place) = self.sim.with(users::delete_with_finalizer) {
                    let later = self.milliseconds(20_000);
                    self.after(later, Scheduled::Finalize(place));
                }
            }
            79..84 => {
                if let Some(again) = self.sim.with(users::delete) {
                    let later = self.milliseconds(5_000);
                    self.after(later, Scheduled::Create(again));
                }
            }
            84..93 => self.sim.with(users::suspend_or_resume),
            93..95 if self.has_two_owners() => self.sim.with(users::give_away),
            _ => self.sim.with(users::retry),
        }
    }

    /// Makes both operators lead at once; the previous leader notices later.
    fn overlap(&mut self) {
        let leads = self.sim.with(|world| world.leads);
        let Some(old) = leads.iter().position(|leads| *leads).filter(|_| !self.has_two_owners()) else { return };
        self.after(0, Scheduled::Lead(1 - old));
        let noticed_after = self.milliseconds(15_000);
        self.after(noticed_after, Scheduled::Crash(old));
    }

    /// Makes the broker hold back events for a while.
    fn stall(&mut self) {
        let lasts = self.milliseconds(30_000);
        self.sim.with(|world| {
            world.note(|| "events STALL".to_owned());
            world.broker.stalls_until = world.elapsed + lasts;
        });
        self.after(lasts, Scheduled::Flow);
    }

    fn go_away(&mut self, choice: u64) {
        self.sim.with(|world| {
            let until = world.elapsed + world.random.below(12_000);
            if choice.is_multiple_of(3) && world.random.permille(400) {
                world.redis.flaps = (until, 20 + world.random.below(1_000));
                world.note(|| "the connection to Redis FLAPS".to_owned());
                return;
            }
            world.checks.paid.claims_may_lapse |= choice % 3 == 2;
            let (server, away) = match choice % 3 {
                0 => ("Redis", &mut world.redis.away_until),
                1 => ("the API server", &mut world.api.away_until),
                _ => ("the object store", &mut world.store_away_until),
            };
            *away = until;
            world.note(|| format!("{server} is AWAY"));
        });
    }

    /// Ends all faults: every process runs, every server is available, and one operator leads.
    pub(crate) fn heal(&mut self) {
        let now = self.sim.with(|world| {
            world.note(|| "everything is WELL from now on".to_owned());
            world.rates.are_on = false;
            world.broker.stalls_until = 0;
            world.broker.wake_pump();
            world.redis.flaps.0 = 0;
            (world.redis.away_until, world.api.away_until, world.store_away_until) = (0, 0, 0);
            for process in 0..WORKERS.start {
                if world.api.watches.get(&process).is_some_and(|watch| watch.is_broken) {
                    world.api.list(process);
                }
            }
            world.elapsed
        });
        self.sim.with(users::delete_rejected_jobs);
        self.sim.with(users::create_glossaries);
        self.later.retain(|(_, later)| matches!(later, Scheduled::Create(request) if !request.is_refused()));
        self.later.iter_mut().for_each(|(due, _)| *due = (*due).min(now));
        (0..PROCESSES.len()).for_each(|process| self.start(process));
        let leads = self.sim.with(|world| world.leads);
        match leads {
            _ if self.has_two_owners() => self.sim.with(|world| world.leads = [true; 2]),
            [true, true] => {
                self.crash(0);
                self.later.clear();
                self.start(0);
            }
            [false, false] => self.sim.with(|world| world.leads[0] = true),
            _ => {}
        }
        self.catch_up();
        self.sim.with(|world| {
            for job in users::in_unknown_phase(world) {
                publish_unknown_failure(world, &job);
            }
        });
    }
}

fn close_a_session(world: &mut World) {
    let sessions = world.broker.sessions();
    if sessions.is_empty() {
        return;
    }
    if world.random.permille(250) {
        world.note(|| "the broker RESTARTS".to_owned());
        for (session, _) in sessions {
            world.broker.close(session);
        }
        return;
    }
    let (session, process) = sessions[world.random.index(sessions.len())];
    world.note(|| format!("a session of {} is CUT", name_of(process)));
    world.broker.close(session);
}
