//! Which models this process can use: those in the folder, to which those of an object store are fetched every few minutes.
//! Called before each translation and by the announcements. Does I/O.

use std::time::{Duration, Instant};

use subtitle_telemetry::chain;
use tokio::{sync::Mutex, task};

use super::models::{Folder, Installed, Mirror, ModelError};
use crate::translate::engines::port::{EngineErrorClass, EngineFault};

/// How often an object store is asked for models, as others may install more.
const FETCH_INTERVAL: Duration = Duration::from_secs(300);

/// A mirror of models, fetched when it is due.
pub(super) struct Inventory {
    pub(super) mirror: Mirror,
    fetched: Mutex<Option<Fetched>>,
}

struct Fetched {
    at: Instant,
    /// The pairs of the store that could not be fetched.
    failed: Vec<Unusable>,
}

/// The models in the folder, and the pairs that cannot be used.
pub(super) struct Models {
    pub(super) installed: Vec<Installed>,
    pub(super) unusable: Vec<Unusable>,
}

/// A pair that cannot be used.
#[derive(Clone, Debug)]
pub(super) struct Unusable {
    pub(super) pair: String,
    pub(super) why: String,
    class: EngineErrorClass,
}

impl Unusable {
    fn new(pair: String, error: &ModelError) -> Self {
        Self { pair, why: chain(error).to_string(), class: error.class() }
    }
}

impl From<Unusable> for EngineFault {
    fn from(Unusable { why, class, .. }: Unusable) -> Self {
        match class {
            EngineErrorClass::Unavailable => Self::Unavailable(why),
            EngineErrorClass::Forbidden => Self::Forbidden(why),
        }
    }
}

impl From<ModelError> for EngineFault {
    fn from(error: ModelError) -> Self {
        Unusable::new(String::new(), &error).into()
    }
}

impl Inventory {
    pub(super) fn new(mirror: Mirror) -> Self {
        Self { mirror, fetched: Mutex::default() }
    }

    /// What can be used now. While the store cannot be reached, that is what was fetched before.
    pub(super) async fn models(&self) -> Result<Models, EngineFault> {
        let mut fetched = self.fetched.lock().await;
        if fetched.as_ref().is_none_or(|fetched| fetched.at.elapsed() >= FETCH_INTERVAL) {
            if fetched.is_none() {
                let mirror = self.mirror.clone();
                blocking(move || mirror.discard_damaged()).await?;
            }
            let failed = match self.mirror.fetch_each().await {
                Ok(failed) => failed.into_iter().map(|(pair, error)| Unusable::new(pair, &error)).collect(),
                Err(error) if fetched.is_some() || !self.mirror.folder.pairs()?.is_empty() => {
                    tracing::warn!(error = %chain(&error), "failed to list the models in their object store: the fetched ones are used");
                    Vec::new()
                }
                Err(error) => return Err(error.into()),
            };
            *fetched = Some(Fetched { at: Instant::now(), failed });
        }
        let mut unusable = fetched.as_ref().map_or_else(Vec::new, |fetched| fetched.failed.clone());
        drop(fetched);
        let folder = self.mirror.folder.clone();
        let read = blocking(move || {
            Ok(folder.pairs()?.into_iter().map(|(pair, at)| (Folder::read(&pair, at), pair)).collect())
        });
        let read: Vec<(Result<Installed, ModelError>, String)> = read.await?;
        let mut installed = Vec::new();
        for (model, pair) in read {
            match model {
                Ok(model) => installed.push(model),
                Err(error) => unusable.push(Unusable::new(pair, &error)),
            }
        }
        Ok(Models { installed, unusable })
    }
}

/// Runs what reads files on a thread that may wait for them.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ModelError> + Send + 'static,
) -> Result<T, EngineFault> {
    let ended = task::spawn_blocking(read).await;
    Ok(ended.map_err(|_| EngineFault::Unavailable("reading the models panicked".to_owned()))??)
}
