//! A Kubernetes Secret mounted as a folder, a file for each key: keys come in, values go out. Nothing is kept: the kubelet
//! replaces the files when the Secret changes, so whoever logs in reads them anew. Reads files.
//!
//! ```text
//!   broker, Redis, object store ──▶ Mounted::required("password") ──▶ Value (no Debug, no Display)
//! ```
#![warn(missing_docs)]
#![expect(clippy::disallowed_methods, reason = "reading mounted files is what this crate is for")]

use std::{fs, io, path::PathBuf};

/// The key under which a Secret holds a whole URL, as RabbitMQ's cluster operator names it.
pub const CONNECTION_STRING: &str = "connection_string";
/// The key of the certificate authority that signed the server's certificate, as `kubernetes.io/tls` names it.
pub const AUTHORITY: &str = "ca.crt";

/// What a key holds, without the line break that editors leave at its end. There is no `Debug` and no `Display`, so that
/// no log and no error can hold one by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(String);

impl Value {
    /// A value from elsewhere than a file.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For whoever needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Why a value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The file is not there.
    #[error("failed to find the key '{key}' in the Secret mounted at '{folder}': {advice}")]
    Missing {
        /// Which key.
        key: String,
        /// Where the Secret is mounted.
        folder: String,
        /// What to do.
        advice: &'static str,
    },
    /// The file cannot be read.
    #[error("failed to read the key '{key}' of the Secret mounted at '{folder}': {message}")]
    Read {
        /// Which key.
        key: String,
        /// Where the Secret is mounted.
        folder: String,
        /// What the system said.
        message: String,
    },
    /// The value is none of its kind.
    #[error("failed to use the key '{key}' of the Secret mounted at '{folder}': {message}")]
    Invalid {
        /// Which key.
        key: String,
        /// Where the Secret is mounted.
        folder: String,
        /// What is wrong, without the value.
        message: String,
    },
}

/// A mounted Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    folder: PathBuf,
}

impl Mounted {
    /// The Secret mounted at `folder`, which may appear later.
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What a key holds now; none where the Secret does not have the key, or has it empty.
    pub fn optional(&self, key: &str) -> Result<Option<Value>, SecretError> {
        match fs::read_to_string(self.folder.join(key)) {
            Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n'])).filter(|text| !text.is_empty()).map(Value::new)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(SecretError::Read { key: key.to_owned(), folder: self.place(), message: error.to_string() })
            }
        }
    }

    /// What a key holds now; `advice` says what to do where the Secret does not have it.
    pub fn required(&self, key: &str, advice: &'static str) -> Result<Value, SecretError> {
        let missing = || SecretError::Missing { key: key.to_owned(), folder: self.place(), advice };
        self.optional(key)?.ok_or_else(missing)
    }

    /// A number or the like; none where the Secret does not have the key.
    pub fn parsed<T: std::str::FromStr>(&self, key: &str, expected: &str) -> Result<Option<T>, SecretError> {
        let Some(value) = self.optional(key)? else { return Ok(None) };
        value.reveal().trim().parse().map(Some).map_err(|_| self.invalid(key, format!("expected {expected}")))
    }

    /// A key that holds something, but not what it should; `message` must not quote it.
    pub fn invalid(&self, key: &str, message: impl Into<String>) -> SecretError {
        SecretError::Invalid { key: key.to_owned(), folder: self.place(), message: message.into() }
    }

    fn place(&self) -> String {
        self.folder.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_anew_each_time_and_errors_name_folder_and_key() {
        let folder = std::env::temp_dir().join(format!("subtitles-secret-{}", std::process::id()));
        fs::create_dir_all(folder.join("directory")).expect("a folder");
        let secret = Mounted::at(folder.clone());
        let missing = secret.required("password", "add it").map(drop).expect_err("none yet").to_string();
        assert!(missing.contains("'password'") && missing.contains(&folder.display().to_string()), "{missing}");
        for (text, value) in [("first\n", "first"), ("s p@ce \r\n", "s p@ce "), ("second", "second")] {
            fs::write(folder.join("password"), text).expect("writable");
            assert_eq!(secret.required("password", "").expect("a value").reveal(), value);
        }
        fs::write(folder.join("password"), "\n").expect("writable");
        assert!(secret.optional("password").expect("readable").is_none(), "empty is none");
        fs::write(folder.join("port"), "many").expect("writable");
        let invalid = secret.parsed::<u16>("port", "a port").expect_err("no number").to_string();
        assert!(invalid.contains("'port'") && invalid.contains("a port") && !invalid.contains("many"), "{invalid}");
        assert!(matches!(secret.optional("directory"), Err(SecretError::Read { .. })));
        let _ = fs::remove_dir_all(&folder);
    }
}
