//! The installed `apertium` command: free, offline, rule-based. Started without a shell, text by pipe, its whole
//! process group ended by `timeout`. Each piece is a paragraph of its own in HTML mode, so none can run into the
//! next.

use std::{fmt::Write as _, process::Stdio};

use subtitle_contract::{job::Variants, language::Language};
use tokio::{io::AsyncWriteExt as _, process::Command, sync::OnceCell};

use super::EngineError;
use crate::subtitle::markup::inline;

/// Seconds for one call; 1,000 lines take half a second.
const LIMIT: &str = "60";

/// The command and what it can do.
#[derive(Debug, Default)]
pub struct Apertium {
    modes: OnceCell<Vec<Mode>>,
}

#[derive(Clone, Debug)]
struct Mode {
    name: String,
    from: Language,
    to: Language,
}

/// The command under `timeout`, which ends the pipeline it starts, with nothing of our environment but the path.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=2", LIMIT, "apertium"]).args(arguments);
    command.env_clear().env("LC_ALL", "C.UTF-8");
    command.envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(arguments: &[&str], input: String) -> Result<String, EngineError> {
    let failed = |message: String| EngineError::away("apertium", message);
    let mut child = command(arguments).spawn().map_err(|error| failed(format!("it did not start: {error}")))?;
    let mut stdin = child.stdin.take().ok_or_else(|| failed("it has no standard input".to_owned()))?;
    // Written beside reading: a long text would fill both pipes.
    let writer = tokio::spawn(async move { stdin.write_all(input.as_bytes()).await });
    let output = child.wait_with_output().await.map_err(|error| failed(error.to_string()))?;
    let _ = writer.await;
    match output.status.code() {
        Some(0) => String::from_utf8(output.stdout).map_err(|_| failed("its output is no UTF-8".to_owned())),
        Some(124) => Err(failed(format!("it took longer than {LIMIT} seconds"))),
        Some(127) => {
            Err(failed("it is not installed; on Debian: apt-get install apertium apertium-eng-spa".to_owned()))
        }
        _ => {
            Err(failed(format!("it ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
        }
    }
}

impl Apertium {
    async fn modes(&self) -> Result<&[Mode], EngineError> {
        let modes = self
            .modes
            .get_or_try_init(|| async { Ok(run(&["-l"], String::new()).await?.lines().filter_map(mode).collect()) });
        modes.await.map(Vec::as_slice)
    }

    async fn mode(&self, from: &Language, to: &Language, variants: Variants) -> Result<Option<&Mode>, EngineError> {
        let serves = |mode: &&Mode| mode.from.base() == from.base() && super::serves(&mode.to, to, variants);
        Ok(self.modes().await?.iter().find(serves))
    }

    /// The installed pairs.
    pub(super) async fn pairs(&self) -> Result<Vec<(Language, Language)>, EngineError> {
        Ok(self.modes().await?.iter().map(|mode| (mode.from.clone(), mode.to.clone())).collect())
    }

    /// Whether a mode for the pair is installed.
    pub async fn knows(&self, from: &Language, to: &Language, variants: Variants) -> Result<bool, EngineError> {
        Ok(self.mode(from, to, variants).await?.is_some())
    }

    /// Translates each piece on its own.
    pub async fn translate(
        &self,
        from: &Language,
        to: &Language,
        variants: Variants,
        texts: &[String],
    ) -> Result<Vec<String>, EngineError> {
        let failed = |message: String| EngineError::away("apertium", message);
        let mode =
            self.mode(from, to, variants).await?.ok_or_else(|| failed(format!("{from} to {to} is not installed")))?;
        let output = run(&["-u", "-f", "html", &mode.name], page(texts)).await?;
        paragraphs(&output, texts.len()).ok_or_else(|| failed("it lost or doubled a paragraph".to_owned()))
    }
}

/// Reads one line of `apertium -l`, such as `  eng-spa`.
fn mode(line: &str) -> Option<Mode> {
    let name = line.trim();
    let (from, to) = name.split_once('-')?;
    let language = |text: &str| Language::parse(&text.replace('_', "-")).ok();
    Some(Mode { name: name.to_owned(), from: language(from)?, to: language(to)? })
}

/// Each text as a paragraph with its number.
pub(super) fn page(texts: &[String]) -> String {
    let mut page = String::with_capacity(texts.iter().map(|text| text.len() + 24).sum());
    for (at, text) in texts.iter().enumerate() {
        let _ = write!(page, "<p id=\"{at}\">");
        for (is_tag, piece) in inline::pieces(text) {
            if is_tag {
                page.push_str(piece);
            } else {
                page.push_str(&inline::escaped(piece));
            }
        }
        page.push_str("</p>\n");
    }
    page
}

/// The paragraphs in order; none unless each is there exactly once.
pub(super) fn paragraphs(page: &str, count: usize) -> Option<Vec<String>> {
    let mut rest = page;
    let mut texts = Vec::with_capacity(count);
    for at in 0..count {
        let (_, after) = rest.split_once(&format!("<p id=\"{at}\">"))?;
        let (text, after) = after.split_once("</p>")?;
        if text.contains("<p ") {
            return None;
        }
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        // A word that is left out leaves its space behind.
        let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = entities.into_iter().fold(spaced, |text, (entity, character)| text.replace(entity, character));
        texts.push(text);
        rest = after;
    }
    (!rest.contains("<p ")).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_come_back_one_by_one_or_not_at_all() {
        let texts = vec!["A & <i>b</i> < c".to_owned(), "d".to_owned()];
        assert_eq!(paragraphs("<p id=\"0\">Entonces  tenemos</p>", 1), Some(vec!["Entonces tenemos".to_owned()]));
        assert_eq!(paragraphs(&page(&texts), 2), Some(texts.clone()));
        assert_eq!(paragraphs(&page(&texts), 3), None);
        assert_eq!(paragraphs(&page(&texts), 1), None);
    }

    #[test]
    fn modes_are_read_with_their_variants() {
        let spanish_american = mode("  spa-eng_US").expect("a mode");
        assert_eq!(spanish_american.to.as_str(), "en-US");
        assert!(mode("eng-spa-debug-and-more").is_none() || mode("nonsense").is_none());
    }
}
