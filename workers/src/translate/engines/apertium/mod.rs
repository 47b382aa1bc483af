//! The installed `apertium` command: free, offline, rule-based. Started without a shell, text by pipe, its whole
//! process group ended by `timeout`. Each piece is a paragraph of its own in HTML mode, so that none runs into the next.
//! Does I/O: runs a process.

pub mod apy;
mod page;

use std::process::Stdio;

use anyhow::Result;
use subtitle_contract::{job::VariantMatch, language::Language};
use tokio::{io::AsyncWriteExt as _, process::Command, sync::OnceCell};

use super::port::{Engine, EngineFault, LanguagePairs, NoArguments, Shared};
use crate::translate::{request::TranslationRequest, variants::serves};

/// Seconds for one call; 1,000 lines take half a second.
const TIMEOUT: &str = "60";

/// The installed command.
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

/// The command under `timeout`, which ends the pipeline it starts, with nothing of our environment but the search path.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=2", TIMEOUT, "apertium"]).args(arguments);
    command.env_clear().env("LC_ALL", "C.UTF-8");
    command.envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(arguments: &[&str], input: String) -> Result<String, EngineFault> {
    let failed = EngineFault::Unavailable;
    let mut child = command(arguments).spawn().map_err(EngineFault::RunCommand)?;
    let mut stdin = child.stdin.take().ok_or_else(|| failed("it has no standard input".to_owned()))?;
    // Writes while the output is read: a long text would fill both pipes.
    let writer = tokio::spawn(async move { stdin.write_all(input.as_bytes()).await });
    let output = child.wait_with_output().await.map_err(EngineFault::RunCommand)?;
    let _ = writer.await;
    match output.status.code() {
        Some(0) => String::from_utf8(output.stdout).map_err(|_| failed("its output is not UTF-8".to_owned())),
        Some(124) => Err(failed(format!("it took longer than {TIMEOUT} seconds"))),
        Some(127) => {
            Err(failed("it is not installed; on Debian: apt-get install apertium apertium-eng-spa".to_owned()))
        }
        _ => {
            Err(failed(format!("it ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
        }
    }
}

impl Apertium {
    async fn modes(&self) -> Result<&[Mode], EngineFault> {
        let modes = self
            .modes
            .get_or_try_init(|| async { Ok(run(&["-l"], String::new()).await?.lines().filter_map(mode).collect()) });
        modes.await.map(Vec::as_slice)
    }

    async fn mode(&self, from: &Language, to: &Language, variants: VariantMatch) -> Result<Option<&Mode>, EngineFault> {
        let is_served = |mode: &&Mode| mode.from.primary() == from.primary() && serves(&mode.to, to, variants);
        Ok(self.modes().await?.iter().find(is_served))
    }
}

impl Engine for Apertium {
    const NAME: &'static str = "apertium";
    const IS_FREE: bool = true;
    const PIVOTS: bool = true;
    type Arguments = NoArguments;

    fn from_arguments(_: NoArguments, _: &Shared) -> Result<Option<Self>> {
        Ok(Some(Self::default()))
    }

    async fn pairs(&self) -> Result<Option<LanguagePairs>, EngineFault> {
        Ok(Some(self.modes().await?.iter().map(|mode| (mode.from.clone(), mode.to.clone())).collect()))
    }

    async fn supports(&self, from: &Language, to: &Language, variants: VariantMatch) -> Result<bool, EngineFault> {
        Ok(self.mode(from, to, variants).await?.is_some())
    }

    async fn translate(&self, request: &TranslationRequest<'_>) -> Result<Vec<String>, EngineFault> {
        let TranslationRequest { from, to, variants, texts, .. } = *request;
        let failed = EngineFault::Unavailable;
        let mode =
            self.mode(from, to, variants).await?.ok_or_else(|| failed(format!("{from} to {to} is not installed")))?;
        let output = run(&["-u", "-f", "html", &mode.name], page::page(texts)).await?;
        page::paragraphs(&output, texts.len()).ok_or_else(|| failed("it lost or repeated a paragraph".to_owned()))
    }
}

/// Reads one line of `apertium -l`, such as `  eng-spa`.
fn mode(line: &str) -> Option<Mode> {
    let name = line.trim();
    let (from, to) = name.split_once('-')?;
    let language = |text: &str| Language::parse(&text.replace('_', "-")).ok();
    Some(Mode { name: name.to_owned(), from: language(from)?, to: language(to)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_with_their_variants() {
        let spanish_american = mode("  spa-eng_US").expect("a mode");
        assert_eq!(spanish_american.to.as_str(), "en-US");
        assert!(mode("eng-spa-debug-and-more").is_none() || mode("nonsense").is_none());
    }
}
