//! Watches SubtitleJobs, over the whole cluster or in some namespaces, and fills the store that everything else reads. Called
//! by `run` and by the HTTP API alone. Does I/O.
//!
//! ```text
//!   watch of each namespace ──▶ guarded: decoded one by one ──▶ join: as one watch ──▶ apply ──▶ store, changed jobs
//!                                                                                       └──▶ deleted, undecodable
//! ```

mod apply;
mod guarded;
mod join;
mod policies;
mod reports;
#[cfg(test)]
mod tests;

use futures::{Stream, StreamExt as _, stream};
use kube::{
    Api, Client,
    runtime::{
        WatchStreamExt as _,
        reflector::{self, Store},
        watcher::{self, watcher},
    },
};
use subtitle_contract::job::SubtitleJob;
use subtitle_telemetry::chain;

use apply::WatchApplier;
pub use guarded::{Guarded, GuardedJob, Undecodable};
use join::Join;
pub use policies::watch_policies;
pub use reports::{WatchCallbacks, WatchMetrics};

/// Watches these namespaces, or all of them if none is named. Returns the store, which is ready after the first complete
/// list, and the stream that fills it: it must be polled, yields each changed job and does not end.
pub fn watch_jobs<D, U>(
    client: &Client,
    namespaces: &[String],
    reports: WatchCallbacks<D, U>,
) -> (Store<SubtitleJob>, impl Stream<Item = Result<SubtitleJob, watcher::Error>> + Send + use<D, U>)
where
    D: Fn(SubtitleJob) + Send + 'static,
    U: Fn(&Undecodable) + Send + 'static,
{
    let (store, writer) = reflector::store();
    let mut applier = WatchApplier::new(store.clone(), writer, reports);
    let watches = match namespaces {
        [] => vec![(String::new(), Api::all(client.clone()))],
        some => some.iter().map(|name| (name.clone(), Api::namespaced(client.clone(), name))).collect(),
    };
    let mut join = (!namespaces.is_empty()).then(|| Join::new(namespaces));
    let changes = stream::select_all(watches.into_iter().map(|(namespace, api): (String, Api<GuardedJob>)| {
        let changes = watcher(api, watcher::Config::default()).default_backoff();
        changes.map(move |change| (namespace.clone(), change)).boxed()
    }));
    let jobs = changes.flat_map(move |(namespace, change)| {
        let touched: Vec<_> = match change {
            Ok(change) => {
                let changes = match &mut join {
                    Some(join) => join.next(&namespace, change, |namespace| applier.all_in_namespace(namespace)),
                    None => vec![change],
                };
                changes.into_iter().filter_map(|change| applier.apply(change)).map(Ok).collect()
            }
            // Only logged: passed on, an error would pause every trigger of the controller. The watch resumes by itself.
            Err(error) => {
                tracing::warn!(namespace, error = %chain(&error), "the watch failed and will be resumed");
                Vec::new()
            }
        };
        stream::iter(touched)
    });
    (store, jobs)
}
