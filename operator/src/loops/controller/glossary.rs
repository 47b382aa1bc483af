//! Reads the glossary of a job as it is now: its ConfigMap comes in through the cluster port, a checked glossary or the
//! sentence for what is wrong with it goes out. Called by the controller's loop. Does I/O.

use std::collections::BTreeMap;

use subtitle_contract::{glossary, job::StoredGlossary};
use subtitle_store::sha256;

use crate::{
    act::ports::{ClusterError, ClusterReader},
    observe::{facts::Glossary, job::JobSnapshot},
};

/// Reads and checks the glossary that `job` names.
pub(super) async fn read_glossary(cluster: &impl ClusterReader, job: &JobSnapshot) -> Result<Glossary, ClusterError> {
    let Some(wanted) = job.glossary_ref() else { return Ok(Glossary::NotNeeded) };
    let source = format!("ConfigMap '{}/{}' of spec.translation.glossaryRef", job.namespace, wanted.name);
    let data = match cluster.config_map(&job.namespace, &wanted.name).await {
        // Shown in the job: its author cannot change the role, and would never learn of it otherwise.
        Err(error) if error.is_forbidden() => {
            let message =
                format!("{source} may not be read: the operator's role needs the verb 'get' on configmaps there");
            return Ok(Glossary::Missing(message));
        }
        data => data?,
    };
    let Some(data) = data else {
        return Ok(Glossary::Missing(format!("{source} does not exist: create it, and the job goes on")));
    };
    let Some(text) = data.get(&wanted.key) else {
        return Ok(Glossary::Invalid(format!("{source} has no key '{}'; {}", wanted.key, keys(&data))));
    };
    if let Err(error) = glossary::parse(text) {
        return Ok(Glossary::Invalid(format!("{source}, key '{}': {error}", wanted.key)));
    }
    let sha256 = sha256(text.as_bytes());
    let key = format!("{}/glossaries/{sha256}.txt", job.namespace);
    Ok(Glossary::Found { stored: StoredGlossary { key, sha256 }, text: text.clone() })
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
    use subtitle_contract::job::SubtitleJob;

    use super::*;

    /// What the API server answers; the code of its refusal.
    struct Answers(Result<Option<BTreeMap<String, String>>, u16>);

    impl ClusterReader for Answers {
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

        async fn config_map(&self, _: &str, _: &str) -> Result<Option<BTreeMap<String, String>>, ClusterError> {
            let refused = |code: u16| {
                let status = Status { code, ..Status::default() };
                ClusterError::Request(kube::Error::Api(Box::new(status)))
            };
            self.0.clone().map_err(refused)
        }
    }

    async fn found(answer: Result<Option<BTreeMap<String, String>>, u16>) -> Result<Glossary, ClusterError> {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": "a", "namespace": "films", "uid": "u", "creationTimestamp": "2026-01-31T20:00:00Z"},
            "spec": {
                "video": {"path": "a.mkv"}, "language": "es",
                "translation": {"glossaryRef": {"name": "names", "key": "spanish"}}
            },
        });
        let job = JobSnapshot::from_object(&serde_json::from_value(object).expect("a job")).expect("observed");
        read_glossary(&Answers(answer), &job).await
    }

    fn data(key: &str, text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(key.to_owned(), text.to_owned())])
    }

    #[tokio::test]
    async fn a_glossary_is_named_by_its_content() {
        let glossary = found(Ok(Some(data("spanish", "Anna = Ana")))).await.expect("an answer");
        let sha256 = super::sha256(b"Anna = Ana");
        let stored = StoredGlossary { key: format!("films/glossaries/{sha256}.txt"), sha256 };
        assert_eq!(glossary, Glossary::Found { stored, text: "Anna = Ana".to_owned() });
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
            let (is_missing, message) = match found(answer).await.expect("an answer") {
                Glossary::Missing(message) => (true, message),
                Glossary::Invalid(message) => (false, message),
                other => panic!("{words}: {other:?}"),
            };
            assert_eq!(is_missing, is_waited_for, "{message}");
            assert!(message.contains("ConfigMap 'films/names'") && message.contains(words), "{message}");
        }
        assert!(found(Err(500)).await.is_err(), "other errors are the API server's, and tried again");
    }
}
