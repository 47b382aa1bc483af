//! Where the models are: a folder, or a prefix of an object store whose models are fetched to a local folder and verified
//! before anything reads them. In the store, `manifests/en-pt.json` lists the files of `en-pt/`. Does I/O.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    folder::{Folder, Installed, ModelError},
    install::remove,
    manifest::{Manifest, NAME, pair as pair_of},
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

    /// Fetches what the store has and the folder has not.
    pub async fn fetch(&self) -> Result<(), ModelError> {
        let Some(store) = &self.store else { return Ok(()) };
        for name in store.names(MANIFESTS).await? {
            let Some(pair) = name.strip_suffix(".json").filter(|pair| pair_of(pair).is_some()) else { continue };
            let key = format!("{MANIFESTS}/{name}");
            let Some(bytes) = store.read(&key).await? else { continue };
            let broken = |key: &str, problem: &str| ModelError::broken(Path::new(key), pair, problem);
            let manifest: Manifest =
                serde_json::from_slice(&bytes).map_err(|_| broken(&key, "is no manifest of a model"))?;
            let folder = self.folder.0.join(pair);
            let is_there = Folder::read(pair, folder.clone()).ok().filter(|there| there.manifest == manifest);
            if is_there.is_some_and(|there| there.verify().is_ok()) {
                continue;
            }
            let unfinished = self.folder.0.join(format!(".{pair}.unfinished"));
            let written = |path: &Path, bytes: &[u8]| {
                fs::write(path, bytes).map_err(|error| ModelError::file("write", path, error))
            };
            fs::create_dir_all(&unfinished).map_err(|error| ModelError::file("create", &unfinished, error))?;
            for file in &manifest.files {
                let key = format!("{pair}/{}", file.name);
                let content = store.read(&key).await?.ok_or_else(|| broken(&key, "is missing"))?;
                if sha256(&content) != file.sha256 {
                    return Err(broken(&key, "has another SHA-256 than its manifest says"));
                }
                written(&unfinished.join(&file.name), &content)?;
            }
            written(&unfinished.join(NAME), &bytes)?;
            remove(&self.folder, pair)?;
            fs::rename(&unfinished, &folder).map_err(|error| ModelError::file("create", &folder, error))?;
            Folder::read(pair, folder)?;
        }
        Ok(())
    }

    /// Stores an installed model where others fetch it; its manifest last, so that a reader that sees the manifest sees a complete model.
    pub async fn publish(&self, Installed { folder, manifest, .. }: &Installed) -> Result<(), ModelError> {
        let Some(store) = &self.store else { return Ok(()) };
        let read = |path: PathBuf| fs::read(&path).map_err(|error| ModelError::file("read", &path, error));
        for file in &manifest.files {
            store.replace(&format!("{}/{}", manifest.pair(), file.name), read(folder.join(&file.name))?.into()).await?;
        }
        store.replace(&format!("{MANIFESTS}/{}.json", manifest.pair()), read(folder.join(NAME))?.into()).await?;
        Ok(())
    }

    /// Removes a pair, in the store too; returns whether it was there.
    pub async fn remove(&self, pair: &str) -> Result<bool, ModelError> {
        let Some(store) = &self.store else { return remove(&self.folder, pair) };
        let key = format!("{MANIFESTS}/{pair}.json");
        let Some(bytes) = store.read(&key).await? else { return Ok(false) };
        store.remove(&key).await?;
        let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
        for file in manifest.iter().flat_map(|manifest| &manifest.files) {
            store.remove(&format!("{pair}/{}", file.name)).await?;
        }
        remove(&self.folder, pair)?;
        Ok(true)
    }
}
