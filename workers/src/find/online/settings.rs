//! Providers on a worker's command line and in its environment. Keys come from files only: an environment is seen by
//! too many. A provider that nobody named is not called.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use sha2::{Digest as _, Sha256};
use subtitle_contract::names::{GESTDOWN, OPENSUBTITLES, PODNAPISI, SUBDL};
use url::Url;

use super::{
    Online,
    account::{Account, client},
    credentials::CredentialFiles,
    gestdown::{self, Gestdown},
    links,
    opensubtitles::{self, OpenSubtitles},
    podnapisi::{self, Podnapisi},
    subdl::{self, SubDl},
    turns::{Turns, pace::Limits},
};
use crate::find::guard::Guard;

/// Providers behind HTTP.
#[derive(Args, Clone, Debug, Default)]
pub struct ProviderArguments {
    /// The file with OpenSubtitles' key; with it, opensubtitles.com is asked
    #[arg(long, env = "SUBTITLES_OPENSUBTITLES_KEY_FILE", value_name = "FILE")]
    pub opensubtitles_key_file: Option<PathBuf>,
    /// The file with the account's name there; without one, downloads count for this network's address
    #[arg(long, env = "SUBTITLES_OPENSUBTITLES_USERNAME_FILE", value_name = "FILE", requires_all = ["opensubtitles_password_file", "opensubtitles_key_file"])]
    pub opensubtitles_username_file: Option<PathBuf>,
    /// The file with the account's password there
    #[arg(
        long,
        env = "SUBTITLES_OPENSUBTITLES_PASSWORD_FILE",
        value_name = "FILE",
        requires = "opensubtitles_username_file"
    )]
    pub opensubtitles_password_file: Option<PathBuf>,
    /// OpenSubtitles' address [default: https://api.opensubtitles.com/api/v1]
    #[arg(long, env = "SUBTITLES_OPENSUBTITLES_URL", value_name = "URL")]
    pub opensubtitles_url: Option<Url>,
    /// The file with SubDL's key; with it, subdl.com is asked
    #[arg(long, env = "SUBTITLES_SUBDL_KEY_FILE", value_name = "FILE")]
    pub subdl_key_file: Option<PathBuf>,
    /// SubDL's address [default: https://api.subdl.com/api/v1]
    #[arg(long, env = "SUBTITLES_SUBDL_URL", value_name = "URL")]
    pub subdl_url: Option<Url>,
    /// Where SubDL's files are [default: https://dl.subdl.com]
    #[arg(long, env = "SUBTITLES_SUBDL_DOWNLOAD_URL", value_name = "URL")]
    pub subdl_download_url: Option<Url>,
    /// Podnapisi's address, https://www.podnapisi.net; without it, Podnapisi is not asked
    #[arg(long, env = "SUBTITLES_PODNAPISI_URL", value_name = "URL")]
    pub podnapisi_url: Option<Url>,
    /// Gestdown's address, https://api.gestdown.info; without it, Gestdown is not asked
    #[arg(long, env = "SUBTITLES_GESTDOWN_URL", value_name = "URL")]
    pub gestdown_url: Option<Url>,
}

const OPENSUBTITLES_URL: &str = "https://api.opensubtitles.com/api/v1";
const SUBDL_URL: &str = "https://api.subdl.com/api/v1";
const SUBDL_DOWNLOAD_URL: &str = "https://dl.subdl.com";

fn or(url: Option<&Url>, usual: &str) -> Result<Url> {
    url.map_or_else(|| Ok(Url::parse(usual)?), |url| Ok(url.clone()))
}

impl ProviderArguments {
    /// The providers that are configured. `turns` gives turns at the account behind a queue of this name; `guard` says
    /// where a provider's links may lead.
    pub fn online(&self, guard: &Guard, turns: &dyn Fn(String, Limits) -> Turns) -> Result<Online> {
        let http = client().context("failed to set up the HTTP client for providers")?;
        let account = |source: &'static str, base: Url, name: &str, limits: Limits| -> Result<Account> {
            let links = links(&base, guard).context("failed to set up the HTTP client for providers' links")?;
            let hash = Sha256::new().chain_update(base.as_str()).chain_update(name).finalize();
            let queue = format!("subtitle.account.{source}.{}", crate::store::hex(&hash[..4]));
            Ok(Account::new(source, base, http.clone(), links, turns(queue, limits)))
        };
        let mut online = Online::default();
        if let Some(key) = self.opensubtitles_key_file.clone() {
            let names = (self.opensubtitles_username_file.clone(), self.opensubtitles_password_file.clone());
            let files = CredentialFiles { key, login: names.0.zip(names.1) };
            let name = files.account().map_err(|message| anyhow!("opensubtitles: {message}"))?;
            let base = or(self.opensubtitles_url.as_ref(), OPENSUBTITLES_URL)?;
            let account = account(OPENSUBTITLES, base, &name, opensubtitles::LIMITS)?;
            online.opensubtitles = Some(OpenSubtitles::new(account, files).into());
        }
        if let Some(key) = self.subdl_key_file.clone() {
            let files = CredentialFiles { key, login: None };
            let name = files.account().map_err(|message| anyhow!("subdl: {message}"))?;
            let account = account(SUBDL, or(self.subdl_url.as_ref(), SUBDL_URL)?, &name, subdl::LIMITS)?;
            let downloads = or(self.subdl_download_url.as_ref(), SUBDL_DOWNLOAD_URL)?;
            online.subdl = Some(SubDl::new(account, files, downloads).into());
        }
        if let Some(base) = self.podnapisi_url.clone() {
            online.podnapisi = Some(Podnapisi::new(account(PODNAPISI, base, "", podnapisi::LIMITS)?).into());
        }
        if let Some(base) = self.gestdown_url.clone() {
            online.gestdown = Some(Gestdown::new(account(GESTDOWN, base, "", gestdown::LIMITS)?).into());
        }
        Ok(online)
    }
}
