//! The HTTP API as a separate process on a real API server: every route with no token, an invalid token, one of another audience,
//! one of another namespace, and a valid one; and every answer that `operator/openapi.yaml` documents. Does I/O.

use std::{cell::RefCell, collections::BTreeSet, fs, path::Path, process::Command, time::Duration};

use serde_json::Value;
use subtitle_operator::http::openapi::description;
use subtitle_tests::{
    process::{eventually, output},
    stack::{Stack, StoreOptions},
    temporary_folder,
};

const TIMEOUT: Duration = Duration::from_secs(90);
/// The routes that read a job.
const READS: [&str; 4] =
    ["/subtitles/{id}", "/subtitles/status/{id}", "/subtitles/{id}/events", "/subtitles/{id}/file"];
/// The id of no job.
const UNKNOWN: &str = "0c1d2e3f-0000-4000-8000-000000000001";
const CREATE: &str = "/subtitles/download";
const BODY: &str = r#"{"video_url": "https://media.example/harbour.mkv", "video_title": "Harbour", "language": "nl"}"#;
const OBJECTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: films}
---
apiVersion: v1
kind: Namespace
metadata: {name: shows}
---
apiVersion: v1
kind: Namespace
metadata: {name: elsewhere}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: films}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shows}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: asks-for-subtitles}
rules: [{apiGroups: [subtitles.dev], resources: [subtitlejobs], verbs: [create, get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: films}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: asks-for-subtitles}
subjects: [{kind: ServiceAccount, name: web, namespace: films}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: elsewhere}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: asks-for-subtitles}
subjects: [{kind: ServiceAccount, name: web, namespace: films}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shows}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: asks-for-subtitles}
subjects: [{kind: ServiceAccount, name: web, namespace: shows}]
---
apiVersion: subtitles.dev/v1alpha1
kind: SubtitleJob
metadata: {name: harbour, namespace: films}
spec: {video: {path: harbour.mkv}, language: en, sources: [{name: embedded}]}
";

struct Caller {
    api: String,
    /// Method, path and code of every answer so far.
    seen: RefCell<BTreeSet<(String, String, String)>>,
}

struct Answer {
    code: u16,
    headers: String,
    body: Value,
}

impl Caller {
    fn call(&self, path: &str, suffix: &str, token: Option<&str>, more: &[&str]) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-i", "-m", "40"]).args(more).arg(format!("{}{suffix}", self.api));
        if let Some(token) = token {
            curl.arg("-H").arg(format!("Authorization: Bearer {token}"));
        }
        let text = output(&mut curl).expect("an answer");
        let (headers, body) = text.split_once("\r\n\r\n").expect("headers");
        let code = headers.split(' ').nth(1).expect("a code").to_owned();
        let method = if path == CREATE { "post" } else { "get" };
        self.seen.borrow_mut().insert((method.to_owned(), path.to_owned(), code.clone()));
        let body = serde_json::from_str(body).unwrap_or(Value::Null);
        Answer { code: code.parse().expect("a number"), headers: headers.to_lowercase(), body }
    }

    fn get(&self, path: &str, id: &str, token: Option<&str>) -> Answer {
        self.call(path, &path.replace("{id}", id), token, &[])
    }

    fn post(&self, query: &str, token: Option<&str>, more: &[&str]) -> Answer {
        self.call(CREATE, &format!("{CREATE}{query}"), token, &[&["-d", BODY], more].concat())
    }

    fn codes(&self, id: &str, token: Option<&str>) -> Vec<u16> {
        READS.iter().map(|path| self.get(path, id, token).code).collect()
    }
}

fn kubectl(stack: &Stack, arguments: &[&str]) -> String {
    output(stack.cluster.kubectl().args(arguments)).expect("kubectl").trim().to_owned()
}

fn token(stack: &Stack, namespace: &str, audience: &str) -> String {
    kubectl(stack, &["create", "token", "web", "--namespace", namespace, "--audience", audience])
}

