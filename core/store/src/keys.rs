//! The access keys of an S3 store from a mounted Secret, read for each request, so that rotated keys need no restart. Used
//! by the S3 client. Does I/O.

use std::{path::Path, sync::Arc};

use object_store::{CredentialProvider, aws::AwsCredential};
use subtitle_secret::{MountedSecret, SecretError};

const KEY_ID: &str = "access-key-id";
const SECRET_KEY: &str = "secret-access-key";
/// Only temporary credentials have one.
const TOKEN: &str = "session-token";

/// Reads the access keys again for each request.
#[derive(Debug)]
pub(crate) struct MountedKeys(MountedSecret);

impl MountedKeys {
    /// Fails if the Secret does not currently contain the keys.
    pub(crate) fn at(folder: &Path) -> Result<Self, SecretError> {
        let keys = Self(MountedSecret::at(folder.to_path_buf()));
        keys.read()?;
        Ok(keys)
    }

    fn read(&self) -> Result<AwsCredential, SecretError> {
        let hint = "an S3 store needs access-key-id and secret-access-key";
        let text = |key| Ok(self.0.required(key, hint)?.reveal().trim().to_owned());
        let token = self.0.optional(TOKEN)?.map(|token| token.reveal().trim().to_owned());
        Ok(AwsCredential { key_id: text(KEY_ID)?, secret_key: text(SECRET_KEY)?, token })
    }
}

#[async_trait::async_trait]
impl CredentialProvider for MountedKeys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let to_store_error = |error: SecretError| object_store::Error::Generic { store: "S3", source: error.into() };
        self.read().map(Arc::new).map_err(to_store_error)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn rotated_keys_are_used_without_a_restart() {
        let folder = std::env::temp_dir().join(format!("subtitles-keys-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("creates the folder");
        let missing = MountedKeys::at(&folder).expect_err("the keys are missing").to_string();
        assert!(missing.contains("access-key-id"), "{missing}");
        let rotate = |id: &str, secret: &str| {
            fs::write(folder.join(KEY_ID), format!("{id}\n")).expect("writes the key id");
            fs::write(folder.join(SECRET_KEY), secret).expect("writes the secret key");
        };
        rotate("first", "one");
        let mounted = MountedKeys::at(&folder).expect("the keys are mounted");
        for (id, secret) in [("second", "two"), ("third", "three")] {
            rotate(id, secret);
            let keys = mounted.get_credential().await.expect("the keys are mounted");
            assert_eq!((keys.key_id.as_str(), keys.secret_key.as_str(), &keys.token), (id, secret, &None));
        }
        let _ = fs::remove_dir_all(&folder);
    }
}
