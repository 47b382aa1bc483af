//! DeepL, version 2 of its API. Source: DeepLcom/openapi: `POST /v2/translate` with at most 50 texts and 128 KiB, the
//! key in `Authorization: DeepL-Auth-Key`, 456 when the billing period's quota is used up, 413 for too much at once.
//! Tags are sent as empty XML elements, everything else escaped: its tag handling refuses what is not well-formed. Does I/O.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::Args;
use serde::{Deserialize, Serialize};
use subtitle_contract::{job::VariantMatch, language::Language};
use tokio::sync::OnceCell;
use url::Url;

use super::{
    port::{Cooldown, Engine, EngineFault, LanguagePairs, Shared},
    server::{FIRST_PAUSE, REFUSED_KEY, Reply, Server, from_now},
};
use crate::{
    secret::{Secret, read_key},
    subtitle::{
        language::code::CodeSystem,
        markup::inline::{escaped, pieces},
    },
    translate::{request::TranslationRequest, variants::serves},
};

/// The flags of DeepL.
#[derive(Args, Clone, Debug)]
pub struct DeepLArguments {
    /// The file with DeepL's key
    #[arg(long, env = "SUBTITLES_DEEPL_KEY_FILE")]
    deepl_key_file: Option<PathBuf>,
    /// DeepL's address; left out, that of the key's plan
    #[arg(long, env = "SUBTITLES_DEEPL_URL")]
    deepl_url: Option<Url>,
}

/// The most texts in one request.
const TEXTS: usize = 50;
/// It does not say when the billing period ends; asking once a day costs nothing.
const QUOTA_COOLDOWN: Duration = Duration::from_secs(24 * 60 * 60);

/// DeepL with one key.
pub struct DeepL {
    server: Server,
    languages: OnceCell<Languages>,
}

struct Languages {
    sources: Vec<String>,
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    language: String,
}

#[derive(Serialize)]
struct Body<'a> {
    text: &'a [String],
    source_lang: &'a str,
    target_lang: &'a str,
    split_sentences: &'static str,
    preserve_formatting: bool,
    tag_handling: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    translations: Vec<Translated>,
}

#[derive(Deserialize)]
struct Translated {
    text: String,
}

impl DeepL {
    /// The engine on this server.
    pub fn new(server: Server) -> Self {
        Self { server, languages: OnceCell::new() }
    }

    async fn send(&self, request: impl Fn() -> reqwest::RequestBuilder) -> Result<Reply, EngineFault> {
        let key = format!("DeepL-Auth-Key {}", self.server.key().unwrap_or_default());
        let reply = self.server.send(|| request().header("authorization", &key), |_| false).await?;
        match reply.status {
            200 => Ok(reply),
            413 => Err(EngineFault::TooLong(self.server.excerpt(&reply))),
            456 => {
                let why = "the quota of this billing period is used up".to_owned();
                Err(EngineFault::CoolingDown(Cooldown { until: from_now(QUOTA_COOLDOWN), why }))
            }
            401 | 403 => Err(EngineFault::Forbidden(REFUSED_KEY.to_owned())),
            _ => Err(self.server.unexpected(&reply)),
        }
    }

    async fn languages(&self, kind: &str) -> Result<Vec<String>, EngineFault> {
        let reply = self.send(|| self.server.get(&format!("/v2/languages?type={kind}"))).await?;
        let listed = serde_json::from_str::<Vec<Listed>>(&reply.body).map_err(|_| self.server.unexpected(&reply))?;
        Ok(listed.into_iter().map(|listed| listed.language).collect())
    }

    async fn both(&self) -> Result<&Languages, EngineFault> {
        let list = async || {
            Ok(Languages { sources: self.languages("source").await?, targets: self.languages("target").await? })
        };
        self.languages.get_or_try_init(list).await
    }

    async fn pair(
        &self,
        from: &Language,
        to: &Language,
        variants: VariantMatch,
    ) -> Result<Option<(String, String)>, EngineFault> {
        let languages = self.both().await?;
        let source = CodeSystem::DeepLSource.code(from);
        if !languages.sources.contains(&source) {
            return Ok(None);
        }
        let usual = CodeSystem::DeepLTarget.code(to);
        let is_served = |code: &&String| Language::parse(code).is_ok_and(|offered| serves(&offered, to, variants));
        let mut served: Vec<&String> = languages.targets.iter().filter(is_served).collect();
        served.sort_by_key(|code| **code != usual);
        Ok(served.first().map(|target| (source, (*target).clone())))
    }
}

