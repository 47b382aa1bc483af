//! The object store of one process: all share one in memory; each call is a step and may fail before or after it took effect.

use std::{fmt, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory, path::Path,
};

use crate::{
    checks::corners::Corner,
    faults::{Planted, name_of},
    world::Sim,
};

/// One process's store.
pub(crate) struct SimStore {
    sim: Sim,
    process: usize,
    inner: Arc<InMemory>,
}

impl fmt::Debug for SimStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(name_of(self.process))
    }
}

impl fmt::Display for SimStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(name_of(self.process))
    }
}

fn away() -> Error {
    Error::Generic { store: "simulated", source: "no answer".into() }
}

/// Identifies the billed call whose result a file is, if any: a download by its name, a batch by its fingerprint.
fn paid_for(key: &str, bytes: &[u8]) -> Option<String> {
    if let Some((_, name)) = key.split_once("/fetched/") {
        return Some(name.to_owned());
    }
    let of = key.contains("/batches/").then(|| serde_json::from_slice::<serde_json::Value>(bytes).ok()).flatten()?;
    of["of"].as_str().map(str::to_owned)
}

impl SimStore {
    pub(crate) fn new(sim: &Sim, process: usize, inner: &Arc<InMemory>) -> Arc<Self> {
        Arc::new(Self { sim: sim.clone(), process, inner: inner.clone() })
    }

    async fn before(&self) -> Result<()> {
        self.sim.step().await;
        self.sim.with(|world| {
            let fails = world.rates.are_on && world.happens(world.rates.store_fails);
            if fails || world.elapsed < world.store_away_until {
                world.note(|| format!("{} gets no answer from the object store", name_of(self.process)));
                return Err(away());
            }
            Ok(())
        })
    }

    fn after(&self) -> Result<()> {
        let is_lost = self.sim.with(|world| world.rates.are_on && world.happens(world.rates.store_response_lost));
        if is_lost { Err(away()) } else { Ok(()) }
    }

    /// The path of a file; with the planted fault, each process has its own claims.
    fn place(&self, path: &Path) -> Path {
        let is_planted = path.as_ref().contains("/claims") && self.sim.with(|world| world.is_planted(Planted::NoClaim));
        if is_planted { Path::from(format!("{}/{path}", name_of(self.process))) } else { path.clone() }
    }
}

#[async_trait::async_trait]
impl ObjectStore for SimStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let bytes: Vec<u8> = payload.iter().flat_map(|part| part.to_vec()).collect();
        let (paid_for, is_claim) = (paid_for(location.as_ref(), &bytes), location.as_ref().contains("/claims/"));
        let is_renewal = is_claim && options.mode == PutMode::Overwrite;
        if let Err(error) = self.before().await {
            self.sim.with(|world| paid_for.map(|what| world.checks.paid.failed(&what, self.process)));
            return Err(error);
        }
        let is_forgotten = is_renewal && self.sim.with(|world| world.is_planted(Planted::ClaimNotRenewed));
        let place = if is_forgotten { Path::from("forgotten") } else { self.place(location) };
        let put = self.inner.put_opts(&place, payload, options).await;
        let is_there = put.is_ok() || matches!(put, Err(Error::AlreadyExists { .. }));
        self.sim.with(|world| {
            world.note(|| {
                let outcome = if put.is_ok() { "stores" } else { "finds" };
                format!("{} {outcome} {location}", name_of(self.process))
            });
            if is_claim && put.is_ok() {
                world.checks.paid.claimed(location.as_ref(), self.process, world.elapsed);
            }
            let is_taken_over = is_claim && location.filename() != Some("00000000");
            if put.is_ok() && is_taken_over {
                world.reach(Corner::ClaimTakenOver);
            }
            paid_for.filter(|_| is_there).map(|what| world.checks.paid.kept(&what, self.process))
        });
        self.after()?;
        put
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(away()) // multipart uploads are not used
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.before().await?;
        self.inner.get_opts(&self.place(location), options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = Self { sim: self.sim.clone(), process: self.process, inner: self.inner.clone() };
        let removed = locations.and_then(move |location| {
            let store = Self { sim: store.sim.clone(), process: store.process, inner: store.inner.clone() };
            async move {
                store.before().await?;
                let place = store.place(&location);
                let one = futures::stream::once(async move { Ok(place) }).boxed();
                let removed = store.inner.delete_stream(one).try_collect::<Vec<_>>().await?;
                store.after()?;
                removed.into_iter().next().ok_or_else(away)
            }
        });
        removed.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = Self { sim: self.sim.clone(), process: self.process, inner: self.inner.clone() };
        let prefix = prefix.cloned();
        let listed = async move {
            store.before().await?;
            let place = prefix.as_ref().map(|prefix| store.place(prefix));
            store.inner.list(place.as_ref()).try_collect::<Vec<ObjectMeta>>().await
        };
        let stream = futures::stream::once(listed).map_ok(|all| futures::stream::iter(all.into_iter().map(Ok)));
        stream.try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
