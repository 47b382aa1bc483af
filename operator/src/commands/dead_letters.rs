//! `subtitle-operator dead list|show|replay|drop`: the messages of `subtitle.dead`, browsed on one channel. A message that
//! is neither replayed nor dropped stays in the queue. Does I/O.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use subtitle_broker::{AmqpSession, BrokerArguments, BrokerError, Browsed, Session as _};
use subtitle_contract::{text::sanitize, topology::DEAD_QUEUE};

use super::letter::{Letter, TITLES};
use crate::act::manual::dead_letters::{discard, replay};

/// Maximum length of a body that `show` prints, in characters.
const MAX_BODY: usize = 100_000;

/// What to do with dead letters.
#[derive(Subcommand)]
pub enum Command {
    /// List them: id, reason, type, attempt, source, first queue, job
    List(LetterSelection),
    /// Print the whole message of each
    Show(LetterSelection),
    /// Publish them again and take them out; a message that was handled meanwhile changes nothing
    Replay(LetterSelection),
    /// Take them out for good
    Drop(LetterSelection),
}

/// Selects dead letters on a broker.
#[derive(Args)]
pub struct LetterSelection {
    #[command(flatten)]
    broker: BrokerArguments,
    /// Ids or beginnings of ids as `list` prints them
    ids: Vec<String>,
    /// Only letters with this reason, such as MalformedMessage
    #[arg(long)]
    reason: Option<String>,
    /// Only letters of this source, such as downloader
    #[arg(long)]
    source: Option<String>,
    /// All of them (replay and drop ask for ids, a reason, a source, or this)
    #[arg(long)]
    all: bool,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// Replay and drop do not default to every letter.
    #[error(
        "failed to choose dead letters: give ids, --reason or --source, or --all; `subtitle-operator dead list` shows them"
    )]
    NothingSelected,
    /// No letter matches.
    #[error("failed to find a dead letter that matches; `subtitle-operator dead list` shows them")]
    NoMatch,
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// Standard output.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl LetterSelection {
    fn matches(&self, letter: &Letter) -> bool {
        let has_id = self.ids.is_empty() || self.ids.iter().any(|id| letter.id.starts_with(id.as_str()));
        has_id
            && self.reason.as_ref().is_none_or(|reason| *reason == letter.reason)
            && self.source.as_ref().is_none_or(|source| *source == letter.source)
    }

    fn is_explicit(&self) -> bool {
        self.all || !self.ids.is_empty() || self.reason.is_some() || self.source.is_some()
    }
}

impl Command {
    const fn selection(&self) -> &LetterSelection {
        let (Self::List(selection) | Self::Show(selection) | Self::Replay(selection) | Self::Drop(selection)) = self;
        selection
    }

    const fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    async fn handle(
        &self,
        session: &AmqpSession,
        message: &Browsed,
        letter: &Letter,
        out: &mut impl Write,
    ) -> Result<(), DeadLettersError> {
        match self {
            Self::List(_) => writeln!(out, "{}", letter.columns())?,
            Self::Show(_) => {
                writeln!(out, "{}: {} {}", letter.id, letter.reason, letter.detail)?;
                writeln!(out, "{}\n", sanitize(&String::from_utf8_lossy(&message.body), MAX_BODY))?;
            }
            Self::Replay(_) => {
                replay(session, message, letter.replays + 1).await?;
                writeln!(out, "{} published again as {}", letter.id, letter.event_type)?;
            }
            Self::Drop(_) => {
                discard(message).await?;
                writeln!(out, "{} dropped", letter.id)?;
            }
        }
        Ok(())
    }
}

/// Runs one of the commands.
pub async fn run(command: Command, out: &mut impl Write) -> Result<(), DeadLettersError> {
    let selection = command.selection();
    if matches!(command, Command::Replay(_) | Command::Drop(_)) && !selection.is_explicit() {
        return Err(DeadLettersError::NothingSelected);
    }
    let session = AmqpSession::open(&selection.broker.address()?, "subtitle-operator dead").await?;
    let mut browse = session.browse(DEAD_QUEUE).await?;
    let mut has_match = false;
    if command.is_list() {
        writeln!(out, "{TITLES}")?;
    }
    while let Some(message) = browse.next().await? {
        let letter = Letter::from_message(&message);
        if selection.matches(&letter) {
            has_match = true;
            command.handle(&session, &message, &letter, out).await?;
        }
    }
    browse.close().await?;
    session.close().await;
    if has_match || command.is_list() { Ok(()) } else { Err(DeadLettersError::NoMatch) }
}