/// Keys of the free plan are marked, and have a server of their own.
fn usual_url(key: &Secret) -> &'static str {
    if key.reveal().ends_with(":fx") { "https://api-free.deepl.com" } else { "https://api.deepl.com" }
}

impl Engine for DeepL {
    const NAME: &'static str = "deepl";
    type Arguments = DeepLArguments;

    fn from_arguments(
        DeepLArguments { deepl_key_file, deepl_url }: DeepLArguments,
        shared: &Shared,
    ) -> Result<Option<Self>> {
        let Some(key) = read_key(deepl_key_file.as_deref())? else { return Ok(None) };
        let url = deepl_url.map_or_else(|| usual_url(&key).to_owned(), String::from);
        Ok(Some(Self::new(Server::new(shared.http.clone(), &url, Some(key), FIRST_PAUSE))))
    }

    /// Every source with every target.
    async fn pairs(&self) -> Result<Option<LanguagePairs>, EngineFault> {
        let Languages { sources, targets } = self.both().await?;
        let read = |codes: &[String]| codes.iter().filter_map(|code| Language::parse(code).ok()).collect::<Vec<_>>();
        let targets = read(targets);
        let pairs =
            |source: Language| targets.iter().map(move |target| (source.clone(), target.clone())).collect::<Vec<_>>();
        Ok(Some(read(sources).into_iter().flat_map(pairs).collect()))
    }

    async fn supports(&self, from: &Language, to: &Language, variants: VariantMatch) -> Result<bool, EngineFault> {
        Ok(self.pair(from, to, variants).await?.is_some())
    }

    async fn translate(&self, request: &TranslationRequest<'_>) -> Result<Vec<String>, EngineFault> {
        let TranslationRequest { from, to, variants, texts, .. } = *request;
        let missing = || EngineFault::Unavailable(format!("it does not translate {from} to {to}"));
        let (source, target) = self.pair(from, to, variants).await?.ok_or_else(missing)?;
        let mut answers = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXTS) {
            let masked: Vec<String> = texts.iter().map(|text| masked(text)).collect();
            let body = Body {
                text: &masked,
                source_lang: &source,
                target_lang: &target,
                split_sentences: "nonewlines",
                preserve_formatting: true,
                tag_handling: "xml",
            };
            let reply = self.send(|| self.server.post("/v2/translate", &body)).await?;
            let answer = serde_json::from_str::<Answer>(&reply.body).map_err(|_| self.server.unexpected(&reply))?;
            if answer.translations.len() != texts.len() {
                return Ok(Vec::new());
            }
            let pairs = texts.iter().zip(answer.translations);
            answers.extend(pairs.map(|(text, translated)| unmasked(text, &translated.text)));
        }
        Ok(answers)
    }
}

/// A text as well-formed XML: each tag is an empty element with its number.
fn masked(text: &str) -> String {
    let (mut masked, mut tags) = (String::with_capacity(text.len()), 0);
    for (is_tag, piece) in pieces(text) {
        if is_tag {
            let _ = write!(masked, "<x id=\"{tags}\"/>");
            tags += 1;
        } else {
            masked.push_str(&escaped(piece));
        }
    }
    masked
}

/// The answer with the source's tags in their places; what it does not know stays, for the checks to find.
fn unmasked(source: &str, answer: &str) -> String {
    let tags = pieces(source).into_iter().filter(|(is_tag, _)| *is_tag);
    let restored = tags.enumerate().fold(answer.to_owned(), |text, (at, (_, tag))| {
        // Escaped with the rest, so that unescaping below restores the tag.
        text.replace(&format!("<x id=\"{at}\"/>"), &escaped(tag))
    });
    restored.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_travel_as_numbered_elements_and_come_back() {
        let text = "Tom & <i>Ana</i> <x0/>, 1 < 2";
        assert_eq!(masked(text), "Tom &amp; <x id=\"0\"/>Ana<x id=\"1\"/> <x id=\"2\"/>, 1 &lt; 2");
        assert_eq!(unmasked(text, &masked(text)), text);
    }
}
