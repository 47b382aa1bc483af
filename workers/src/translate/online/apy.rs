//! Apertium's own web service. Source: apertium-apy, `GET /listPairs`, `POST /translate` with `langpair`, `q`,
//! `format` and `markUnknown`. Each piece is a paragraph of its own, as with the command.

use serde::Deserialize;
use subtitle_contract::{job::Variants, language::Language};
use tokio::sync::OnceCell;

use super::{Trouble, server::Server};
use crate::translate::{apertium, serves};

/// A server of APY.
pub(in crate::translate) struct Apy {
    server: Server,
    pairs: OnceCell<Vec<Listed>>,
}

#[derive(Deserialize)]
struct Pairs {
    #[serde(rename = "responseData")]
    pairs: Vec<Listed>,
}

/// With the codes that it wants to hear again.
#[derive(Clone, Deserialize)]
pub(in crate::translate) struct Listed {
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
    pub(in crate::translate) fn new(server: Server) -> Self {
        Self { server, pairs: OnceCell::new() }
    }

    async fn listed(&self) -> Result<&[Listed], Trouble> {
        let list = async || {
            let reply = self.server.send(|| self.server.get("/listPairs"), |_| false).await?;
            let pairs = serde_json::from_str::<Pairs>(&reply.body).map_err(|_| self.server.refused(&reply))?;
            Ok(pairs.pairs)
        };
        self.pairs.get_or_try_init(list).await.map(Vec::as_slice)
    }

    /// The installed pairs.
    pub(in crate::translate) async fn pairs(&self) -> Result<Vec<(Language, Language)>, Trouble> {
        let pairs = self.listed().await?.iter();
        Ok(pairs.filter_map(|pair| tag(&pair.from).zip(tag(&pair.to))).collect())
    }

    pub(in crate::translate) async fn pair(
        &self,
        from: &Language,
        to: &Language,
        variants: Variants,
    ) -> Result<Option<&Listed>, Trouble> {
        Ok(self.listed().await?.iter().find(|pair| {
            tag(&pair.from).is_some_and(|offered| offered.base() == from.base())
                && tag(&pair.to).is_some_and(|offered| serves(&offered, to, variants))
        }))
    }

    pub(in crate::translate) async fn translate(
        &self,
        from: &Language,
        to: &Language,
        variants: Variants,
        texts: &[String],
    ) -> Result<Vec<String>, Trouble> {
        let missing = || Trouble::Away(format!("{from} to {to} is not installed there"));
        let Listed { from, to } = self.pair(from, to, variants).await?.ok_or_else(missing)?;
        let (pair, page) = (format!("{from}|{to}"), apertium::page(texts));
        let fields = [("langpair", pair.as_str()), ("q", &page), ("format", "html"), ("markUnknown", "no")];
        let reply = self.server.send(|| self.server.post_form("/translate", &fields), |_| false).await?;
        let answer = serde_json::from_str::<Answer>(&reply.body).map_err(|_| self.server.refused(&reply))?;
        Ok(apertium::paragraphs(&answer.data.text, texts.len()).unwrap_or_default())
    }
}

fn tag(code: &str) -> Option<Language> {
    Language::parse(&code.replace('_', "-")).ok()
}