/// No token, an unknown token, a token of another audience: 401, and how to get a token.
fn unauthenticated_callers(caller: &Caller, id: &str, other_audience: &str) {
    for (token, code) in [(None, "NoToken"), (Some("garbage"), "InvalidToken"), (Some(other_audience), "InvalidToken")]
    {
        let answers = READS.iter().map(|path| caller.get(path, id, token));
        for answer in answers.chain([caller.post("?namespace=films", token, &[])]) {
            assert_eq!((answer.code, answer.body["code"].as_str()), (401, Some(code)), "{}", answer.body);
            assert!(answer.headers.contains("www-authenticate: bearer"), "{}", answer.headers);
            assert!(
                answer.body["detail"].as_str().is_some_and(|detail| detail.contains("--audience subtitle-operator"))
            );
        }
        assert_eq!(caller.codes("no-such-job", token), [401; 4], "an unauthenticated caller learns nothing");
    }
    for open in ["/healthz", "/health", "/readyz", "/metrics", "/docs", "/openapi.json"] {
        assert_eq!(caller.get(open, "", None).code, 200, "{open}");
    }
}

/// The namespaces in which jobs may be created.
fn creating(caller: &Caller, web: &str) {
    let created = caller.post("?namespace=films", Some(web), &["-H", "Idempotency-Key: once"]);
    assert_eq!((created.code, created.body["namespace"].as_str()), (201, Some("films")), "{}", created.body);
    let again = caller.post("", Some(web), &["-H", "Subtitles-Namespace: films", "-H", "Idempotency-Key: once"]);
    assert_eq!((again.code, &again.body["id"]), (201, &created.body["id"]), "the same key, the same job");
    let id = created.body["id"].as_str().expect("an id");
    assert_eq!(caller.get(READS[0], id, Some(web)).code, 200, "a GET right after a POST finds it");
    assert_eq!(caller.get("/subtitles/{id}/file", id, Some(web)).code, 404, "there is no file yet");

    let refused = caller.post("", Some(web), &[]);
    let sentence =
        "'system:serviceaccount:films:web' may not create subtitlejobs (subtitles.dev) in the namespace 'default'";
    assert_eq!((refused.code, refused.body["detail"].as_str()), (403, Some(sentence)));
    for (query, code) in [("?namespace=elsewhere", "NamespaceNotWatched"), ("?namespace=..%2F..", "InvalidNamespace")] {
        let refused = caller.post(query, Some(web), &[]);
        assert_eq!((refused.code, refused.body["code"].as_str()), (422, Some(code)), "{}", refused.body);
    }
    let nonsense = caller.call(CREATE, "/subtitles/download?namespace=films", Some(web), &["-d", "{"]);
    assert_eq!(nonsense.code, 422, "{}", nonsense.body);
    let long = format!("{{\"video_title\": \"{}\"}}", "x".repeat(70_000));
    let large = caller.call(CREATE, "/subtitles/download?namespace=films", Some(web), &["-d", &long]);
    assert_eq!((large.code, large.body["code"].as_str()), (413, Some("BodyTooLarge")));
    let unfinished = ["-d", "{", "-H", "Content-Length: 100"];
    let slow = caller.call(CREATE, "/subtitles/download?namespace=films", Some(web), &unfinished);
    assert_eq!((slow.code, slow.body["code"].as_str()), (408, Some("SlowBody")));
}

