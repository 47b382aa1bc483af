//! Passwords change while the system runs, as when a Secret is rotated: the mounted files and the servers' users change,
//! connections are closed, and jobs continue without a restart. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use subtitle_tests::{
    cases::{Cases, Recover},
    job_manifest as job,
    process::{Server, eventually},
    stack::{Stack, StoreOptions},
    temporary_folder,
};

/// Timeout of every wait, far longer than any takes.
const TIMEOUT: Duration = Duration::from_secs(60);
const EMBEDDED: &str = "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}]}";
/// Together they contain every character that must be encoded in a URL.
const PASSWORDS: [&str; 3] = ["first p@ss/w:rd?#%2f", "second[pass]&=+", "third;pass\u{e9}"];
/// What a process logs when a mounted Secret has changed.
const BROKER_SECRET_CHANGED: &str = "the broker's Secret has changed";
const REDIS_SECRET_CHANGED: &str = "the Secret of Redis has changed";
/// Number of connections: the operator's, the translator's, and the downloader's, one for downloads and one for scans.
const CONNECTIONS: usize = 4;

/// A Secret as the kubelet mounts it: `key` is a link to `..data/key`, and `..data` to a folder that is replaced as a whole.
struct Mount(PathBuf);

impl Mount {
    fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn write(&self, version: usize, keys: &[(&str, &str)]) {
        let data = self.0.join(format!("..version{version}"));
        fs::create_dir_all(&data).expect("a folder");
        for (key, text) in keys {
            fs::write(data.join(key), text).expect("writable");
            let _ = std::os::unix::fs::symlink(Path::new("..data").join(key), self.0.join(key));
        }
        let next = self.0.join("..data_tmp");
        std::os::unix::fs::symlink(data.file_name().expect("a name"), &next).expect("a link");
        fs::rename(next, self.0.join("..data")).expect("swapped");
    }
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port")
}

struct Rotation {
    stack: Stack,
    folder: PathBuf,
    broker: Mount,
    redis: Mount,
}

impl Recover for Rotation {
    fn recover(&mut self) {
        self.stack.recover();
    }
}

impl Rotation {
    /// Starts everything with Secrets that are not mounted yet.
    fn start(folder: &Path) -> Self {
        let (broker, redis) = (folder.join("broker-secret"), folder.join("redis-secret"));
        let (broker, redis) = (Mount::new(broker), Mount::new(redis));
        let set = |name: &str, value: &Path| (name.to_owned(), value.display().to_string());
        let environment = vec![
            set("SUBTITLES_BROKER_URL", Path::new("")),
            set("SUBTITLES_BROKER_SECRET", &broker.0),
            set("SUBTITLES_REDIS_URL", Path::new("")),
            set("SUBTITLES_REDIS_SECRET", &redis.0),
        ];
        let store = StoreOptions { url: format!("file://{}", folder.join("store").display()), environment };
        let stack = Stack::start(folder, Some(store)).expect("it starts without its Secrets, and waits for them");
        Self { stack, folder: folder.to_path_buf(), broker, redis }
    }

    fn change_broker_password(&self, password: &str) {
        self.stack.broker.rabbitmqctl(&["change_password", "subtitles", "--", password]).expect("changed");
    }

    /// Runs a Redis command, logged in with a password.
    fn redis(&self, password: Option<&str>, command: &[&str]) {
        let login: &[&str] = match &password {
            Some(password) => &["--no-auth-warning", "-a", password],
            None => &[],
        };
        let answer = self.stack.redis_command(&[login, command].concat()).expect("redis-cli");
        assert!(!answer.contains("ERR") && !answer.contains("NOAUTH"), "{answer}");
    }

    /// Writes both Secrets with the password of this version.
    fn write_secrets(&self, version: usize) {
        let password = ("password", PASSWORDS[version]);
        let broker_port = port(&self.stack.broker.url);
        self.broker
            .write(version, &[("host", "127.0.0.1"), ("port", broker_port), ("username", "subtitles"), password]);
        self.redis.write(version, &[("host", "127.0.0.1"), ("port", port(&self.stack.redis.url)), password]);
    }

