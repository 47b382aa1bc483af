//! Mozilla's catalogue of models, as its Remote Settings serve it: what it lists, and the download of one pair, which
//! continues where an earlier one ended. Source: the collection `translations-models-v2`, a record for each file, attachments
//! packed with zstd below the address in the server's `capabilities`. Does I/O.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use futures::StreamExt as _;
use reqwest::{Client, StatusCode, header::RANGE};
use serde::{Deserialize, de::DeserializeOwned};
use subtitle_contract::language::Language;

use super::{
    folder::{Folder, ModelError},
    import,
    install::New,
    manifest::{Kind, pair},
};
use crate::{store::sha256, translate::engines::response};

/// Mozilla's own server.
pub const MOZILLA: &str = "https://firefox.settings.services.mozilla.com";
const RECORDS: &str = "v1/buckets/main/collections/translations-models-v2/records";
/// The models' major version that the engine reads.
const MAJOR: u64 = 3;
/// Bytes of a catalogue; Mozilla's has 500,000.
const MAX_CATALOGUE_BYTES: usize = 32 << 20;
/// Mozilla's licence for its models.
const LICENCE: &str = "MPL-2.0";

/// A catalogue.
pub struct Catalogue {
    http: Client,
    attachments: String,
    /// The files of each pair, the latest of each name.
    pub pairs: BTreeMap<String, Vec<CataloguedFile>>,
}

/// One file.
#[derive(Clone, Debug, Deserialize)]
pub struct CataloguedFile {
    name: String,
    /// The model's version.
    #[serde(default)]
    pub version: String,
    #[serde(rename = "sourceLanguage")]
    from: String,
    #[serde(rename = "targetLanguage")]
    to: String,
    #[serde(rename = "decompressedHash")]
    hash: Option<String>,
    /// The file and where it is.
    pub attachment: Attachment,
}

/// A packed file.
#[derive(Clone, Debug, Deserialize)]
pub struct Attachment {
    hash: String,
    /// In bytes, as it is downloaded.
    pub size: u64,
    location: String,
}

#[derive(Deserialize)]
struct Server {
    capabilities: Capabilities,
}

#[derive(Deserialize)]
struct Capabilities {
    attachments: Attachments,
}

#[derive(Deserialize)]
struct Attachments {
    base_url: String,
}

#[derive(Deserialize)]
struct Listed {
    /// Records of other shapes are skipped.
    data: Vec<serde_json::Value>,
}

