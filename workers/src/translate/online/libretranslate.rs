//! LibreTranslate. Source: `libretranslate/app.py`: `GET /languages`, `POST /translate` with `q` as a list, the key in
//! the body, errors as `{"error": text}`; both of its limits say "exceeds text limit". Plain text: its HTML mode loses
//! and doubles text around nested tags.

use serde::{Deserialize, Serialize};
use subtitle_contract::{job::Variants, language::Language};
use tokio::sync::OnceCell;

use super::{Trouble, server::Server};
use crate::{language_code, translate::serves};

/// A LibreTranslate server.
pub(in crate::translate) struct LibreTranslate {
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
struct Request<'a> {
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
    pub(in crate::translate) fn new(server: Server) -> Self {
        Self { server, languages: OnceCell::new() }
    }

    async fn listed(&self) -> Result<&[Listed], Trouble> {
        let list = async || {
            let reply = self.server.send(|| self.server.get("/languages"), |_| false).await?;
            serde_json::from_str::<Vec<Listed>>(&reply.body).map_err(|_| self.server.refused(&reply))
        };
        self.languages.get_or_try_init(list).await.map(Vec::as_slice)
    }

    /// The installed pairs.
    pub(in crate::translate) async fn pairs(&self) -> Result<Vec<(Language, Language)>, Trouble> {
        let of = |listed: &Listed| {
            let source = language_code::read(&listed.code);
            let targets = listed.targets.iter().filter_map(|code| language_code::read(code));
            targets.filter_map(|target| Some((source.clone()?, target))).collect::<Vec<_>>()
        };
        Ok(self.listed().await?.iter().flat_map(of).collect())
    }

    /// The codes of a pair as this server has them.
    pub(in crate::translate) async fn pair(
        &self,
        from: &Language,
        to: &Language,
        variants: Variants,
    ) -> Result<Option<(&str, &str)>, Trouble> {
        let languages = self.listed().await?;
        let is_source = |listed: &&Listed| {
            language_code::read(&listed.code).is_some_and(|offered| serves(&offered, from, Variants::Script))
        };
        let is_target =
            |code: &&String| language_code::read(code).is_some_and(|offered| serves(&offered, to, variants));
        let pair = languages.iter().find(is_source).and_then(|source| {
            source.targets.iter().find(is_target).map(|target| (source.code.as_str(), target.as_str()))
        });
        Ok(pair)
    }

    pub(in crate::translate) async fn translate(
        &self,
        from: &Language,
        to: &Language,
        variants: Variants,
        texts: &[String],
    ) -> Result<Vec<String>, Trouble> {
        let missing = || Trouble::Away(format!("{from} to {to} is not installed there"));
        let (source, target) = self.pair(from, to, variants).await?.ok_or_else(missing)?;
        let request = Request { q: texts, source, target, format: "text", api_key: self.server.key() };
        let reply = self.server.send(|| self.server.post("/translate", &request), |_| false).await?;
        if reply.status == 400 && reply.body.contains("exceeds text limit") {
            return Err(Trouble::TooLong(self.server.words(&reply)));
        }
        let asks_for_key = reply.status == 400 && reply.body.contains("to get an API key");
        if asks_for_key || matches!(reply.status, 401 | 403) {
            return Err(Trouble::Forbidden(self.server.words(&reply)));
        }
        let answer = serde_json::from_str::<Answer>(&reply.body).map_err(|_| self.server.refused(&reply))?;
        Ok(answer.texts)
    }
}
