//! Watches SubtitlePolicies, over the whole cluster or in some namespaces, each into a store of its own. A policy that this
//! version cannot decode is logged and not in the store, so that nothing is decided on an outdated copy. Does I/O.

use futures::{Stream, StreamExt as _, stream};
use kube::{
    Api, Client,
    runtime::{
        WatchStreamExt as _,
        reflector::{self, ObjectRef, Store, store::Writer},
        watcher::{self, Event, watcher},
    },
};
use subtitle_contract::policy::SubtitlePolicy;
use subtitle_telemetry::chain;

use super::guarded::{Guarded, Undecodable};

/// Watches these namespaces, or all of them if none is named. Returns the stores, and the stream that fills them: it must be
/// polled, and does not end.
pub fn watch_policies(
    client: &Client,
    namespaces: &[String],
) -> (Vec<Store<SubtitlePolicy>>, impl Stream<Item = ()> + Send + use<>) {
    let watches: Vec<Api<Guarded<SubtitlePolicy>>> = match namespaces {
        [] => vec![Api::all(client.clone())],
        some => some.iter().map(|name| Api::namespaced(client.clone(), name)).collect(),
    };
    let (stores, streams): (Vec<_>, Vec<_>) = watches
        .into_iter()
        .map(|api| {
            let (store, mut writer) = reflector::store();
            let known = store.clone();
            let changes = watcher(api, watcher::Config::default()).default_backoff();
            let filled = changes.map(move |change| match change {
                Ok(change) => apply(&known, &mut writer, change),
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the watch of policies failed and will be resumed");
                }
            });
            (store, filled.boxed())
        })
        .unzip();
    (stores, stream::select_all(streams))
}

fn apply(known: &Store<SubtitlePolicy>, writer: &mut Writer<SubtitlePolicy>, change: Event<Guarded<SubtitlePolicy>>) {
    let outdated = |object: &Undecodable| {
        let reference = ObjectRef::new(object.name()).within(object.namespace());
        known.get(&reference).map(|outdated| Event::Delete(outdated.as_ref().clone()))
    };
    let decoded = match change {
        Event::Init => Some(Event::Init),
        Event::InitDone => Some(Event::InitDone),
        Event::InitApply(object) => logged(object).ok().map(Event::InitApply),
        Event::Apply(object) => {
            logged(object).map_or_else(|object| outdated(&object), |policy| Some(Event::Apply(policy)))
        }
        Event::Delete(object) => {
            object.into_result().map_or_else(|object| outdated(&object), |policy| Some(Event::Delete(policy)))
        }
    };
    if let Some(event) = decoded {
        writer.apply_watcher_event(&event);
    }
}

fn logged(object: Guarded<SubtitlePolicy>) -> Result<SubtitlePolicy, Undecodable> {
    object.into_result().inspect_err(|undecodable| {
        tracing::warn!(error = %undecodable, "a SubtitlePolicy cannot be decoded by this version and is skipped until it changes");
    })
}
