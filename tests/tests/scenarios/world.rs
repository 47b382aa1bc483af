//! The translator's program on a real RabbitMQ with services that check what they are sent. Each world has its own virtual host;
//! worlds that exist at the same time share the broker. Does I/O.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use serde_json::{Value, json};
use subtitle_broker::{
    Address, AmqpDeliveries, AmqpSession, Deliveries as _, PublishWriter as _, Receipt as _, Session as _,
};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{Artifact, JobResult},
    payload::{DownloadRequested, Failed, Payload as _, Subject, TranslateRequested, Translated},
    topology::CONSUMER_QUEUE,
};
use subtitle_fakes::engines::{self as fakes, Fake};
use subtitle_store::{Store, sha256};
use subtitle_tests::{
    process::{Server, free_port},
    progress::print,
    servers::rabbitmq::Broker,
    stack, temporary_folder,
};

/// Longer than the lease of a killed worker's claim.
const LONG: Duration = Duration::from_secs(150);
/// A key that no service accepts.
pub(crate) const WRONG_KEY: &str = "sk-wrong-harbour-key-0001";

/// The outcome of a job.
#[derive(Debug)]
pub(crate) enum Ended {
    Shipped(Box<JobResult>, String),
    Failed(Failed),
}

/// Whether the translator's keys are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    Right,
    Wrong,
}

/// The processes and services of one scenario.
pub(crate) struct World {
    pub(crate) translator: Server,
    pub(crate) deepl: Fake,
    pub(crate) libre: Fake,
    pub(crate) openai: Fake,
    pub(crate) store: Store,
    session: Arc<AmqpSession>,
    deliveries: AmqpDeliveries,
    programs: PathBuf,
    url: String,
    folder: PathBuf,
    _broker: Arc<Broker>,
}

fn broker() -> Arc<Broker> {
    static BROKER: Mutex<Weak<Broker>> = Mutex::new(Weak::new());
    let mut shared = BROKER.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let folder = temporary_folder("translation-broker").expect("a temporary folder");
        let broker = Arc::new(Broker::start(&folder, free_port().expect("a port")).expect("RabbitMQ starts"));
        *shared = Arc::downgrade(&broker);
        broker
    })
}

impl World {
    /// Starts everything.
    pub(crate) async fn start(name: &str, keys: Keys) -> Self {
        let broker = tokio::task::spawn_blocking(broker).await.expect("a broker");
        broker.rabbitmqctl(&["add_vhost", name]).expect("a virtual host");
        broker.rabbitmqctl(&["set_permissions", "-p", name, "guest", ".*", ".*", ".*"]).expect("permissions");
        let url = broker.url.replace("%2f", name);
        let folder = temporary_folder(&format!("translation-{name}")).expect("a temporary folder");
        let store_url = format!("file://{}", folder.join("store").display());
        let store = Store::open(&store_url.parse().expect("a URL")).expect("opens");
        let (session, _) = AmqpSession::open_and_declare(&Address::url(&url), "test").await.expect("declares");
        let deliveries = session.consume(CONSUMER_QUEUE, 100).await.expect("subscribes");
        let programs = tokio::task::spawn_blocking(|| stack::build(stack::Profile::Dev, &print).expect("builds"))
            .await
            .expect("builds");
        let (deepl, libre) = (fakes::deepl::serve().await, fakes::libretranslate::serve().await);
        let openai = fakes::openai::serve(true).await;
        let key = |name: &str, right: &str| {
            let file = folder.join(name);
            fs::write(&file, if keys == Keys::Right { right } else { WRONG_KEY }).expect("written");
            file
        };
        let translator = Server::start("translator", &programs.join("subtitle-translator"), &folder, |command| {
            command.env("SUBTITLES_BROKER_URL", &url).env("SUBTITLES_STORE_URL", &store_url);
            command.env("SUBTITLES_METRICS_LISTEN", "none").env("RUST_LOG", "trace");
            command.env("SUBTITLES_DEEPL_URL", &deepl.url);
            command.env("SUBTITLES_DEEPL_KEY_FILE", key("deepl.key", fakes::deepl::KEY));
            command.env("SUBTITLES_LIBRETRANSLATE_URL", &libre.url);
            command.env("SUBTITLES_LIBRETRANSLATE_KEY_FILE", key("libre.key", fakes::libretranslate::KEY));
            command.env("SUBTITLES_OPENAI_URL", format!("{}/v1", openai.url));
            command.env("SUBTITLES_OPENAI_MODEL", fakes::openai::MODEL);
            command.env("SUBTITLES_OPENAI_KEY_FILE", key("openai.key", fakes::openai::KEY));
        });
        Self {
            translator: translator.expect("starts"),
            deepl,
            libre,
            openai,
            store,
            session: Arc::new(session),
            deliveries,
            programs,
            url,
            folder,
            _broker: broker,
        }
    }

