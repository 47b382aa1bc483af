//! The keys of an S3 store from a mounted Secret, read for each request: a new pair needs no restart. Reads files.

use std::{path::Path, sync::Arc};

use object_store::{CredentialProvider, aws::AwsCredential};
use subtitle_secret::{Mounted, SecretError};

const KEY_ID: &str = "access-key-id";
const KEY: &str = "secret-access-key";
/// Only temporary keys have one.
const TOKEN: &str = "session-token";

/// Where the keys are.
#[derive(Debug)]
pub(crate) struct MountedKeys(Mounted);

impl MountedKeys {
    /// Keys that are there now.
    pub(crate) fn at(folder: &Path) -> Result<Self, SecretError> {
        let keys = Self(Mounted::at(folder.to_path_buf()));
        keys.read()?;
        Ok(keys)
    }

    fn read(&self) -> Result<AwsCredential, SecretError> {
        let advice = "an S3 store needs access-key-id and secret-access-key";
        let text = |key| Ok(self.0.required(key, advice)?.reveal().trim().to_owned());
        let token = self.0.optional(TOKEN)?.map(|token| token.reveal().trim().to_owned());
        Ok(AwsCredential { key_id: text(KEY_ID)?, secret_key: text(KEY)?, token })
    }
}

#[async_trait::async_trait]
impl CredentialProvider for MountedKeys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let failed = |error: SecretError| object_store::Error::Generic { store: "S3", source: error.into() };
        self.read().map(Arc::new).map_err(failed)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes the Secret it reads")]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn each_request_is_signed_with_the_keys_that_are_mounted_then() {
        let folder = std::env::temp_dir().join(format!("subtitles-keys-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let missing = MountedKeys::at(&folder).expect_err("no keys yet").to_string();
        assert!(missing.contains("access-key-id"), "{missing}");
        for (id, secret) in [("first", "one"), ("second", "two")] {
            fs::write(folder.join(KEY_ID), format!("{id}\n")).expect("writable");
            fs::write(folder.join(KEY), secret).expect("writable");
            let keys = MountedKeys::at(&folder).expect("keys").get_credential().await.expect("keys");
            assert_eq!((keys.key_id.as_str(), keys.secret_key.as_str(), &keys.token), (id, secret, &None));
        }
        let _ = fs::remove_dir_all(&folder);
    }
}
