//! How a provider is called: by an account with credentials, to the addresses that belong to it.

mod account;
mod credentials;
mod links;

pub(super) use account::{Account, Answer, DEFAULT_QUOTA_RESET, client, is_page};
pub(super) use credentials::{CredentialFiles, Credentials};
pub(super) use links::is_same_provider;
pub use links::links;
