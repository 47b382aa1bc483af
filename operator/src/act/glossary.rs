//! The glossary of a job, as it is now: its ConfigMap is read, held against the format and put into the object store,
//! where workers, which never ask Kubernetes, find it by its content. Does I/O.

use std::collections::BTreeMap;

use subtitle_core::{glossary, job::StoredGlossary};
use subtitle_store::{Store, sha256};

use super::{ActError, cluster::Cluster};
use crate::observe::{Glossary, ObservedJob};

/// Reads and stores the glossary that `job` names.
pub(crate) async fn snapshot<C: Cluster>(cluster: &C, files: &Store, job: &ObservedJob) -> Result<Glossary, ActError> {
    let Some(wanted) = job.glossary_ref() else { return Ok(Glossary::NotNeeded) };
    let place = format!("ConfigMap '{}/{}' of spec.translation.glossaryRef", job.namespace, wanted.name);
    let Some(data) = cluster.config_map(&job.namespace, &wanted.name).await? else {
        return Ok(Glossary::Missing(format!("{place} does not exist: create it, and the job goes on")));
    };
    let Some(text) = data.get(&wanted.key) else {
        return Ok(Glossary::Unusable(format!("{place} has no key '{}'; {}", wanted.key, keys(&data))));
    };
    if let Err(error) = glossary::parse(text) {
        return Ok(Glossary::Unusable(format!("{place}, key '{}': {error}", wanted.key)));
    }
    let sha256 = sha256(text.as_bytes());
    let key = format!("{}/glossaries/{sha256}.txt", job.namespace);
    files.create(&key, text.clone().into()).await?;
    Ok(Glossary::Stored(StoredGlossary { key, sha256 }))
}

fn keys(data: &BTreeMap<String, String>) -> String {
    let keys: Vec<&str> = data.keys().map(String::as_str).collect();
    if keys.is_empty() { "it has no data".to_owned() } else { format!("it has: {}", keys.join(", ")) }
}
