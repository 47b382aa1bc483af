//! Where the models are: a folder, or a prefix of an object store whose models are fetched to a local folder, which is a copy of
//! the store, and verified before anything reads them. In the store, `manifests/en-pt.json` lists the files of `en-pt/`.
//! Does I/O.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    folder::{Folder, Installed, ModelError},
    header,
    install::{place, remove},
    manifest::{Kind, Manifest, NAME, pair as pair_of},
};
use crate::store::{Store, sha256};

const MANIFESTS: &str = "manifests";

/// Where the models are.
#[derive(Clone)]
pub struct Mirror {
    /// The folder on this machine.
    pub folder: Folder,
    store: Option<Store>,
}

/// Where models are when nothing says otherwise.
pub fn default_folder() -> PathBuf {
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
    let data = env::var_os("XDG_DATA_HOME").filter(|path| !path.is_empty()).map(PathBuf::from).or_else(home);
    data.unwrap_or_else(|| PathBuf::from("/var/lib")).join("subtitles/models")
}

impl Mirror {
    /// A folder, or the URL of an object store with the folder to fetch it to and the Secret with its keys.
    pub fn open(place: &str, cache: Option<&Path>, secret: Option<&Path>) -> Result<Self, ModelError> {
        match Url::parse(place).ok().filter(|url| place.contains("://") && url.scheme() != "file") {
            None => {
                let folder = place.strip_prefix("file://").unwrap_or(place);
                Ok(Self { folder: Folder(PathBuf::from(folder)), store: None })
            }
            Some(url) => {
                let cache = cache.map_or_else(|| env::temp_dir().join("subtitles-models"), Path::to_path_buf);
                Ok(Self { folder: Folder(cache), store: Some(Store::open_with(&url, secret)?) })
            }
        }
    }

    /// The same over a store that is open already.
    pub fn over(store: Store, cache: PathBuf) -> Self {
        Self { folder: Folder(cache), store: Some(store) }
    }

    /// Removes cached models whose files were damaged, so that they are fetched again; a folder without a store is left as it is.
    pub fn discard_damaged(&self) -> Result<(), ModelError> {
        let pairs = if self.store.is_some() { self.folder.pairs()? } else { Vec::new() };
        for (pair, folder) in pairs {
            if Folder::read(&pair, folder).and_then(|model| model.verify()).is_err() {
                remove(&self.folder, &pair)?;
            }
        }
        Ok(())
    }

    /// Fetches every model of the store; the error is that of the first that cannot be fetched.
    pub async fn fetch(&self) -> Result<(), ModelError> {
        self.fetch_each().await?.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Fetches the models that are in the store but not in the folder, and removes those that are no longer in the store.
    /// Returns the pairs that cannot be fetched; an error is one of the store as a whole.
    pub async fn fetch_each(&self) -> Result<Vec<(String, ModelError)>, ModelError> {
        let Some(store) = &self.store else { return Ok(Vec::new()) };
        let names = store.names(MANIFESTS).await?;
        let pairs: Vec<&str> =
            names.iter().filter_map(|name| name.strip_suffix(".json")).filter(|pair| pair_of(pair).is_some()).collect();
        let mut failed = Vec::new();
        for pair in &pairs {
            if let Err(error) = self.fetch_pair(pair).await {
                failed.push(((*pair).to_owned(), error));
            }
        }
        for (pair, _) in self.folder.pairs()? {
            // A store without any pair is rather one that is not mounted.
            if !pairs.is_empty() && !pairs.contains(&pair.as_str()) {
                remove(&self.folder, &pair)?;
            }
        }
        Ok(failed)
    }

    /// Fetches one pair, if it is in the store and another model than in the folder.
    pub async fn fetch_pair(&self, pair: &str) -> Result<(), ModelError> {
        let Some(store) = &self.store else { return Ok(()) };
        let key = manifest_key(pair);
        let Some(bytes) = store.read(&key).await? else { return Ok(()) };
        let broken = |key: &str, problem| ModelError::stored(key, pair, problem);
        let (manifest, _) = Manifest::parse(&bytes).map_err(|problem| broken(&key, problem))?;
        if manifest.pair() != pair {
            return Err(broken(&key, "is another pair's manifest"));
        }
        let there = Folder::read(pair, self.folder.0.join(pair)).ok();
        if there.is_some_and(|there| there.manifest == manifest && there.has_sizes()) {
            return Ok(());
        }
        let mut files = Vec::new();
        for file in &manifest.files {
            let key = format!("{pair}/{}", file.name);
            let content = store.read(&key).await?.ok_or_else(|| broken(&key, "is missing"))?;
            if sha256(&content) != file.sha256 {
                return Err(broken(&key, "has another SHA-256 than its manifest says"));
            }
            if Kind::from_name(&file.name) == Some(Kind::Model) {
                header::check(&content).map_err(|problem| ModelError::broken(Path::new(&key), pair, problem))?;
            }
            files.push((file.name.clone(), content));
        }
        place(&self.folder, manifest, &files).map(drop)
    }

    /// Stores an installed model where others fetch it. Its manifest is stored last, so that no reader finds a new pair
    /// incomplete; one that fetches a pair just while it is replaced may find its files changed, and has to try again.
    pub async fn publish(&self, Installed { folder, manifest, .. }: &Installed) -> Result<(), ModelError> {
        let Some(store) = &self.store else { return Ok(()) };
        let read = |path: PathBuf| fs::read(&path).map_err(|error| ModelError::file("read", &path, error));
        for file in &manifest.files {
            store.replace(&format!("{}/{}", manifest.pair(), file.name), read(folder.join(&file.name))?.into()).await?;
        }
        store.replace(&manifest_key(&manifest.pair()), read(folder.join(NAME))?.into()).await?;
        Ok(())
    }

    /// Removes a pair, in the store too; returns whether it was in either.
    pub async fn remove(&self, pair: &str) -> Result<bool, ModelError> {
        let mut was_stored = false;
        if let Some(store) = &self.store {
            let key = manifest_key(pair);
            if let Some(bytes) = store.read(&key).await? {
                was_stored = true;
                store.remove(&key).await?;
                let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
                for file in manifest.iter().flat_map(|manifest| &manifest.files) {
                    store.remove(&format!("{pair}/{}", file.name)).await?;
                }
            }
        }
        Ok(remove(&self.folder, pair)? || was_stored)
    }
}

fn manifest_key(pair: &str) -> String {
    format!("{MANIFESTS}/{pair}.json")
}
