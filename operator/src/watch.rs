//! The watch of SubtitleJobs and the store it fills: one watch over the cluster, or one for each namespace, joined into
//! one store that is ready when every namespace has been listed.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt as _, stream, stream::BoxStream};
use kube::{
    Api, Client, ResourceExt,
    runtime::{
        WatchStreamExt as _,
        reflector::{self, Store},
        watcher::{self, Event},
    },
};
use subtitle_contract::job::SubtitleJob;

/// The watch over these namespaces, or over all if none is named, and the store it fills; deletions go to `deleted`.
pub fn watch_jobs<D: Fn(SubtitleJob) + Send + 'static>(
    client: Client,
    namespaces: &[String],
    deleted: D,
) -> (Store<SubtitleJob>, impl futures::Stream<Item = Result<SubtitleJob, watcher::Error>> + Send + use<D>) {
    let (store, writer) = reflector::store();
    let changes = match namespaces {
        [] => one_watch(Api::all(client)),
        some => joined(&client, some, store.clone()),
    };
    let stream = changes
        .reflect(writer)
        .inspect(move |change| {
            if let Ok(Event::Delete(job)) = change {
                deleted(job.clone());
            }
        })
        .touched_objects()
        .filter_map(|change| async move {
            // An error only pauses this stream: passed on, it would pause every trigger of the controller.
            change.map_err(|error| tracing::warn!(%error, "the watch will be resumed")).ok().map(Ok)
        });
    (store, stream)
}

type Changes = BoxStream<'static, Result<Event<SubtitleJob>, watcher::Error>>;

fn one_watch(api: Api<SubtitleJob>) -> Changes {
    kube::runtime::watcher(api, watcher::Config::default())
        .default_backoff()
        .modify(|job: &mut SubtitleJob| job.metadata.managed_fields = None)
        .boxed()
}

fn joined(client: &Client, namespaces: &[String], store: Store<SubtitleJob>) -> Changes {
    let watch = |namespace: &String| {
        let changes = one_watch(Api::namespaced(client.clone(), namespace));
        let namespace = namespace.clone();
        changes.map(move |change| (namespace.clone(), change)).boxed()
    };
    let mut join = Join::new(namespaces);
    stream::select_all(namespaces.iter().map(watch))
        .flat_map(move |(namespace, change)| {
            let known = |namespace: &str| {
                let is_there = |job: &SubtitleJob| job.namespace().as_deref() == Some(namespace);
                store.state().iter().filter(|job| is_there(job)).map(|job| job.as_ref().clone()).collect()
            };
            let changes = match change {
                Ok(change) => join.next(&namespace, change, known).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            stream::iter(changes)
        })
        .boxed()
}

/// Turns the changes of several watches into those of one: a watch that lists anew must not make the store forget the
/// other namespaces.
struct Join {
    /// Namespaces that have not been listed to the end yet.
    missing: HashSet<String>,
    /// Lists that are being read, by namespace; until every namespace is listed, the finished ones too.
    lists: HashMap<String, Vec<SubtitleJob>>,
}

impl Join {
    fn new(namespaces: &[String]) -> Self {
        Self { missing: namespaces.iter().cloned().collect(), lists: HashMap::new() }
    }

    /// What one change of one namespace's watch means for the store. `known`: what it holds of a namespace.
    fn next(
        &mut self,
        namespace: &str,
        change: Event<SubtitleJob>,
        known: impl Fn(&str) -> Vec<SubtitleJob>,
    ) -> Vec<Event<SubtitleJob>> {
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
                let uids: HashSet<_> = listed.iter().map(ResourceExt::uid).collect();
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
    use super::*;

    fn job(namespace: &str, name: &str) -> SubtitleJob {
        let spec = serde_json::json!({"video": {"title": name}, "language": "es"});
        let mut job = SubtitleJob::new(name, serde_json::from_value(spec).expect("a spec"));
        job.metadata.namespace = Some(namespace.to_owned());
        job.metadata.uid = Some(format!("{namespace}/{name}"));
        job
    }

    /// Plays a watch's changes against a store as kube's reflector keeps it; what the store holds, and whether it is ready.
    fn play(changes: Vec<(&str, Event<SubtitleJob>)>) -> (Vec<String>, bool, Vec<String>) {
        let mut join = Join::new(&["a".to_owned(), "b".to_owned()]);
        let (mut store, mut buffer): (Vec<SubtitleJob>, Vec<SubtitleJob>) = (Vec::new(), Vec::new());
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
        let mut held: Vec<String> = store.iter().filter_map(ResourceExt::uid).collect();
        held.sort();
        (held, is_ready, deleted)
    }

    #[test]
    fn the_store_is_ready_only_when_every_namespace_is_listed_and_no_list_forgets_another_namespace() {
        let first = vec![
            ("a", Event::Init),
            ("a", Event::InitApply(job("a", "one"))),
            ("a", Event::InitDone),
            ("a", Event::Apply(job("a", "two"))),
            ("a", Event::Delete(job("a", "one"))),
        ];
        assert_eq!(play(first.clone()), (vec![], false, vec![]), "b is not listed yet");
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
        assert_eq!(play(again), (held, true, vec!["b/x".into(), "a/two".into()]), "what a list lacks was deleted");
    }
}
