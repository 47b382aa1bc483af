//! Apertium's own web service. Source: apertium-apy, `GET /listPairs`, `POST /translate` with `langpair`, `q`,
//! `format` and `markUnknown`. Each piece is a paragraph of its own, as with the command. Does I/O.

use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use subtitle_contract::{job::VariantMatch, language::Language};
use tokio::sync::OnceCell;
use url::Url;

use super::{
    super::{
        port::{Engine, EngineFault, LanguagePairs, Shared},
        server::{FIRST_PAUSE, Server},
    },
    page,
};
use crate::translate::{request::TranslationRequest, variants::serves};

/// The flags of Apertium's web service.
#[derive(Args, Clone, Debug)]
pub struct ApyArguments {
    /// Apertium's web service, such as http://apertium-apy:2737
    #[arg(long, env = "SUBTITLES_APERTIUM_APY_URL")]
    apertium_apy_url: Option<Url>,
}

/// A server of APY.
pub struct Apy {
    server: Server,
    pairs: OnceCell<Vec<Listed>>,
}

#[derive(Deserialize)]
struct Pairs {
    #[serde(rename = "responseData")]
    pairs: Vec<Listed>,
}

/// A pair in the server's own codes.
#[derive(Clone, Deserialize)]
struct Listed {
    #[serde(rename = "sourceLanguage")]
    from: String,
    #[serde(rename = "targetLanguage")]
    to: String,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "responseData")]
    data: Translated,
}

#[derive(Deserialize)]
struct Translated {
    #[serde(rename = "translatedText")]
    text: String,
}

impl Apy {
    /// The engine on this server.
    pub fn new(server: Server) -> Self {
        Self { server, pairs: OnceCell::new() }
    }

    async fn listed(&self) -> Result<&[Listed], EngineFault> {
        let list = async || {
            let reply = self.server.send(|| self.server.get("/listPairs"), |_| false).await?;
            let pairs = serde_json::from_str::<Pairs>(&reply.body).map_err(|_| self.server.unexpected(&reply))?;
            Ok(pairs.pairs)
        };
        self.pairs.get_or_try_init(list).await.map(Vec::as_slice)
    }

    async fn pair(
        &self,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<Option<&Listed>, EngineFault> {
        Ok(self.listed().await?.iter().find(|pair| {
            tag(&pair.from).is_some_and(|offered| offered.primary() == from.primary())
                && tag(&pair.to).is_some_and(|offered| serves(&offered, to, variants))
        }))
    }
}

impl Engine for Apy {
    const NAME: &'static str = "apertium-apy";
    const IS_FREE: bool = true;
    const PIVOTS: bool = true;
    type Arguments = ApyArguments;

    fn from_arguments(ApyArguments { apertium_apy_url }: ApyArguments, shared: &Shared) -> Result<Option<Self>> {
        Ok(apertium_apy_url.map(|url| Self::new(Server::new(shared.http.clone(), url.as_str(), None, FIRST_PAUSE))))
    }

    async fn pairs(&self) -> Result<Option<LanguagePairs>, EngineFault> {
        let pairs = self.listed().await?.iter();
        Ok(Some(pairs.filter_map(|pair| tag(&pair.from).zip(tag(&pair.to))).collect()))
    }

    async fn supports(&self, from: &Language, to: &Language, variants: VariantMatch) -> Result<bool, EngineFault> {
        Ok(self.pair(from, to, variants).await?.is_some())
    }

    async fn translate(&self, request: &TranslationRequest<'_>) -> Result<Vec<String>, EngineFault> {
        let TranslationRequest { from, to, variants, texts, .. } = *request;
        let missing = || EngineFault::Unavailable(format!("{from} to {to} is not installed there"));
        let Listed { from, to } = self.pair(from, to, variants).await?.ok_or_else(missing)?;
        let (pair, page) = (format!("{from}|{to}"), page::page(texts));
        let fields = [("langpair", pair.as_str()), ("q", &page), ("format", "html"), ("markUnknown", "no")];
        let reply = self.server.send(|| self.server.post_form("/translate", &fields), |_| false).await?;
        let answer = serde_json::from_str::<Answer>(&reply.body).map_err(|_| self.server.unexpected(&reply))?;
        Ok(page::paragraphs(&answer.data.text, texts.len()).unwrap_or_default())
    }
}

fn tag(code: &str) -> Option<Language> {
    Language::parse(&code.replace('_', "-")).ok()
}