    /// A downloader whose only source is a library behind HTTP.
    pub(crate) fn downloader(&self, library: &str) -> Server {
        let program = self.programs.join("subtitle-downloader");
        let store_url = format!("file://{}", self.folder.join("store").display());
        let downloader = Server::start("downloader", &program, &self.folder, |command| {
            command.env("SUBTITLES_BROKER_URL", &self.url).env("SUBTITLES_STORE_URL", &store_url);
            command.env("SUBTITLES_METRICS_LISTEN", "none").env("SUBTITLES_SOURCES", "library");
            command.env("SUBTITLES_LIBRARY_URL", format!("{library}/{{stem}}.{{language}}.srt"));
        });
        downloader.expect("starts")
    }

    fn now() -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    /// The subject of a job in its own namespace, so that no job finds the results of another.
    fn subject(job: &str) -> Subject {
        Subject { job_id: job.to_owned(), namespace: job.to_owned(), name: job.to_owned(), attempt: 1 }
    }

    fn spec(language: &str, translation: &Value) -> Value {
        json!({ "video": { "title": "Harbour" }, "language": language, "translation": translation })
    }

    /// Publishes the task to translate an English text.
    pub(crate) async fn ask(&self, job: &str, text: &str, language: &str, translation: Value) {
        let key = format!("{job}/found/a.srt");
        self.store.create(&key, text.to_owned().into()).await.expect("stores");
        let from = Artifact { key, language: "en".to_owned(), sha256: sha256(text.as_bytes()) };
        let payload = TranslateRequested {
            subtitle_file_path: from.key.clone(),
            source_language: "en".to_owned(),
            target_language: language.to_owned(),
            from,
            spec: serde_json::from_value(Self::spec(language, &translation)).expect("a spec"),
            glossary: None,
            candidates: vec![],
        };
        let event = Event::new(&Self::subject(job), source::DOWNLOADER, Self::now(), &payload);
        self.session.publish(&event).await.expect("confirmed");
    }

    /// Publishes the task to find a subtitle.
    pub(crate) async fn ask_to_find(&self, job: &str, language: &str, translation: Value) {
        let payload = DownloadRequested {
            video_url: String::new(),
            video_title: "Harbour".to_owned(),
            language: language.to_owned(),
            preferred_sources: vec![],
            spec: serde_json::from_value(Self::spec(language, &translation)).expect("a spec"),
            glossary: None,
        };
        let event = Event::new(&Self::subject(job), source::MANAGER, Self::now(), &payload);
        self.session.publish(&event).await.expect("confirmed");
    }

    /// Reads events until the job has finished.
    pub(crate) async fn ended(&mut self, job: &str) -> Ended {
        let last = async {
            loop {
                let delivery = self.deliveries.next().await.expect("a delivery");
                delivery.receipt.ack().await.expect("acknowledged");
                let event = Event::decode(&delivery.body).expect("an event");
                let is_over = matches!(event.event_type, EventType::Translated | EventType::Failed | EventType::Ready);
                if event.job_id == job && is_over {
                    return event;
                }
            }
        };
        let last = tokio::time::timeout(LONG, last).await.unwrap_or_else(|_| panic!("{job} did not finish"));
        if last.event_type == Failed::EVENT_TYPE {
            return Ended::Failed(last.read().expect("a failure"));
        }
        let result = last.read::<Translated>().expect("a result").result;
        let bytes = self.store.read(&result.key).await.expect("reads").expect("is there");
        Ended::Shipped(Box::new(result), String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }

    /// The translator's log at trace level.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("translator.log")).expect("a log")
    }
}

impl Drop for World {
    /// Checks that no key was logged, whatever happened.
    fn drop(&mut self) {
        let log = self.log();
        self.translator.kill();
        let _ = fs::remove_dir_all(&self.folder);
        if std::thread::panicking() {
            return;
        }
        assert!(log.contains("\"level\":\"TRACE\""), "the log has no TRACE level, so the check proves nothing");
        for key in [fakes::deepl::KEY, fakes::libretranslate::KEY, fakes::openai::KEY, WRONG_KEY] {
            assert!(!log.contains(key), "the key '{key}' is in the log");
        }
    }
}
