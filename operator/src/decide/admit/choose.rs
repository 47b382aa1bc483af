//! Which waiting jobs get a task: those of all namespaces come in, the namespace with the fewest tasks out goes first. Called by
//! admission. Pure.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use jiff::Timestamp;

use super::{
    limits::{Admission, AdmissionLimits, end_of_day},
    lines::{Lines, Waiting},
};
use crate::observe::facts::NamespaceLimit;

/// The waiting jobs that get a task, where the queue has room for `window` downloads.
pub(super) fn choose(
    mut namespaces: BTreeMap<&str, Lines>,
    limits: AdmissionLimits,
    mut window: usize,
    now: Timestamp,
) -> Admission {
    let mut admission = Admission::default();
    let mut free = limits.total.saturating_sub(namespaces.values().map(|lines| lines.tasks).sum());
    let day_is_over = NamespaceLimit::JobsPerDay { limit: limits.jobs_per_day, until: end_of_day(now) };
    // The next job of each namespace; the first is that of the namespace with the fewest tasks out.
    let mut turns: BinaryHeap<Reverse<(usize, Waiting, &str)>> = BinaryHeap::new();
    for (name, lines) in &namespaces {
        if lines.started_today >= limits.jobs_per_day && lines.has_new_jobs() {
            admission.held.insert((*name).to_owned(), day_is_over);
        }
        turns.extend(lines.next(window).map(|job| Reverse((lines.tasks, job.clone(), *name))));
    }
    while let Some(Reverse((tasks, _, name))) = turns.pop() {
        if tasks > 0 && free == 0 {
            break; // every other namespace has as many out
        }
        let Some(lines) = namespaces.get_mut(name) else { continue };
        if tasks >= limits.per_namespace {
            admission.held.entry(name.to_owned()).or_insert(NamespaceLimit::Tasks(limits.per_namespace));
            continue;
        }
        // The window may have closed meanwhile.
        let Some(job) = lines.pop(window) else { continue };
        if !job.was_started && lines.started_today >= limits.jobs_per_day {
            admission.held.insert(name.to_owned(), day_is_over);
        } else {
            free = free.saturating_sub(1);
            window = window.saturating_sub(usize::from(job.is_download));
            lines.started_today += usize::from(!job.was_started);
            lines.tasks += 1;
            admission.admitted.insert(job.uid);
        }
        turns.extend(lines.next(window).map(|job| Reverse((lines.tasks, job.clone(), name))));
    }
    admission
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use subtitle_contract::job::Priority;

    use super::*;
    use crate::decide::admit::lines::Namespace;

    const WIDE: usize = usize::MAX;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn waiting(uid: &str, priority: Priority, second: i64) -> Waiting {
        Waiting {
            is_overdue: Reverse(false),
            priority: Reverse(priority),
            created: at(second),
            uid: uid.into(),
            is_download: true,
            was_started: false,
        }
    }

    fn many(priority: Priority) -> Vec<Waiting> {
        (0..10_000).map(|number| waiting(&format!("bulk-{number}"), priority, number)).collect()
    }

    /// A namespace with as many tasks out of a priority, and these jobs.
    fn namespace(out: &[(Priority, usize)], waiting: Vec<Waiting>) -> Namespace {
        Namespace { out: out.iter().copied().collect(), started_today: 0, waiting }
    }

    fn choose_at(
        namespaces: Vec<(&'static str, Namespace)>,
        limits: AdmissionLimits,
        window: usize,
        now: Timestamp,
    ) -> Admission {
        let lines = namespaces.into_iter().map(|(name, namespace)| (name, namespace.into_lines(now))).collect();
        choose(lines, limits, window, now)
    }

    fn uids(admission: &Admission) -> Vec<&str> {
        let mut uids: Vec<&str> = admission.admitted.iter().map(String::as_str).collect();
        uids.sort_unstable();
        uids
    }

    fn limits(total: usize, per_namespace: usize) -> AdmissionLimits {
        AdmissionLimits::new(total, Some(per_namespace), None)
    }

    #[test]
    fn tonights_film_does_not_wait_behind_ten_thousand() {
        let mut bulk = many(Priority::Normal);
        bulk.push(waiting("urgent", Priority::High, 500));
        let home = namespace(&[], vec![waiting("tonight", Priority::Normal, 400)]);
        let both = vec![("bulk", namespace(&[], bulk)), ("home", home)];
        let admission = choose_at(both, limits(3, 2), WIDE, at(500));
        assert_eq!(uids(&admission), ["bulk-0", "tonight", "urgent"]);
    }

    #[test]
    fn ten_thousand_urgent_jobs_of_one_namespace_do_not_delay_anothers_one() {
        let limits = AdmissionLimits::new(4, None, None);
        for (out, expected) in [(0, vec!["bulk-0", "bulk-1", "tonight"]), (2, vec!["tonight"]), (4, vec!["tonight"])] {
            let bulk = namespace(&[(Priority::High, out)], many(Priority::High));
            let home = namespace(&[], vec![waiting("tonight", Priority::Low, 20_000)]);
            let admission = choose_at(vec![("bulk", bulk), ("home", home)], limits, WIDE, at(0));
            assert_eq!(uids(&admission), expected, "{out} of bulk are out");
        }
        let bulk = namespace(&[(Priority::High, 4)], many(Priority::High));
        let home = namespace(&[(Priority::Low, 1)], vec![waiting("tonight", Priority::Low, 20_000)]);
        let admission = choose_at(vec![("bulk", bulk), ("home", home)], limits, WIDE, at(0));
        assert!(admission.admitted.is_empty(), "only the first task of a namespace may exceed the total");
    }

    #[test]
    fn a_limit_of_the_namespace_holds_its_jobs_and_is_named() {
        let admission = choose_at(vec![("bulk", namespace(&[], many(Priority::Normal)))], limits(10, 7), WIDE, at(0));
        assert_eq!(admission.admitted.len(), 7);
        assert_eq!(admission.held, [("bulk".to_owned(), NamespaceLimit::Tasks(7))].into());
        assert_eq!(AdmissionLimits::new(1, None, None).per_namespace, 1);

        let mut jobs = vec![waiting("new", Priority::High, 0), waiting("other", Priority::High, 1)];
        jobs.push(Waiting { was_started: true, ..waiting("retried", Priority::Low, 2) });
        let busy = Namespace { started_today: 4, ..namespace(&[], jobs) };
        let limits = AdmissionLimits::new(10, None, Some(5));
        let admission = choose_at(vec![("bulk", busy)], limits, WIDE, at(100));
        assert_eq!(uids(&admission), ["new", "retried"], "a retried job does not count again");
        let until = end_of_day(at(100));
        assert_eq!(admission.held, [("bulk".to_owned(), NamespaceLimit::JobsPerDay { limit: 5, until })].into());
    }

    #[test]
    fn an_urgent_job_takes_the_next_place_in_the_queue() {
        let jobs = || {
            let mut jobs = many(Priority::Low);
            jobs.push(waiting("urgent", Priority::High, 500));
            namespace(&[(Priority::Low, 8)], jobs)
        };
        let limits = AdmissionLimits::new(200, None, None);
        assert_eq!(uids(&choose_at(vec![("bulk", jobs())], limits, 1, at(500))), ["urgent"]);
        assert!(choose_at(vec![("bulk", jobs())], limits, 0, at(500)).admitted.is_empty(), "the window is closed");
        let mut translated = jobs();
        translated.waiting.push(Waiting { is_download: false, ..waiting("retried", Priority::Low, 0) });
        let admission = choose_at(vec![("bulk", translated)], limits, 0, at(500));
        assert_eq!(uids(&admission), ["retried"], "the window is for downloads");
    }

    #[test]
    fn the_first_task_of_a_namespace_is_published_into_a_full_queue() {
        let bulk = namespace(&[(Priority::High, 4)], many(Priority::High));
        let home = namespace(&[], vec![waiting("tonight", Priority::Low, 0), waiting("tomorrow", Priority::Low, 1)]);
        let admission =
            choose_at(vec![("bulk", bulk), ("home", home)], AdmissionLimits::new(200, None, None), 0, at(0));
        assert_eq!(uids(&admission), ["tonight"]);
    }

    #[test]
    fn each_priority_has_a_task_after_ten_minutes() {
        let jobs = |out: &[(Priority, usize)]| {
            let mut jobs = many(Priority::High);
            jobs.extend([waiting("older", Priority::Low, 0), waiting("old", Priority::Low, 1)]);
            namespace(out, jobs)
        };
        let limits = AdmissionLimits::new(200, None, None);
        let next = |out: &[(Priority, usize)], now| choose_at(vec![("bulk", jobs(out))], limits, 1, at(now)).admitted;
        let set = |uid: &str| HashSet::from([uid.to_owned()]);
        assert_eq!(next(&[(Priority::High, 8)], 599), set("bulk-0"));
        assert_eq!(next(&[(Priority::High, 8)], 601), set("older"));
        assert_eq!(next(&[(Priority::High, 7), (Priority::Low, 1)], 601), set("bulk-0"), "it has its share");
    }
}
