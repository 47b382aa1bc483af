//! LibreTranslate. Source: `libretranslate/app.py`: `GET /languages`, `POST /translate` with `q` as a list, the key in
//! the body, errors as `{"error": text}`; both of its limits say "exceeds text limit". Plain text: its HTML mode loses
//! and doubles text around nested tags. Does I/O.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::{Deserialize, Serialize};
use subtitle_contract::{job::VariantMatch, language::Language};
use tokio::sync::OnceCell;
use url::Url;

use super::{
    port::{Engine, EngineFault, LanguagePairs, Shared},
    server::{FIRST_PAUSE, Server},
};
use crate::{
    secret::read_key,
    subtitle::language::code,
    translate::{request::TranslationRequest, variants::serves},
};

/// The flags of LibreTranslate.
#[derive(Args, Clone, Debug)]
pub struct LibreTranslateArguments {
    /// A LibreTranslate server, such as http://libretranslate:5000
    #[arg(long, env = "SUBTITLES_LIBRETRANSLATE_URL")]
    libretranslate_url: Option<Url>,
    /// The file with LibreTranslate's key, where it wants one
    #[arg(long, env = "SUBTITLES_LIBRETRANSLATE_KEY_FILE")]
    libretranslate_key_file: Option<PathBuf>,
}

/// A LibreTranslate server.
pub struct LibreTranslate {
    server: Server,
    languages: OnceCell<Vec<Listed>>,
}

#[derive(Deserialize)]
struct Listed {
    code: String,
    #[serde(default)]
    targets: Vec<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    q: &'a [String],
    source: &'a str,
    target: &'a str,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "translatedText")]
    texts: Vec<String>,
}

impl LibreTranslate {
    /// The engine on this server.
    pub fn new(server: Server) -> Self {
        Self { server, languages: OnceCell::new() }
    }

    async fn listed(&self) -> Result<&[Listed], EngineFault> {
        let list = async || {
            let reply = self.server.send(|| self.server.get("/languages"), |_| false).await?;
            serde_json::from_str::<Vec<Listed>>(&reply.body).map_err(|_| self.server.unexpected(&reply))
        };
        self.languages.get_or_try_init(list).await.map(Vec::as_slice)
    }

    /// The codes of a pair as this server has them.
    async fn pair(
        &self,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<Option<(&str, &str)>, EngineFault> {
        let languages = self.listed().await?;
        let is_source = |listed: &&Listed| {
            code::read(&listed.code).is_some_and(|offered| serves(&offered, from, VariantMatch::Script))
        };
        let is_target = |target: &&String| code::read(target).is_some_and(|offered| serves(&offered, to, variants));
        let pair = languages.iter().find(is_source).and_then(|source| {
            source.targets.iter().find(is_target).map(|target| (source.code.as_str(), target.as_str()))
        });
        Ok(pair)
    }
}

impl Engine for LibreTranslate {
    const NAME: &'static str = "libretranslate";
    type Arguments = LibreTranslateArguments;

    fn from_arguments(arguments: LibreTranslateArguments, shared: &Shared) -> Result<Option<Self>> {
        let LibreTranslateArguments { libretranslate_url, libretranslate_key_file } = arguments;
        let Some(url) = libretranslate_url else { return Ok(None) };
        let key = read_key(libretranslate_key_file.as_deref())?;
        Ok(Some(Self::new(Server::new(shared.http.clone(), url.as_str(), key, FIRST_PAUSE))))
    }

    async fn pairs(&self) -> Result<Option<LanguagePairs>, EngineFault> {
        let pairs = |listed: &Listed| {
            let source = code::read(&listed.code);
            let targets = listed.targets.iter().filter_map(|target| code::read(target));
            targets.filter_map(|target| Some((source.clone()?, target))).collect::<Vec<_>>()
        };
        Ok(Some(self.listed().await?.iter().flat_map(pairs).collect()))
    }

    async fn supports(&self, from: &Language, to: &Language, variants: VariantMatch) -> Result<bool, EngineFault> {
        Ok(self.pair(from, to, variants).await?.is_some())
    }

    async fn translate(&self, request: &TranslationRequest<'_>) -> Result<Vec<String>, EngineFault> {
        let TranslationRequest { from, to, variants, texts, .. } = *request;
        let missing = || EngineFault::Unavailable(format!("{from} to {to} is not installed there"));
        let (source, target) = self.pair(from, to, variants).await?.ok_or_else(missing)?;
        let body = Body { q: texts, source, target, format: "text", api_key: self.server.key() };
        let reply = self.server.send(|| self.server.post("/translate", &body), |_| false).await?;
        if reply.status == 400 && reply.body.contains("exceeds text limit") {
            return Err(EngineFault::TooLong(self.server.excerpt(&reply)));
        }
        let asks_for_key = reply.status == 400 && reply.body.contains("to get an API key");
        if asks_for_key || matches!(reply.status, 401 | 403) {
            return Err(EngineFault::Forbidden(self.server.excerpt(&reply)));
        }
        let answer = serde_json::from_str::<Answer>(&reply.body).map_err(|_| self.server.unexpected(&reply))?;
        Ok(answer.texts)
    }
}
