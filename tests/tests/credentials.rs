//! Passwords change while the system runs, as they do when a Secret is rotated: the files and the server's own users
//! change, connections are closed, and jobs go on without a restart.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use subtitle_tests::{
    job_manifest as job,
    process::{Server, eventually},
    stack::Stack,
    temporary_folder,
};

const LIMIT: Duration = Duration::from_secs(60);
const FOUND: &str = "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}]}";
/// With every character that a URL would have to encode.
const PASSWORDS: [&str; 3] = ["first p@ss/w:rd?#%2f", "second[pass]&=+", "third;pass\u{e9}"];

/// A Secret as the kubelet mounts it: `key` leads to `..data/key`, and `..data` to a folder that is replaced as a whole.
struct Mount(PathBuf);

impl Mount {
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
    broker: Mount,
    redis: Mount,
}

impl Rotation {
    fn broker_takes(&self, password: &str) {
        self.stack.broker.control(&["change_password", "subtitles", "--", password]).expect("changed");
    }

    fn redis(&self, password: Option<&str>, command: &[&str]) {
        let login: &[&str] = match &password {
            Some(password) => &["--no-auth-warning", "-a", password],
            None => &[],
        };
        let answer = self.stack.redis_command(&[login, command].concat()).expect("redis-cli");
        assert!(!answer.contains("ERR") && !answer.contains("NOAUTH"), "{answer}");
    }

    fn broker_secret_says(&self, version: usize) {
        let port = port(&self.stack.broker.url);
        let parts =
            [("host", "127.0.0.1"), ("port", port), ("username", "subtitles"), ("password", PASSWORDS[version])];
        self.broker.write(version, &parts);
    }

    fn redis_secret_says(&self, version: usize) {
        let parts = [("host", "127.0.0.1"), ("port", port(&self.stack.redis.url)), ("password", PASSWORDS[version])];
        self.redis.write(version, &parts);
    }

    fn everything_is_connected(&self, connections: usize) {
        let ready = || {
            let (_, ready) = self.stack.get("/readyz").ok()?;
            let names = self.stack.broker.control(&["list_connections", "user", "state"]).ok()?;
            let open = names.lines().filter(|line| line.starts_with("subtitles") && line.contains("running")).count();
            (ready["broker"] == true && ready["redis"] == true && open == connections).then_some(())
        };
        eventually("operator and workers are connected", LIMIT, ready).expect("they are");
    }

    fn a_job_ends(&self, name: &str) {
        self.stack.apply(&job(name, FOUND)).expect("applies");
        let ended = self.stack.finished(name, LIMIT).expect("finished");
        assert_eq!(ended["status"]["phase"], "Done");
        let id = ended["metadata"]["uid"].as_str().expect("a uid");
        self.stack.events_until(id, "subtitle.ready").expect("its history is in Redis");
    }
}

fn log(folder: &Path, server: &Server) -> String {
    fs::read_to_string(folder.join(format!("{}.log", server.name))).expect("a log")
}

#[test]
fn a_new_password_in_the_mounted_secret_is_used_without_a_restart() {
    let folder = temporary_folder("credentials").expect("a temporary folder");
    let (broker, redis) = (folder.join("broker-secret"), folder.join("redis-secret"));
    for mount in [&broker, &redis] {
        fs::create_dir_all(mount).expect("a folder");
    }
    let set = |name: &str, value: &Path| (name.to_owned(), value.display().to_string());
    let environment = vec![
        set("SUBTITLES_BROKER_URL", Path::new("")),
        set("SUBTITLES_BROKER_SECRET", &broker),
        set("SUBTITLES_REDIS_URL", Path::new("")),
        set("SUBTITLES_REDIS_SECRET", &redis),
    ];
    let store = (format!("file://{}", folder.join("store").display()), environment);
    let stack = Stack::start(&folder, Some(store)).expect("it starts without its Secrets, and waits for them");
    let mut rotation = Rotation { stack, broker: Mount(broker), redis: Mount(redis) };
    rotation.stack.broker.control(&["add_user", "subtitles", "--", PASSWORDS[0]]).expect("added");
    rotation.stack.broker.control(&["set_permissions", "subtitles", ".*", ".*", ".*"]).expect("allowed");
    rotation.redis(None, &["CONFIG", "SET", "requirepass", PASSWORDS[0]]);
    rotation.broker_secret_says(0);
    rotation.redis_secret_says(0);
    rotation.everything_is_connected(3);
    rotation.a_job_ends("first");

    // The usual order: the server knows the new password, then the file; every session is replaced by itself.
    rotation.broker_takes(PASSWORDS[1]);
    rotation.redis(Some(PASSWORDS[0]), &["CONFIG", "SET", "requirepass", PASSWORDS[1]]);
    rotation.broker_secret_says(1);
    rotation.redis_secret_says(1);
    for server in [&rotation.stack.operator, &rotation.stack.downloader, &rotation.stack.translator] {
        let noticed = || log(&folder, server).contains("the broker's Secret has changed").then_some(());
        eventually(&format!("{} notices the change", server.name), LIMIT, noticed).expect("noticed");
    }
    let noticed = || log(&folder, &rotation.stack.operator).contains("the Secret of Redis has changed").then_some(());
    eventually("the operator notices the change of Redis", LIMIT, noticed).expect("noticed");
    rotation.everything_is_connected(3);
    rotation.stack.broker.control(&["close_all_connections", "rotated"]).expect("closed");
    rotation.redis(Some(PASSWORDS[1]), &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    rotation.everything_is_connected(3);
    rotation.a_job_ends("second");

    // The other way round: nobody can log in until the file has changed, and then at once.
    rotation.broker_takes(PASSWORDS[2]);
    rotation.redis(Some(PASSWORDS[1]), &["CONFIG", "SET", "requirepass", PASSWORDS[2]]);
    rotation.stack.broker.control(&["close_all_connections", "rotated"]).expect("closed");
    rotation.redis(Some(PASSWORDS[2]), &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    let refused = || log(&folder, &rotation.stack.operator).contains("ACCESS_REFUSED").then_some(());
    eventually("the old password is refused", LIMIT, refused).expect("refused");
    rotation.broker_secret_says(2);
    rotation.redis_secret_says(2);
    rotation.everything_is_connected(3);
    rotation.a_job_ends("third");

    let Stack { operator, downloader, translator, .. } = &mut rotation.stack;
    for server in [operator, downloader, translator] {
        assert!(server.ended().is_none(), "{} was not restarted", server.name);
        let log = log(&folder, server);
        assert!(!PASSWORDS.iter().any(|password| log.contains(password)), "{} logged a password", server.name);
    }
    drop(rotation);
    let _ = fs::remove_dir_all(&folder);
}
