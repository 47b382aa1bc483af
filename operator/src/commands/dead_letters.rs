//! `subtitle-operator dead list|show|replay|drop`: the letters in `subtitle.dead`, browsed on one channel. What is not
//! replayed or dropped stays where it is.

use std::io::Write;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use lapin::{message::BasicGetMessage, options::BasicAckOptions, types::AMQPValue};
use subtitle_broker::{BrokerArguments, Session};
use subtitle_contract::{event::Event, text::clean, topology::DEAD_QUEUE};

/// What to do with dead letters.
#[derive(Subcommand)]
pub enum Command {
    /// List them: id, reason, type, attempt, source, first queue, job
    List(Which),
    /// Print the whole message of each
    Show(Which),
    /// Publish them again and take them out; a message that was handled meanwhile changes nothing
    Replay(Which),
    /// Take them out for good
    Drop(Which),
}

/// Which letters, and where.
#[derive(Args)]
pub struct Which {
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

/// One letter as it is shown.
#[derive(Debug, PartialEq, Eq)]
struct Letter {
    id: String,
    reason: String,
    detail: String,
    event_type: String,
    attempt: String,
    source: String,
    first_queue: String,
    job: String,
    replays: u32,
}

impl Letter {
    fn read(message: &BasicGetMessage) -> Self {
        let headers = message.properties.headers().clone().unwrap_or_default();
        let header = |name: &str| match headers.inner().get(name) {
            Some(AMQPValue::LongString(text)) => Some(clean(&text.to_string(), 200)),
            Some(AMQPValue::ShortString(text)) => Some(clean(text.as_str(), 200)),
            _ => None,
        };
        let event = Event::decode(&message.data).ok();
        let of =
            |read: fn(&Event) -> String| event.as_ref().map_or_else(|| "-".to_owned(), |event| clean(&read(event), 80));
        let message_id = message.properties.message_id().as_ref().map(ToString::to_string);
        Self {
            // Whoever published no id gets one from the content, as everywhere.
            id: event
                .as_ref()
                .map(|event| event.identity().to_string())
                .or(message_id)
                .unwrap_or_else(|| content_id(&message.data)),
            reason: header("x-reason").or_else(|| header("x-first-death-reason")).unwrap_or_else(|| "-".to_owned()),
            detail: header("x-message").unwrap_or_default(),
            event_type: clean(message.routing_key.as_str(), 80),
            attempt: of(|event| event.attempt.map_or_else(|| "-".to_owned(), |attempt| attempt.to_string())),
            source: of(|event| event.source.clone()),
            first_queue: header("x-first-death-queue").unwrap_or_else(|| "-".to_owned()),
            job: of(|event| match (&event.namespace, &event.name) {
                (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
                _ => event.job_id.clone(),
            }),
            replays: header("x-replays").and_then(|replays| replays.parse().ok()).unwrap_or_default(),
        }
    }
}

fn content_id(body: &[u8]) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, body).to_string()
}

impl Which {
    fn names(&self, letter: &Letter) -> bool {
        let has_id = self.ids.is_empty() || self.ids.iter().any(|id| letter.id.starts_with(id.as_str()));
        has_id
            && self.reason.as_ref().is_none_or(|reason| *reason == letter.reason)
            && self.source.as_ref().is_none_or(|source| *source == letter.source)
    }

    fn names_something(&self) -> bool {
        self.all || !self.ids.is_empty() || self.reason.is_some() || self.source.is_some()
    }
}

/// Runs one of the commands.
pub async fn run(command: Command, out: &mut impl Write) -> Result<()> {
    let which = match &command {
        Command::List(which) | Command::Show(which) | Command::Replay(which) | Command::Drop(which) => which,
    };
    if matches!(command, Command::Replay(_) | Command::Drop(_)) && !which.names_something() {
        bail!("name letters by id, --reason or --source, or say --all; `subtitle-operator dead list` shows them");
    }
    let session = Session::open(&which.broker.address()?, "subtitle-operator dead").await?;
    let mut browse = session.browse(DEAD_QUEUE).await?;
    let mut named = 0;
    if matches!(command, Command::List(_)) {
        writeln!(
            out,
            "{:<36}  {:<22} {:<28} {:<7} {:<11} {:<24} JOB",
            "ID", "REASON", "TYPE", "ATTEMPT", "SOURCE", "FIRST QUEUE"
        )?;
    }
    while let Some(message) = browse.next().await? {
        let letter = Letter::read(&message);
        if !which.names(&letter) {
            continue;
        }
        named += 1;
        match &command {
            Command::List(_) => writeln!(
                out,
                "{:<36}  {:<22} {:<28} {:<7} {:<11} {:<24} {}",
                letter.id,
                letter.reason,
                letter.event_type,
                letter.attempt,
                letter.source,
                letter.first_queue,
                letter.job
            )?,
            Command::Show(_) => {
                writeln!(out, "{}: {} {}", letter.id, letter.reason, letter.detail)?;
                writeln!(out, "{}\n", clean(&String::from_utf8_lossy(&message.data), 100_000))?;
            }
            Command::Replay(_) => {
                session.publish_again(message.routing_key.as_str(), &message.data, letter.replays + 1).await?;
                message.ack(BasicAckOptions::default()).await?;
                writeln!(out, "{} published again as {}", letter.id, letter.event_type)?;
            }
            Command::Drop(_) => {
                message.ack(BasicAckOptions::default()).await?;
                writeln!(out, "{} dropped", letter.id)?;
            }
        }
    }
    browse.close().await?;
    session.close().await;
    if named == 0 && !matches!(command, Command::List(_)) {
        bail!("no dead letter is named by that; `subtitle-operator dead list` shows them");
    }
    Ok(())
}
