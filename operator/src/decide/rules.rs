//! What an installation allows a namespace's jobs: its settings and a job come in, the sentence for what is not allowed goes
//! out. Called by the controller's loop before a task is published. Pure.

use subtitle_contract::library::LibraryRules;

use crate::observe::job::JobSnapshot;

/// The settings of an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRules {
    /// Which namespaces may use which library.
    pub libraries: LibraryRules,
    /// Whether jobs may name the simulated source and engine.
    pub allows_simulated: bool,
}

impl JobRules {
    /// Why the job is not allowed; `None` if it is.
    pub fn denial(&self, job: &JobSnapshot) -> Option<String> {
        if !self.allows_simulated && job.spec.names_simulated() {
            return Some("the simulated source and engine are not enabled here".to_owned());
        }
        self.libraries.check(&job.namespace, &job.spec).err().map(|denied| denied.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(spec: &Value) -> JobSnapshot {
        let mut whole = json!({"video": {"path": "team-b/a.mkv", "library": "shared"}, "language": "es"});
        whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "spec": whole,
            "metadata": {"name": "a", "namespace": "team-a", "uid": "u", "creationTimestamp": "2026-01-31T20:00:00Z"},
        });
        JobSnapshot::from_object(&serde_json::from_value(object).expect("a job")).expect("observed")
    }

    #[test]
    fn what_is_not_enabled_is_refused_wherever_a_spec_names_it() {
        let closed = JobRules::default();
        for spec in [
            json!({"sources": [{"name": "simulated"}]}),
            json!({"preferredSources": ["simulated"]}),
            json!({"translation": {"engines": [{"name": "simulated"}]}}),
        ] {
            assert!(closed.denial(&job(&spec)).is_some_and(|why| why.contains("simulated")), "{spec}");
            assert_eq!(JobRules { allows_simulated: true, ..closed.clone() }.denial(&job(&spec)), None);
        }
        let rules = r#"[{"name": "shared", "read": ["*"], "subPaths": {"*": "{namespace}"}}]"#;
        let rules = JobRules { libraries: LibraryRules::parse(rules).expect("rules"), ..closed };
        assert!(rules.denial(&job(&json!({}))).is_some_and(|why| why.contains("below 'team-a'")));
    }
}