impl Attachment {
    /// Whether its SHA-256 is one: it becomes a file's name.
    fn is_named_by_hash(&self) -> bool {
        self.hash.len() == 64 && self.hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl Catalogue {
    /// Reads a server's catalogue.
    pub async fn read(http: Client, server: &str) -> Result<Self, ModelError> {
        let server = server.trim_end_matches('/');
        let Server { capabilities } = get(&http, &format!("{server}/v1/")).await?;
        let Listed { data } = get(&http, &format!("{server}/{RECORDS}")).await?;
        let mut pairs = BTreeMap::<String, Vec<CataloguedFile>>::new();
        let version = |text: &str| text.split('.').map(|part| part.parse::<u64>().unwrap_or(0)).collect::<Vec<_>>();
        for record in data.into_iter().filter_map(|value| serde_json::from_value::<CataloguedFile>(value).ok()) {
            let name = format!("{}-{}", record.from, record.to);
            if version(&record.version).first() != Some(&MAJOR)
                || Kind::from_name(&record.name).is_none()
                || pair(&name).is_none()
                || !record.attachment.is_named_by_hash()
            {
                continue;
            }
            let files = pairs.entry(name).or_default();
            match files.iter_mut().find(|file| file.name == record.name) {
                Some(file) if version(&file.version) < version(&record.version) => *file = record,
                Some(_) => {}
                None => files.push(record),
            }
        }
        Ok(Self { http, attachments: capabilities.attachments.base_url, pairs })
    }

    /// The version of a pair; `None` if the catalogue does not have the pair.
    pub fn version(&self, pair: &str) -> Option<&str> {
        self.pairs.get(pair)?.first().map(|file| file.version.as_str())
    }

    /// Downloads a pair; what is downloaded is kept in `models` until the pair is whole. `progress` gets bytes so far and all.
    pub async fn pull(&self, name: &str, models: &Folder, progress: impl Fn(u64, u64)) -> Result<New, ModelError> {
        let known = || self.pairs.keys().cloned().collect::<Vec<_>>().join(", ");
        let missing = || ModelError::Nothing(format!("the catalogue has no pair '{name}'; it has {}", known()));
        let records = self.pairs.get(name).ok_or_else(missing)?;
        let (from, to): (Language, Language) = pair(name).ok_or_else(missing)?;
        let parts = models.0.join(".downloads");
        fs::create_dir_all(&parts).map_err(|error| ModelError::file("create", &parts, error))?;
        let all = records.iter().map(|record| record.attachment.size).sum();
        let (mut before, mut files) = (0, Vec::new());
        for record in records {
            let url = format!("{}/{}", self.attachments.trim_end_matches('/'), record.attachment.location);
            let part = parts.join(&record.attachment.hash);
            let packed = self.download(&url, &part, &record.attachment, |done| progress(before + done, all)).await?;
            before += record.attachment.size;
            files.push((record.name.clone(), unpacked(&url, &packed, record)?));
        }
        for record in records {
            let _ = fs::remove_file(parts.join(&record.attachment.hash));
        }
        let version = self.version(name).unwrap_or_default().to_owned();
        Ok(New { from, to, version, licence: LICENCE.to_owned(), source: self.attachments.clone(), files })
    }

    async fn download(
        &self,
        url: &str,
        part: &Path,
        file: &Attachment,
        progress: impl Fn(u64),
    ) -> Result<Vec<u8>, ModelError> {
        let written = |error| ModelError::file("write", part, error);
        let mut done = fs::metadata(part).map_or(0, |metadata| metadata.len());
        if done > file.size {
            done = 0;
        }
        if done < file.size {
            let mut request = self.http.get(url);
            if done > 0 {
                request = request.header(RANGE, format!("bytes={done}-"));
            }
            let response = request.send().await.map_err(|error| unreachable(url, error))?;
            if !response.status().is_success() {
                let problem = format!("it answered {}", response.status());
                return Err(ModelError::Download { url: url.to_owned(), problem });
            }
            let continues = response.status() == StatusCode::PARTIAL_CONTENT;
            done = if continues { done } else { 0 };
            let mut out = OpenOptions::new()
                .create(true)
                .append(continues)
                .write(true)
                .truncate(!continues)
                .open(part)
                .map_err(written)?;
            let mut body = response.bytes_stream();
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(|error| unreachable(url, error))?;
                done += chunk.len() as u64;
                if done > file.size {
                    break;
                }
                out.write_all(&chunk).map_err(written)?;
                progress(done);
            }
        }
        let bytes = fs::read(part).map_err(|error| ModelError::file("read", part, error))?;
        if sha256(&bytes) != file.hash {
            let _ = fs::remove_file(part);
            let problem = "its SHA-256 is not the catalogue's; what was downloaded is removed, try again".to_owned();
            return Err(ModelError::Download { url: url.to_owned(), problem });
        }
        Ok(bytes)
    }
}

fn unreachable(url: &str, source: reqwest::Error) -> ModelError {
    ModelError::Reach { url: url.to_owned(), source: source.without_url() }
}

fn unpacked(url: &str, packed: &[u8], record: &CataloguedFile) -> Result<Vec<u8>, ModelError> {
    let wrong = |problem: String| ModelError::Download { url: url.to_owned(), problem };
    let bytes = import::unpacked("packed.zst", packed);
    let bytes = bytes.map_err(|error| wrong(format!("it cannot be unpacked with zstd ({error})")))?;
    if record.hash.as_ref().is_some_and(|hash| *hash != sha256(&bytes)) {
        return Err(wrong("unpacked, its SHA-256 is not the catalogue's".to_owned()));
    }
    Ok(bytes)
}

async fn get<T: DeserializeOwned>(http: &Client, url: &str) -> Result<T, ModelError> {
    let response = http.get(url).send().await.map_err(|error| unreachable(url, error))?;
    let status = response.status();
    let bytes = response::limited(response, MAX_CATALOGUE_BYTES).await.map_err(|error| unreachable(url, error))?;
    let problem =
        || ModelError::Download { url: url.to_owned(), problem: format!("it answered {status} and no catalogue") };
    serde_json::from_slice(&bytes.unwrap_or_default()).map_err(|_| problem())
}
