//! Reads the glossary of a job as it is now: its ConfigMap comes in through the cluster port, a checked glossary or the
//! sentence for what is wrong with it goes out. Called by the controller's loop. Does I/O.

use subtitle_contract::{glossary, names::is_object_name, store_key::StoreKey};
use subtitle_store::sha256;

use crate::{
    act::ports::{ClusterError, ClusterReader, GlossarySource},
    observe::{facts::Glossary, job::JobSnapshot},
};

/// Reads and checks the glossary that `job` names.
pub(super) async fn read_glossary(cluster: &impl ClusterReader, job: &JobSnapshot) -> Result<Glossary, ClusterError> {
    let Some(wanted) = job.glossary_ref() else { return Ok(Glossary::NotNeeded) };
    let source = format!("ConfigMap '{}/{}' of spec.translation.glossaryRef", job.namespace, wanted.name);
    // A name of another form could be another path of the API.
    if !is_object_name(&wanted.name) {
        return Ok(Glossary::Invalid("spec.translation.glossaryRef.name is not the name of a ConfigMap".to_owned()));
    }
    let data = match cluster.glossary_source(&job.namespace, &wanted.name).await {
        // Shown in the job: its author cannot change the role, and would never learn of it otherwise.
        Err(error) if error.is_forbidden() => {
            let message =
                format!("{source} may not be read: the operator's role needs the verb 'get' on configmaps there");
            return Ok(Glossary::Missing(message));
        }
        data => data?,
    };
    let data = match data {
        None => return Ok(Glossary::Missing(format!("{source} does not exist: create it, and the job goes on"))),
        Some(GlossarySource::Unlabelled) => {
            let (label, value) = glossary::LABEL;
            let message = format!("{source} is not a glossary: add the label {label}={value}, and the job goes on");
            return Ok(Glossary::Missing(message));
        }
        Some(GlossarySource::Data(data)) => data,
    };
    let Some(text) = data.get(&wanted.key) else {
        return Ok(Glossary::Invalid(format!("{source} has no key '{}'", wanted.key)));
    };
    if let Err(error) = glossary::parse(text) {
        return Ok(Glossary::Invalid(format!("{source}, key '{}': {error}", wanted.key)));
    }
    let sha256 = sha256(text.as_bytes());
    let key = format!("{}/glossaries/{sha256}.txt", job.namespace);
    Ok(match StoreKey::for_namespace(&job.namespace, &key) {
        Ok(key) => Glossary::Found { key, sha256, text: text.clone() },
        Err(foreign) => Glossary::Invalid(foreign.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kube::core::Status;
    use serde_json::json;
    use subtitle_contract::job::SubtitleJob;

    use super::*;

    /// What the API server answers; the code of its refusal.
    struct Answers(Result<Option<GlossarySource>, u16>);

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

        async fn glossary_source(&self, _: &str, _: &str) -> Result<Option<GlossarySource>, ClusterError> {
            let refused = |code: u16| {
                let status = Status { code, ..Status::default() };
                ClusterError::Request(kube::Error::Api(Box::new(status)))
            };
            self.0.clone().map_err(refused)
        }
    }

    async fn found(answer: Result<Option<GlossarySource>, u16>) -> Result<Glossary, ClusterError> {
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

    fn data(key: &str, text: &str) -> GlossarySource {
        GlossarySource::Data([(key.to_owned(), text.to_owned())].into())
    }

    #[tokio::test]
    async fn a_glossary_is_named_by_its_content() {
        let glossary = found(Ok(Some(data("spanish", "Anna = Ana")))).await.expect("an answer");
        let sha256 = super::sha256(b"Anna = Ana");
        let key = StoreKey::for_namespace("films", &format!("films/glossaries/{sha256}.txt")).expect("a key");
        assert_eq!(glossary, Glossary::Found { key, sha256, text: "Anna = Ana".to_owned() });
    }

    #[tokio::test]
    async fn what_is_missing_is_waited_for_and_what_is_wrong_is_not() {
        let long = "#".repeat(glossary::MAX_BYTES + 1);
        for (answer, is_waited_for, words) in [
            (Ok(None), true, "does not exist"),
            (Err(403), true, "'get' on configmaps"),
            (Ok(Some(GlossarySource::Unlabelled)), true, "subtitles.dev/glossary=true"),
            (Ok(Some(data("french", "Anna = Anne"))), false, "has no key 'spanish'"),
            (Ok(Some(data("spanish", "password: hunter2"))), false, "line 1: '=' is missing"),
            (Ok(Some(data("spanish", &long))), false, "65537 bytes"),
        ] {
            let (is_missing, message) = match found(answer).await.expect("an answer") {
                Glossary::Missing(message) => (true, message),
                Glossary::Invalid(message) => (false, message),
                other => panic!("{words}: {other:?}"),
            };
            assert_eq!(is_missing, is_waited_for, "{message}");
            assert!(message.contains("ConfigMap 'films/names'") && message.contains(words), "{message}");
            assert!(!message.contains("hunter2") && !message.contains("french"), "{message}");
        }
        assert!(found(Err(500)).await.is_err(), "other errors are the API server's, and tried again");
    }
}