/// A status that somebody wrote by hand names another namespace's file: it is no file of this job.
fn foreign_keys(stack: &Stack, caller: &Caller, store: &Path, id: &str, web: &str) {
    let foreign = store.join("shows/text");
    fs::create_dir_all(&foreign).expect("a folder");
    fs::write(foreign.join("secret.srt"), "1\n00:00:01,000 --> 00:00:02,000\nNot for films\n").expect("writable");
    let key = "jsonpath={.status.result.key}";
    let own = kubectl(stack, &["get", "subtitlejob", "harbour", "--namespace=films", "-o", key]);
    for (key, code) in [("shows/text/secret.srt", 404), ("films/../shows/text/secret.srt", 404), (own.as_str(), 200)] {
        let patch = format!(r#"{{"status": {{"result": {{"key": "{key}"}}}}}}"#);
        let object = ["patch", "subtitlejob", "harbour", "--namespace=films", "--subresource=status", "--type=merge"];
        kubectl(stack, &[&object[..], &["-p", &patch]].concat());
        let answered = || (caller.get("/subtitles/{id}/file", id, Some(web)).code == code).then_some(());
        eventually("the answer follows the status", TIMEOUT, answered).expect(key);
    }
}

/// An address that sends many invalid tokens is told to wait; tokens that were reviewed before are still accepted.
fn guessing_callers(caller: &Caller, id: &str, web: &str) {
    let mut guesses = (0..500).map(|number| format!("guess-{number}"));
    let mut refused = |ask: &dyn Fn(&str) -> Answer| {
        let refused = guesses.by_ref().map(|token| ask(&token)).find(|answer| answer.code != 401);
        let refused = refused.expect("guesses are limited");
        assert!(refused.code == 429 && refused.headers.contains("retry-after: "), "{} {}", refused.code, refused.body);
    };
    for path in READS {
        refused(&|token| caller.get(path, id, Some(token)));
    }
    refused(&|token| caller.post("", Some(token), &[]));
    assert_eq!(caller.codes(id, Some(web)), [200; 4], "a caller who was known before is not concerned");
}

/// Without the API server or Redis: 503 with `Retry-After`.
fn unavailable_servers(stack: &mut Stack, caller: &Caller, id: &str, web: &str, unseen: &str) {
    let is_503 = |answer: Answer| {
        assert!(answer.code == 503 && answer.headers.contains("retry-after: "), "{} {}", answer.code, answer.body);
    };
    stack.redis.server.kill();
    for path in READS {
        is_503(caller.get(path, id, Some(web)));
    }
    stack.redis.server.restart().expect("restarts");
    stack.cluster.servers[0].freeze().expect("frozen");
    for path in READS {
        is_503(caller.get(path, id, Some(unseen)));
    }
    is_503(caller.post("?namespace=films", Some(unseen), &[]));
    let (starting, api) = stack.start_standalone_api("starting").expect("it runs");
    let starting_caller = Caller { api, seen: RefCell::default() };
    assert_eq!(starting_caller.get("/readyz", "", None).code, 503, "it has not seen the jobs yet");
    caller.seen.borrow_mut().extend(starting_caller.seen.take());
    drop(starting);
    stack.cluster.servers[0].resume().expect("goes on");
}

#[test]
fn every_route_answers_as_documented_and_only_authorized_callers() {
    let folder = temporary_folder("access").expect("a temporary folder");
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let environment = vec![
        set("SUBTITLES_API", "false"),
        set("SUBTITLES_API_AUTH", "kubernetes"),
        set("SUBTITLES_API_AUDIENCE", "subtitle-operator,another"),
        set("SUBTITLES_WATCH_NAMESPACES", "default,films,shows"),
    ];
    let store = StoreOptions { url: format!("file://{}", folder.join("store").display()), environment };
    let mut stack = Stack::start(&folder, Some(store)).expect("the stack starts");
    assert_eq!(stack.get("/readyz").expect("REST").1["kubernetes"], true);
    assert_eq!(stack.get("/subtitles/x").expect("REST").0, 404, "the operator does not serve the API here");
    let (_api, api) = stack.start_standalone_api("api").expect("the API starts");
    let caller = Caller { api, seen: RefCell::default() };
    let ready = || (caller.get("/readyz", "", None).code == 200).then_some(());
    eventually("the API is ready", TIMEOUT, ready).expect("ready");

    stack.apply(OBJECTS).expect("applies");
    let (web, other) = (token(&stack, "films", "subtitle-operator"), token(&stack, "shows", "another"));
    let other_audience = token(&stack, "films", "https://kubernetes.default.svc.cluster.local");
    let wait = ["wait", "--for=condition=Finished", "subtitlejob/harbour", "--namespace=films", "--timeout=90s"];
    kubectl(&stack, &wait);
    let id = kubectl(&stack, &["get", "subtitlejob", "harbour", "--namespace=films", "-o", "jsonpath={.metadata.uid}"]);
    let complete = || (caller.codes(&id, Some(&web)) == [200; 4]).then_some(());
    eventually("an authorized caller gets record, status, history and file", TIMEOUT, complete).expect("answers");

    foreign_keys(&stack, &caller, &folder.join("store"), &id, &web);
    unauthenticated_callers(&caller, &id, &other_audience);
    creating(&caller, &web);
    let forbidden = caller.get(READS[0], &id, Some(&other));
    let sentence =
        "'system:serviceaccount:shows:web' may not get subtitlejobs (subtitles.dev) in the namespace 'films'";
    assert_eq!((forbidden.code, forbidden.body["detail"].as_str()), (403, Some(sentence)));
    assert_eq!(caller.codes(&id, Some(&other)), [403; 4]);
    assert_eq!(caller.codes(UNKNOWN, Some(&web)), [404; 4]);
    for nonsense in ["no-such-job", &format!("events:{id}"), &format!("seen:{id}")] {
        assert_eq!(caller.codes(nonsense, Some(&web)), [404; 4], "{nonsense} is no id, and Redis is not asked for it");
    }
    for (header, code) in [("Range: bytes=0-9", 206), ("Range: bytes=99999999-", 416), ("If-None-Match: *", 304)] {
        let answer = caller.call(READS[3], &READS[3].replace("{id}", &id), Some(&web), &["-H", header]);
        assert_eq!(answer.code, code, "{header}");
    }
    let limit = caller.call(READS[2], &format!("/subtitles/{id}/events?limit=0"), Some(&web), &[]);
    assert_eq!(limit.code, 422);

    // After the object is deleted, Redis knows its namespace: by the record, else by the last event.
    kubectl(&stack, &["delete", "subtitlejob", "harbour", "--namespace=films"]);
    let gone = || stack.redis_command(&["GET", &format!("job:{id}")]).ok().filter(|record| record.contains("films"));
    eventually("its record stays", TIMEOUT, gone).expect("it stays");
    assert_eq!((caller.codes(&id, Some(&web)), caller.codes(&id, Some(&other))), (vec![200; 4], vec![403; 4]));
    let record = stack.redis_command(&["GETDEL", &format!("job:{id}")]).expect("redis-cli");
    assert_eq!(caller.codes(&id, Some(&web)), [200; 4], "the history tells what the record did");
    assert_eq!(caller.codes(&id, Some(&other)), [403; 4]);
    stack.redis_command(&["SET", &format!("job:{id}"), &record]).expect("redis-cli");

    guessing_callers(&caller, &id, &web);
    let fresh = token(&stack, "films", "another");
    let accepted = || (caller.get(READS[0], &id, Some(&fresh)).code == 200).then_some(());
    eventually("the address may send new tokens again", TIMEOUT, accepted).expect("it is forgiven");
    let unseen = token(&stack, "films", "another");
    unavailable_servers(&mut stack, &caller, &id, &web, &unseen);
    eventually("it answers again", TIMEOUT, || (caller.codes(&id, Some(&web)) == [200; 4]).then_some(()))
        .expect("answers");
    kubectl(&stack, &["delete", "rolebinding", "web", "--namespace=films"]);
    let refused = || (caller.codes(&id, Some(&web)) == [403; 4]).then_some(());
    eventually("a revoked right ends within the TTL of the cache", TIMEOUT, refused).expect("it ends");

    let seen = caller.seen.borrow();
    for (path, methods) in description()["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            for code in operation["responses"].as_object().expect("responses").keys() {
                let documented = (method.clone(), path.clone(), code.clone());
                assert!(seen.contains(&documented), "{documented:?} is documented and was never answered: {seen:?}");
            }
        }
    }
    drop(seen);
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}
