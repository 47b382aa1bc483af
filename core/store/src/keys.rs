//! The access keys of an S3 store from a mounted Secret, read for each request, so that rotated keys need no restart. Called
//! by the client of S3. Does I/O.

use std::{path::Path, sync::Arc};

use object_store::{CredentialProvider, aws::AwsCredential};
use subtitle_secret::{Mounted, SecretError};

const KEY_ID: &str = "access-key-id";
const KEY: &str = "secret-access-key";
/// Only temporary credentials have one.
const TOKEN: &str = "session-token";

/// Reads the access keys of each request.
#[derive(Debug)]
pub(crate) struct MountedKeys(Mounted);

impl MountedKeys {
    /// Fails if the Secret does not have them now.
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
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn each_request_is_signed_with_the_keys_that_are_mounted_at_that_time() {
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