    /// Closes every connection of the product; Redis' password is that of this version.
    fn close_connections(&self, version: usize) {
        self.stack.broker.rabbitmqctl(&["close_all_connections", "rotated"]).expect("closed");
        self.redis(Some(PASSWORDS[version]), &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    }

    fn wait_until_connected(&self) {
        let ready = || {
            let (_, ready) = self.stack.get("/readyz").ok()?;
            let names = self.stack.broker.rabbitmqctl(&["list_connections", "user", "state"]).ok()?;
            let open = names.lines().filter(|line| line.starts_with("subtitles") && line.contains("running")).count();
            (ready["broker"] == true && ready["redis"] == true && open == CONNECTIONS).then_some(())
        };
        eventually("operator and workers are connected", TIMEOUT, ready).expect("connected");
    }

    fn assert_job_ends(&self, name: &str) {
        self.stack.apply(&job(name, EMBEDDED)).expect("applies");
        let ended = self.stack.finished(name, TIMEOUT).expect("finished");
        assert_eq!(ended["status"]["phase"], "Done");
        let id = ended["metadata"]["uid"].as_str().expect("a uid");
        self.stack.events_until(id, "subtitle.ready").expect("its history is in Redis");
    }

    fn log(&self, server: &Server) -> String {
        fs::read_to_string(self.folder.join(format!("{}.log", server.name))).expect("a log")
    }

    fn wait_for_log(&self, server: &Server, text: &str) {
        let logged = || self.log(server).contains(text).then_some(());
        eventually(&format!("{} logs '{text}'", server.name), TIMEOUT, logged).expect("logged");
    }
}

fn secrets_are_mounted_after_the_start(rotation: &mut Rotation) {
    rotation.stack.broker.rabbitmqctl(&["add_user", "subtitles", "--", PASSWORDS[0]]).expect("added");
    rotation.stack.broker.rabbitmqctl(&["set_permissions", "subtitles", ".*", ".*", ".*"]).expect("permitted");
    rotation.redis(None, &["CONFIG", "SET", "requirepass", PASSWORDS[0]]);
    rotation.write_secrets(0);
    rotation.wait_until_connected();
    rotation.assert_job_ends("first");
}

/// The usual order: the server accepts the new password before the file changes; sessions are replaced without an error.
fn server_changes_before_the_secret(rotation: &mut Rotation) {
    rotation.change_broker_password(PASSWORDS[1]);
    rotation.redis(Some(PASSWORDS[0]), &["CONFIG", "SET", "requirepass", PASSWORDS[1]]);
    rotation.write_secrets(1);
    let stack = &rotation.stack;
    for server in [&stack.operator, &stack.downloader, &stack.translator] {
        rotation.wait_for_log(server, BROKER_SECRET_CHANGED);
    }
    rotation.wait_for_log(&stack.operator, REDIS_SECRET_CHANGED);
    rotation.wait_until_connected();
    rotation.close_connections(1);
    rotation.wait_until_connected();
    rotation.assert_job_ends("second");
}

/// The other order: no login succeeds until the file has changed, and then at once.
fn server_changes_and_the_secret_follows(rotation: &mut Rotation) {
    rotation.change_broker_password(PASSWORDS[2]);
    rotation.redis(Some(PASSWORDS[1]), &["CONFIG", "SET", "requirepass", PASSWORDS[2]]);
    rotation.close_connections(2);
    rotation.wait_for_log(&rotation.stack.operator, "ACCESS_REFUSED");
    rotation.write_secrets(2);
    rotation.wait_until_connected();
    rotation.assert_job_ends("third");
}

fn no_process_was_restarted(rotation: &mut Rotation) {
    let Stack { operator, downloader, translator, .. } = &mut rotation.stack;
    for server in [operator, downloader, translator] {
        assert!(server.ended().is_none(), "{} has ended", server.name);
    }
}

fn no_password_is_logged(rotation: &mut Rotation) {
    let Stack { operator, downloader, translator, .. } = &rotation.stack;
    for server in [operator, downloader, translator] {
        let log = rotation.log(server);
        assert!(!PASSWORDS.iter().any(|password| log.contains(password)), "{} logged a password", server.name);
    }
}

#[test]
fn a_rotated_secret_is_used_without_a_restart() {
    let folder = temporary_folder("credentials").expect("a temporary folder");
    let mut cases = Cases::new("credentials", Rotation::start(&folder));
    cases.check("secrets_are_mounted_after_the_start", secrets_are_mounted_after_the_start);
    cases.check("the_server_changes_before_the_secret", server_changes_before_the_secret);
    cases.check("the_server_changes_and_the_secret_follows", server_changes_and_the_secret_follows);
    cases.check("no_process_was_restarted", no_process_was_restarted);
    cases.check("no_password_is_logged", no_password_is_logged);
    cases.finish();
    let _ = fs::remove_dir_all(&folder);
}
