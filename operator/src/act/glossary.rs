//! The glossary of a job, as it is now: its ConfigMap is read, held against the format and put into the object store,
//! where workers, which never ask Kubernetes, find it by its content. Does I/O.

use std::collections::BTreeMap;

use subtitle_contract::{glossary, job::StoredGlossary};
use subtitle_store::{Store, sha256};

use super::{
    ActError,
    cluster::{Cluster, ClusterError},
};
use crate::observe::{Glossary, ObservedJob};

/// Reads and stores the glossary that `job` names.
pub(crate) async fn snapshot<C: Cluster>(cluster: &C, files: &Store, job: &ObservedJob) -> Result<Glossary, ActError> {
    let Some(wanted) = job.glossary_ref() else { return Ok(Glossary::NotNeeded) };
    let place = format!("ConfigMap '{}/{}' of spec.translation.glossaryRef", job.namespace, wanted.name);
    let data = match cluster.config_map(&job.namespace, &wanted.name).await {
        // Said in the job: whoever wrote it can do nothing about it, and would never learn of it otherwise.
        Err(ClusterError::Refused(kube::Error::Api(answer))) if answer.code == 403 => {
            let message =
                format!("{place} may not be read: the operator's role needs the verb 'get' on configmaps there");
            return Ok(Glossary::Missing(message));
        }
        data => data?,
    };
    let Some(data) = data else {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kube::core::Status;
    use serde_json::json;
    use subtitle_contract::job::{SubtitleJob, SubtitleJobStatus};

    use super::*;

    /// What the API server answers; the code of its refusal.
    struct Answers(Result<Option<BTreeMap<String, String>>, u16>);

    impl Cluster for Answers {
        fn all(&self) -> Vec<Arc<SubtitleJob>> {
            Vec::new()
        }

        async fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
            cached.clone()
        }

        async fn find(&self, _: &str, _: Option<(&str, &str)>) -> Result<Option<SubtitleJob>, ClusterError> {
            Ok(None)
        }

        async fn read(&self, _: &str, _: &str, _: &str) -> Result<Option<SubtitleJob>, ClusterError> {
            Ok(None)
        }

        async fn write(&self, _: &SubtitleJob, _: &SubtitleJobStatus) -> Result<SubtitleJob, ClusterError> {
            Err(ClusterError::Gone)
        }

        async fn config_map(&self, _: &str, _: &str) -> Result<Option<BTreeMap<String, String>>, ClusterError> {
            let refused = |code: u16| {
                let status = Status { code, ..Status::default() };
                ClusterError::Refused(kube::Error::Api(Box::new(status)))
            };
            self.0.clone().map_err(refused)
        }

        async fn delete(&self, _: &SubtitleJob) -> Result<(), ClusterError> {
            Ok(())
        }
    }

    async fn found(answer: Result<Option<BTreeMap<String, String>>, u16>) -> (Result<Glossary, ActError>, Store) {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": "a", "namespace": "films", "uid": "u", "creationTimestamp": "2026-01-31T20:00:00Z"},
            "spec": {
                "video": {"path": "a.mkv"}, "language": "es",
                "translation": {"glossaryRef": {"name": "names", "key": "spanish"}}
            },
        });
        let job = ObservedJob::of(&serde_json::from_value(object).expect("a job")).expect("observed");
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        (snapshot(&Answers(answer), &store, &job).await, store)
    }

    fn data(key: &str, text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(key.to_owned(), text.to_owned())])
    }

    #[tokio::test]
    async fn a_glossary_is_stored_under_its_content() {
        let (glossary, store) = found(Ok(Some(data("spanish", "Anna = Ana")))).await;
        let Glossary::Stored(StoredGlossary { key, sha256 }) = glossary.expect("an answer") else { panic!("stored") };
        assert_eq!((key, &sha256), (format!("films/glossaries/{sha256}.txt"), &super::sha256(b"Anna = Ana")));
        let kept = store.read(&format!("films/glossaries/{sha256}.txt")).await.expect("reads");
        assert_eq!(kept.as_deref(), Some(&b"Anna = Ana"[..]));
    }

    #[tokio::test]
    async fn what_is_missing_is_waited_for_and_what_is_wrong_is_not() {
        let long = "#".repeat(glossary::LONGEST + 1);
        for (answer, is_waited_for, words) in [
            (Ok(None), true, "does not exist"),
            (Err(403), true, "'get' on configmaps"),
            (Ok(Some(data("french", "Anna = Anne"))), false, "has no key 'spanish'; it has: french"),
            (Ok(Some(data("spanish", "Anna"))), false, "line 1 is 'Anna'"),
            (Ok(Some(data("spanish", &long))), false, "65537 bytes"),
        ] {
            let (is_missing, message) = match found(answer).await.0.expect("an answer") {
                Glossary::Missing(message) => (true, message),
                Glossary::Unusable(message) => (false, message),
                other => panic!("{words}: {other:?}"),
            };
            assert_eq!(is_missing, is_waited_for, "{message}");
            assert!(message.contains("ConfigMap 'films/names'") && message.contains(words), "{message}");
        }
        assert!(found(Err(500)).await.0.is_err(), "an API server that is away is asked again");
    }
}
