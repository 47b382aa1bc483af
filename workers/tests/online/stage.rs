//! A real RabbitMQ and downloaders as processes; each test has a virtual host and a folder of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock},
    time::Duration,
};

use serde_json::{Value, json};
use subtitle_broker::{
    Address, AmqpDeliveries, AmqpSession, Deliveries as _, PublishWriter as _, Receipt as _, Session as _,
};
use subtitle_contract::{
    event::{Event, EventType, source},
    payload::{DownloadRequested, Subject},
    topology::CONSUMER_QUEUE,
};
use subtitle_tests::{
    process::{Server, free_port},
    servers::rabbitmq::Broker,
};

use crate::{bench::Secrets, providers::Provider};

/// Far longer than anything here takes: a test that waits this long has failed.
const LONG: Duration = Duration::from_secs(150);

/// The one broker of this program; it is killed when the program ends.
fn broker() -> &'static Mutex<Broker> {
    static BROKER: OnceLock<Mutex<Broker>> = OnceLock::new();
    BROKER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("online-broker");
        let _ = fs::remove_dir_all(&folder);
        Mutex::new(Broker::start(&folder, free_port().expect("a port")).expect("RabbitMQ starts"))
    })
}

/// A virtual host of the broker; its URL.
pub(crate) async fn host(name: &'static str) -> String {
    let made = tokio::task::spawn_blocking(move || {
        let broker = broker().lock().expect("not poisoned");
        broker.rabbitmqctl(&["add_vhost", name]).expect("a virtual host");
        broker.rabbitmqctl(&["set_permissions", "-p", name, "guest", ".*", ".*", ".*"]).expect("permissions");
        broker.url.replace("%2f", name)
    });
    made.await.expect("made")
}

/// A broker's virtual host, workers and what they need.
pub(crate) struct Stage {
    url: String,
    pub(crate) folder: PathBuf,
    /// Removes the folder at the end.
    _secrets: Secrets,
    session: AmqpSession,
    events: Mutex<Vec<Event>>,
    deliveries: tokio::sync::Mutex<AmqpDeliveries>,
}

impl Stage {
    pub(crate) async fn new(name: &'static str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = host(name).await;
        let secrets = Secrets::new();
        let folder = secrets.folder().to_owned();
        fs::create_dir_all(folder.join("library")).expect("a folder");
        fs::create_dir_all(folder.join("store")).expect("a folder");
        let (session, _) = AmqpSession::open_and_declare(&Address::url(&url), "test").await.expect("declares");
        let deliveries = tokio::sync::Mutex::new(session.consume(CONSUMER_QUEUE, 100).await.expect("subscribes"));
        Self { url, folder, _secrets: secrets, session, events: Mutex::default(), deliveries }
    }

    /// Starts a downloader that is configured for these providers.
    pub(crate) fn worker(&self, name: &str, providers: &[(&str, &Provider)]) -> Server {
        let program = Path::new(env!("CARGO_BIN_EXE_subtitle-downloader"));
        let started = Server::start(name, program, &self.folder, |command| {
            command.env("SUBTITLES_BROKER_URL", &self.url).env("SUBTITLES_METRICS_LISTEN", "none");
            command.env("SUBTITLES_STORE_URL", format!("file://{}", self.folder.join("store").display()));
            command.env("SUBTITLES_LIBRARIES", format!("default={}", self.folder.join("library").display()));
            command.env("SUBTITLES_ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8");
            command.env("SUBTITLES_PUBLIC_URL", "http://subtitles.example");
            for (provider, at) in providers {
                let variable = |rest: &str| format!("SUBTITLES_{}_{rest}", provider.to_uppercase());
                let path = if ["opensubtitles", "subdl"].contains(provider) { "/api/v1" } else { "" };
                command.env(variable("URL"), format!("{}{path}", at.url));
                if !path.is_empty() {
                    command.env(variable("KEY_FILE"), self.folder.join("key"));
                    command.env(variable("DOWNLOAD_URL"), &at.url);
                }
                if *provider == "opensubtitles" {
                    command.env(variable("USERNAME_FILE"), self.folder.join("username"));
                    command.env(variable("PASSWORD_FILE"), self.folder.join("password"));
                }
            }
        });
        started.expect("a worker")
    }

    /// Publishes a job's task, as the operator does; again with the same id when asked twice.
    pub(crate) async fn ask(&self, job: &str, spec: Value) {
        let spec: subtitle_contract::job::SubtitleJobSpec = serde_json::from_value(spec).expect("a spec");
        let (video_title, language) = ("The Harbour".to_owned(), spec.language.clone());
        let task = DownloadRequested {
            video_url: String::new(),
            video_title,
            language,
            preferred_sources: spec.source_names(),
            spec,
            glossary: None,
        };
        let subject = Subject { job_id: job.to_owned(), namespace: "n".to_owned(), name: job.to_owned(), attempt: 1 };
        let event = Event::new(&subject, source::MANAGER, "2026-11-24T10:00:00Z".parse().expect("a time"), &task);
        self.session.publish(&event).await.expect("published");
    }

    /// The `nth` (from 1) event that ended this job's task.
    pub(crate) async fn nth_outcome(&self, job: &str, nth: usize) -> Event {
        let ends = |event: &&Event| {
            let is_end =
                [EventType::Ready, EventType::TranslateRequested, EventType::Failed].contains(&event.event_type);
            event.job_id == job && is_end
        };
        let waited = async {
            loop {
                if let Some(event) = self.events.lock().expect("not poisoned").iter().filter(ends).nth(nth - 1) {
                    return event.clone();
                }
                let mut deliveries = self.deliveries.lock().await;
                let next = tokio::time::timeout(Duration::from_millis(100), deliveries.next()).await;
                let Ok(delivery) = next else { continue };
                let delivery = delivery.expect("a delivery");
                delivery.receipt.ack().await.expect("acknowledged");
                self.events.lock().expect("not poisoned").push(Event::decode(&delivery.body).expect("an event"));
            }
        };
        tokio::time::timeout(LONG, waited).await.unwrap_or_else(|_| panic!("'{job}' did not end"))
    }

    pub(crate) async fn outcome(&self, job: &str) -> Event {
        self.nth_outcome(job, 1).await
    }

    /// What is in the store under a key.
    pub(crate) fn stored(&self, key: &Value) -> String {
        fs::read_to_string(self.folder.join("store").join(key.as_str().expect("a key"))).expect("stored")
    }
}

/// An event's payload.
pub(crate) fn payload(event: &Event) -> Value {
    json!(event.payload)
}
