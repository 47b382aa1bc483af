//! Keys of the object store: a namespace and a text from an event, a task or a status come in, a key that belongs to that
//! namespace goes out, or the reason why it does not. Everything that reads or writes a tenant's bytes
//! checks its keys here first. Pure.

use std::fmt;

use crate::text::sanitize;

/// The most bytes of a key, as in the CRD.
const MAX_BYTES: usize = 1024;

/// A key below one namespace's folder of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreKey(String);

/// A key that does not belong to the namespace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key '{key}' does not belong to the namespace '{namespace}', whose keys begin with '{namespace}/'")]
pub struct ForeignKey {
    /// The key, safe to print.
    pub key: String,
    /// The namespace it was used in.
    pub namespace: String,
}

impl StoreKey {
    /// Reads a key that an event, a task or a status names, for a job in `namespace`.
    pub fn for_namespace(namespace: &str, key: &str) -> Result<Self, ForeignKey> {
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(char::is_control);
        let rest = key.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('/'));
        match rest {
            Some(rest) if !namespace.is_empty() && key.len() <= MAX_BYTES && rest.split('/').all(is_plain) => {
                Ok(Self(key.to_owned()))
            }
            _ => Err(ForeignKey { key: sanitize(key, 200), namespace: sanitize(namespace, 63) }),
        }
    }

    /// The key without the prefix of the store, such as `films/text/3f2a….srt`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_below_the_namespaces_own_folder_are_keys() {
        let own = StoreKey::for_namespace("team-a", "team-a/text/3f2a.srt").expect("its own");
        assert_eq!(own.as_str(), "team-a/text/3f2a.srt");
        let long = format!("team-a/{}", "x".repeat(MAX_BYTES));
        for foreign in [
            "team-b/text/3f2a.srt",
            "team-a",
            "team-a/",
            "team-ab/text/3f2a.srt",
            "/team-a/text/3f2a.srt",
            "team-a//text",
            "team-a/../team-b/text/3f2a.srt",
            "team-a/./text",
            "team-a/te\nxt",
            "Team-a/text",
            "",
            &long,
        ] {
            let refused = StoreKey::for_namespace("team-a", foreign).expect_err(foreign);
            assert!(refused.to_string().contains("'team-a'"), "{refused}");
        }
        assert!(StoreKey::for_namespace("", "/text/3f2a.srt").is_err());
    }
}
