//! Which namespaces may use which library: the settings of an installation, a namespace and a spec come in; a permission, or
//! the sentence for what is not allowed, goes out. Called by the operator before it publishes a task. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Sidecar, SubtitleJobSpec};

/// Stands for every namespace.
const EVERY: &str = "*";
/// Stands for the job's namespace in a sub-path.
const NAMESPACE: &str = "{namespace}";

/// What each library allows; without any settings, everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibraryRules(Option<Vec<LibraryRule>>);

/// What one library allows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibraryRule {
    /// The library's name, as `spec.video.library` has it.
    pub name: String,
    /// Namespaces whose jobs may read videos; `*` for all.
    #[serde(default)]
    pub read: Vec<String>,
    /// Namespaces whose jobs may write sidecars; `*` for all.
    #[serde(default)]
    pub write: Vec<String>,
    /// The folder that jobs of a namespace are confined to, by namespace or `*`; `{namespace}` in it is the job's.
    #[serde(default)]
    pub sub_paths: BTreeMap<String, String>,
}

/// What a namespace may not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryDenied {
    /// It may not read the library, or there is no such library.
    #[error("jobs of the namespace '{namespace}' may not read the library '{library}'")]
    Read {
        /// The job's namespace.
        namespace: String,
        /// The library.
        library: String,
    },
    /// It may not read this part of it.
    #[error("jobs of the namespace '{namespace}' may only read below '{folder}' in the library '{library}'")]
    Outside {
        /// The job's namespace.
        namespace: String,
        /// The library.
        library: String,
        /// The folder it is confined to.
        folder: String,
    },
    /// It may not write to it.
    #[error("jobs of the namespace '{namespace}' may not write sidecars to the library '{library}'")]
    Write {
        /// The job's namespace.
        namespace: String,
        /// The library.
        library: String,
    },
}

impl LibraryRules {
    /// Reads a JSON list of [`LibraryRule`].
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(|rules| Self(Some(rules)))
    }

    /// The folder of a library that `namespace` may read, without slashes at its ends; empty for the whole library.
    pub fn readable_folder(&self, namespace: &str, library: &str) -> Result<String, LibraryDenied> {
        let rule = self.readable(namespace, library)?;
        Ok(rule.and_then(|rule| rule.folder(namespace)).unwrap_or_default())
    }

    /// The rule by which `namespace` may read a library; `None` without any settings.
    fn readable(&self, namespace: &str, library: &str) -> Result<Option<&LibraryRule>, LibraryDenied> {
        let Some(rules) = &self.0 else { return Ok(None) };
        let rule = rules.iter().find(|rule| rule.name == library && names(&rule.read, namespace));
        let denied = || LibraryDenied::Read { namespace: namespace.to_owned(), library: library.to_owned() };
        rule.map(Some).ok_or_else(denied)
    }

    /// Whether a job of `namespace` may use the library that it names as its spec asks for. A video that is not in a library
    /// needs no permission.
    pub fn check(&self, namespace: &str, spec: &SubtitleJobSpec) -> Result<(), LibraryDenied> {
        let Some(path) = &spec.video.path else { return Ok(()) };
        let Some(rule) = self.readable(namespace, &spec.video.library)? else { return Ok(()) };
        let (namespace, library) = (namespace.to_owned(), spec.video.library.clone());
        if let Some(folder) = rule.folder(&namespace)
            && !is_below(&folder, path)
        {
            return Err(LibraryDenied::Outside { namespace, library, folder });
        }
        if spec.output.sidecar != Sidecar::Never && !names(&rule.write, &namespace) {
            return Err(LibraryDenied::Write { namespace, library });
        }
        Ok(())
    }
}

impl LibraryRule {
    fn folder(&self, namespace: &str) -> Option<String> {
        let folder = self.sub_paths.get(namespace).or_else(|| self.sub_paths.get(EVERY))?;
        Some(folder.replace(NAMESPACE, namespace).trim_matches('/').to_owned())
    }
}

fn names(list: &[String], namespace: &str) -> bool {
    list.iter().any(|name| name == namespace || name == EVERY)
}

fn is_below(folder: &str, path: &str) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    let is_inside = folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    path.split('/').all(is_plain) && is_inside
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &str = r#"[
        {"name": "shared", "read": ["*"], "write": ["team-b"], "subPaths": {"*": "{namespace}", "admins": "/"}},
        {"name": "films", "read": ["team-a"]}
    ]"#;

    fn spec(library: &str, path: &str, sidecar: &str) -> SubtitleJobSpec {
        let video = json!({"library": library, "path": path});
        let spec = json!({"video": video, "language": "es", "output": {"sidecar": sidecar}});
        serde_json::from_value(spec).expect("a spec")
    }

    #[test]
    fn a_namespace_reads_and_writes_only_where_the_library_says_so() {
        let rules = LibraryRules::parse(RULES).expect("rules");
        for (namespace, library, path, sidecar, refused) in [
            ("team-a", "shared", "team-a/film.mkv", "Never", None),
            ("team-b", "shared", "team-b/film.mkv", "Overwrite", None),
            ("team-a", "films", "film.mkv", "Never", None),
            ("admins", "shared", "team-b/film.mkv", "Never", None),
            ("team-a", "shared", "team-b/film.mkv", "Never", Some("only read below 'team-a'")),
            ("team-a", "shared", "team-a/../team-b/film.mkv", "Never", Some("only read below")),
            ("team-a", "shared", "team-ab/film.mkv", "Never", Some("only read below")),
            ("team-a", "shared", "team-a//film.mkv", "Never", Some("only read below")),
            ("team-a", "shared", "team-a/film.mkv", "IfAbsent", Some("may not write sidecars")),
            ("team-a", "films", "film.mkv", "IfAbsent", Some("may not write sidecars")),
            ("team-b", "films", "film.mkv", "Never", Some("may not read the library 'films'")),
            ("team-a", "other", "film.mkv", "Never", Some("may not read the library 'other'")),
        ] {
            let checked = rules.check(namespace, &spec(library, path, sidecar)).map_err(|denied| denied.to_string());
            match refused {
                None => assert_eq!(checked, Ok(()), "{namespace} {library} {path}"),
                Some(words) => assert!(checked.expect_err(path).contains(words), "{namespace} {library} {path}"),
            }
        }
        let anywhere = spec("other", "film.mkv", "Overwrite");
        assert_eq!(LibraryRules::default().check("team-a", &anywhere), Ok(()), "without settings nothing is checked");
        let folder = |namespace| rules.readable_folder(namespace, "shared");
        assert_eq!((folder("team-a"), folder("admins")), (Ok("team-a".to_owned()), Ok(String::new())));
        assert!(rules.readable_folder("team-b", "films").is_err());
        assert!(LibraryRules::parse("[]").expect("rules").check("team-a", &anywhere).is_err());
        assert!(LibraryRules::parse(r#"[{"name": "a", "raed": []}]"#).is_err());
    }
}
