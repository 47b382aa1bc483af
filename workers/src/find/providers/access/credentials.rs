//! Keys and passwords of providers, from files that are read again for every call: a corrected Secret needs no
//! restart. Does I/O: reads files.

use std::path::PathBuf;

use sha2::{Digest as _, Sha256};
use subtitle_telemetry::chain;

use crate::{find::SourceError, secret::Secret};

/// Where a provider's key is, and name and password where it has accounts.
#[derive(Clone, Debug)]
pub(in super::super) struct CredentialFiles {
    /// The file with the key.
    pub(in super::super) key: PathBuf,
    /// The files with the account's name and its password.
    pub(in super::super) login: Option<(PathBuf, PathBuf)>,
}

/// What the files contain now.
pub(in super::super) struct Credentials {
    pub(in super::super) key: Secret,
    pub(in super::super) login: Option<(Secret, Secret)>,
    /// Changes with the credentials; too short to check a guess against.
    pub(in super::super) fingerprint: u16,
}

impl CredentialFiles {
    /// Reads the files; the error names the one that failed.
    pub(in super::super) fn read(&self) -> Result<Credentials, String> {
        let read = |path: &PathBuf| {
            Secret::read(path).map_err(|error| format!("its key cannot be read from '{}': {error}", path.display()))
        };
        let key = read(&self.key)?;
        let login = self.login.as_ref().map(|(name, password)| Ok((read(name)?, read(password)?)));
        let login = login.transpose().map_err(|error: String| error)?;
        let mut hash = Sha256::new().chain_update(key.reveal());
        if let Some((name, password)) = &login {
            hash = hash.chain_update([0]).chain_update(name.reveal()).chain_update([0]).chain_update(password.reveal());
        }
        let hash = hash.finalize();
        Ok(Credentials { key, login, fingerprint: u16::from_le_bytes([hash[0], hash[1]]) })
    }

    /// Distinguishes the account from others at the same provider, and reveals nothing about the password.
    pub(in super::super) fn user(&self) -> Result<String, String> {
        let credentials = self.read()?;
        let name = credentials.login.as_ref().map_or("", |(name, _)| name.reveal());
        let hash = Sha256::new().chain_update(credentials.key.reveal()).chain_update([0]).chain_update(name).finalize();
        Ok(crate::store::hex(&hash[..4]))
    }
}

impl Credentials {
    /// The error without the credentials: servers quote what they refuse.
    pub(in super::super) fn hide(&self, error: SourceError) -> SourceError {
        let hide = |text: String| {
            let login = self.login.iter().flat_map(|(name, password)| [name, password]);
            std::iter::once(&self.key).chain(login).fold(text, |text, secret| secret.hidden(&text))
        };
        // The causes as one text: the errors themselves would still hold what they quote.
        let cause = error.cause.map(|cause| hide(chain(cause.as_ref()).to_string()).into());
        SourceError { message: hide(error.message), cause, ..error }
    }
}
