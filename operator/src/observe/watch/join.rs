//! Merges one watch per namespace into one watch over all of them. A watch that lists again must not remove the other namespaces
//! from the store, and the store is ready only when every namespace has been listed. Called by the watch. Pure.

use std::collections::{HashMap, HashSet};

use kube::{ResourceExt as _, runtime::watcher::Event};

use super::guarded::GuardedJob;

/// Merges the watches of several namespaces.
pub(super) struct Join {
    /// Namespaces whose first list is not complete yet.
    missing: HashSet<String>,
    /// Lists in progress, by namespace; until every namespace is listed, also the complete ones.
    lists: HashMap<String, Vec<GuardedJob>>,
}

impl Join {
    pub(super) fn new(namespaces: &[String]) -> Self {
        Self { missing: namespaces.iter().cloned().collect(), lists: HashMap::new() }
    }

    /// Translates a change in one namespace into a change of the merged watch. `known` returns the objects of a namespace that
    /// have been passed on so far.
    pub(super) fn next(
        &mut self,
        namespace: &str,
        change: Event<GuardedJob>,
        known: impl Fn(&str) -> Vec<GuardedJob>,
    ) -> Vec<Event<GuardedJob>> {
        let is_ready = self.missing.is_empty();
        match change {
            Event::Init => {
                self.lists.insert(namespace.to_owned(), Vec::new());
                vec![]
            }
            Event::InitApply(job) => {
                self.lists.entry(namespace.to_owned()).or_default().push(job);
                vec![]
            }
            Event::InitDone if is_ready => {
                let listed = self.lists.remove(namespace).unwrap_or_default();
                let uids: HashSet<_> = listed.iter().map(kube::ResourceExt::uid).collect();
                let gone = known(namespace).into_iter().filter(|job| !uids.contains(&job.uid())).map(Event::Delete);
                gone.chain(listed.into_iter().map(Event::Apply)).collect()
            }
            Event::InitDone => {
                self.missing.remove(namespace);
                if !self.missing.is_empty() {
                    return vec![];
                }
                let listed = std::mem::take(&mut self.lists).into_values().flatten().map(Event::InitApply);
                std::iter::once(Event::Init).chain(listed).chain([Event::InitDone]).collect()
            }
            change if is_ready => vec![change],
            Event::Apply(job) => {
                let list = self.lists.entry(namespace.to_owned()).or_default();
                list.retain(|listed| listed.uid() != job.uid());
                list.push(job);
                vec![]
            }
            Event::Delete(job) => {
                let list = self.lists.entry(namespace.to_owned()).or_default();
                list.retain(|listed| listed.uid() != job.uid());
                vec![]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use subtitle_contract::job::SubtitleJob;

    use super::*;

    fn job(namespace: &str, name: &str) -> GuardedJob {
        let spec = serde_json::json!({"video": {"title": name}, "language": "es"});
        let mut job = SubtitleJob::new(name, serde_json::from_value(spec).expect("a spec"));
        job.metadata.namespace = Some(namespace.to_owned());
        job.metadata.uid = Some(format!("{namespace}/{name}"));
        GuardedJob::Decoded(Box::new(job))
    }

    /// Applies a watch's changes to a store like that of kube's reflector; returns its content, and whether it is ready.
    fn play(changes: Vec<(&str, Event<GuardedJob>)>) -> (Vec<String>, bool, Vec<String>) {
        let mut join = Join::new(&["a".to_owned(), "b".to_owned()]);
        let (mut store, mut buffer): (Vec<GuardedJob>, Vec<GuardedJob>) = (Vec::new(), Vec::new());
        let (mut is_ready, mut deleted) = (false, Vec::new());
        for (namespace, change) in changes {
            let known = |namespace: &str| {
                store.iter().filter(|job| job.namespace().as_deref() == Some(namespace)).cloned().collect::<Vec<_>>()
            };
            for change in join.next(namespace, change, known) {
                match change {
                    Event::Init => buffer.clear(),
                    Event::InitApply(job) => buffer.push(job),
                    Event::InitDone => (store, is_ready) = (std::mem::take(&mut buffer), true),
                    Event::Apply(job) => {
                        store.retain(|known| known.uid() != job.uid());
                        store.push(job);
                    }
                    Event::Delete(job) => {
                        store.retain(|known| known.uid() != job.uid());
                        deleted.extend(job.uid());
                    }
                }
            }
        }
        let mut held: Vec<String> = store.iter().filter_map(kube::ResourceExt::uid).collect();
        held.sort();
        (held, is_ready, deleted)
    }

    #[test]
    fn the_store_is_ready_when_every_namespace_is_listed_and_a_list_keeps_other_namespaces() {
        let first = vec![
            ("a", Event::Init),
            ("a", Event::InitApply(job("a", "one"))),
            ("a", Event::InitDone),
            ("a", Event::Apply(job("a", "two"))),
            ("a", Event::Delete(job("a", "one"))),
        ];
        assert_eq!(play(first.clone()), (vec![], false, vec![]), "the store is ready before b is listed");
        let both =
            [first, vec![("b", Event::Init), ("b", Event::InitApply(job("b", "x"))), ("b", Event::InitDone)]].concat();
        assert_eq!(play(both.clone()), (vec!["a/two".into(), "b/x".into()], true, vec![]));
        let again = [
            both,
            vec![
                ("b", Event::Apply(job("b", "y"))),
                ("a", Event::Init),
                ("a", Event::InitApply(job("a", "three"))),
                ("b", Event::Delete(job("b", "x"))),
                ("a", Event::InitDone),
            ],
        ]
        .concat();
        let held = vec!["a/three".into(), "b/y".into()];
        assert_eq!(
            play(again),
            (held, true, vec!["b/x".into(), "a/two".into()]),
            "objects that a list lacks were not deleted"
        );
    }
}
