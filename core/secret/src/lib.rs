//! Reads a Kubernetes Secret that is mounted as a folder with one file per key. Nothing is cached: the kubelet replaces the
//! files when the Secret changes, so every login reads them again. Called by the clients of the broker, Redis
//! and the object store. Does I/O.
//!
//! ```text
//!   broker, Redis, object store ──▶ MountedSecret::required("password") ──▶ Value (no Debug, no Display)
//! ```
#![warn(missing_docs)]

use std::{fs, io, path::PathBuf, sync::Arc};

/// The key of a whole URL, as RabbitMQ's cluster operator names it.
pub const CONNECTION_STRING: &str = "connection_string";
/// The key of the CA certificates (PEM) that signed the server's certificate, as `kubernetes.io/tls` names it.
pub const CA_CERTIFICATE: &str = "ca.crt";

/// The value of a key, without the trailing line break that editors add. It has no `Debug` and no `Display`, so that it
/// cannot get into a log or an error by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// A value that does not come from a mounted file.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself; only for logging in.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Why a value cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretError {
    /// The key is missing or empty.
    #[error("failed to find the key '{key}' in the Secret mounted at '{folder}': {hint}")]
    Missing {
        /// The file's name.
        key: String,
        /// Where the Secret is mounted.
        folder: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The file cannot be read.
    #[error("failed to read the key '{key}' of the Secret mounted at '{folder}'")]
    Read {
        /// The file's name.
        key: String,
        /// Where the Secret is mounted.
        folder: String,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// The value is malformed.
    #[error("failed to use the key '{key}' of the Secret mounted at '{folder}': {message}")]
    Invalid {
        /// The file's name.
        key: String,
        /// Where the Secret is mounted.
        folder: String,
        /// What is wrong, without the value.
        message: String,
    },
}

/// A mounted Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedSecret {
    folder: PathBuf,
}

impl MountedSecret {
    /// A Secret mounted at `folder`, which need not exist yet.
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Reads a key; `None` if it is missing or empty.
    pub fn optional(&self, key: &str) -> Result<Option<Value>, SecretError> {
        match fs::read_to_string(self.folder.join(key)) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n'])).filter(|text| !text.is_empty()).map(Value::new)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(SecretError::Read { key: key.to_owned(), folder: self.folder(), source: Arc::new(error) })
            }
        }
    }

    /// Reads a required key; `hint` tells the user what to do if it is missing.
    pub fn required(&self, key: &str, hint: &'static str) -> Result<Value, SecretError> {
        let missing = || SecretError::Missing { key: key.to_owned(), folder: self.folder(), hint };
        self.optional(key)?.ok_or_else(missing)
    }

    /// Reads and parses a key; `None` if the Secret does not have it. `expected` describes the syntax.
    pub fn parsed<T: std::str::FromStr>(&self, key: &str, expected: &str) -> Result<Option<T>, SecretError> {
        let Some(value) = self.optional(key)? else { return Ok(None) };
        value.reveal().trim().parse().map(Some).map_err(|_| self.invalid(key, format!("expected {expected}")))
    }

    /// The error for a malformed value; `message` must not quote it.
    pub fn invalid(&self, key: &str, message: impl Into<String>) -> SecretError {
        SecretError::Invalid { key: key.to_owned(), folder: self.folder(), message: message.into() }
    }

    fn folder(&self) -> String {
        self.folder.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_again_each_time_and_errors_name_folder_and_key() {
        let folder = std::env::temp_dir().join(format!("subtitles-secret-{}", std::process::id()));
        fs::create_dir_all(folder.join("directory")).expect("a folder");
        let secret = MountedSecret::at(folder.clone());
        let missing = secret.required("password", "add it").map(drop).expect_err("the key is missing").to_string();
        assert!(missing.contains("'password'") && missing.contains(&folder.display().to_string()), "{missing}");
        for (text, value) in [("first\n", "first"), ("s p@ce \r\n", "s p@ce "), ("second", "second")] {
            fs::write(folder.join("password"), text).expect("writable");
            assert_eq!(secret.required("password", "").expect("a value").reveal(), value);
        }
        fs::write(folder.join("password"), "\n").expect("writable");
        assert!(secret.optional("password").expect("readable").is_none(), "an empty file counts as a value");
        fs::write(folder.join("port"), "many").expect("writable");
        let invalid = secret.parsed::<u16>("port", "a port").expect_err("the value is not a number").to_string();
        assert!(invalid.contains("'port'") && invalid.contains("a port") && !invalid.contains("many"), "{invalid}");
        assert!(matches!(secret.optional("directory"), Err(SecretError::Read { .. })));
        let _ = fs::remove_dir_all(&folder);
    }
}
