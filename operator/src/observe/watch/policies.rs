//! Watches SubtitlePolicies, over the whole cluster or in some namespaces, each into a store of its own. A policy that this
//! version cannot decode is logged and not in the store, so that nothing is decided on an outdated copy. Does I/O.

use futures::{Stream, StreamExt as _, stream};
use kube::{
    Api, Client,
    core::DeserializeGuard,
    runtime::{
        WatchStreamExt as _,
        reflector::{self, ObjectRef, Store, store::Writer},
        watcher::{self, Event, watcher},
    },
};
use subtitle_contract::{policy::SubtitlePolicy, text::sanitize};
use subtitle_telemetry::chain;

/// The longest reason why a policy cannot be decoded, in characters.
const MAX_REASON_CHARS: usize = 300;

/// Watches these namespaces, or all of them if none is named. Returns the stores, and the stream that fills them: it must be
/// polled, and does not end.
pub fn watch_policies(
    client: &Client,
    namespaces: &[String],
) -> (Vec<Store<SubtitlePolicy>>, impl Stream<Item = ()> + Send + use<>) {
    let watches: Vec<Api<DeserializeGuard<SubtitlePolicy>>> = match namespaces {
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

fn apply(
    known: &Store<SubtitlePolicy>,
    writer: &mut Writer<SubtitlePolicy>,
    change: Event<DeserializeGuard<SubtitlePolicy>>,
) {
    let decoded = match change {
        Event::Init => Some(Event::Init),
        Event::InitDone => Some(Event::InitDone),
        Event::InitApply(object) => decoded(object).ok().map(Event::InitApply),
        Event::Delete(object) => decoded(object).ok().map(Event::Delete),
        Event::Apply(object) => match decoded(object) {
            Ok(policy) => Some(Event::Apply(policy)),
            Err(reference) => known.get(&reference).map(|outdated| Event::Delete(outdated.as_ref().clone())),
        },
    };
    if let Some(event) = decoded {
        writer.apply_watcher_event(&event);
    }
}

fn decoded(object: DeserializeGuard<SubtitlePolicy>) -> Result<SubtitlePolicy, ObjectRef<SubtitlePolicy>> {
    object.0.map_err(|invalid| {
        let (namespace, name) =
            (invalid.metadata.namespace.unwrap_or_default(), invalid.metadata.name.unwrap_or_default());
        let error = sanitize(&invalid.error, MAX_REASON_CHARS);
        tracing::warn!(namespace, policy = name, error, "a SubtitlePolicy cannot be decoded by this version");
        ObjectRef::new(&name).within(&namespace)
    })
}
