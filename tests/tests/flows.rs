//! The three flows on a real API server, RabbitMQ and Redis, with the built operator and workers as processes.

use std::{fmt::Write as _, fs, process::Command, time::Duration};

use subtitle_tests::{
    job_manifest as job,
    process::{eventually, output},
    stack::Stack,
    temporary_folder,
};
use subtitle_workers::subtitle::Subtitle;

const LIMIT: Duration = Duration::from_secs(60);

/// Our own dialogue, repeated with numbers so that every cue differs.
fn dialogue() -> String {
    let lines = [
        "Good morning, Anna. The boat leaves at noon.",
        "We should have\ngone home yesterday.",
        "- Where is the captain?\n- He is in the harbour.",
        "<i>The sea is very calm today.</i>",
        "Bring the letters to the old house.",
    ];
    let mut text = String::new();
    for at in 0..62 {
        let (minute, second) = (at * 4 / 60, at * 4 % 60);
        let line = lines[at % lines.len()];
        let _ =
            write!(text, "{}\n00:{minute:02}:{second:02},000 --> 00:{minute:02}:{second:02},900\n{line}\n\n", at + 1);
    }
    text
}

fn uid(job: &serde_json::Value) -> &str {
    job["metadata"]["uid"].as_str().expect("a uid")
}

/// Publishes two messages nobody can handle; the reasons in the dead letters, in order.
#[tokio::main]
async fn publish_nonsense_and_wait(url: &str, job_id: &str) -> Vec<String> {
    use futures::StreamExt as _;
    use lapin::{Connection, ConnectionProperties, options, types::FieldTable};
    let connection = Connection::connect(url, ConnectionProperties::default()).await.expect("connects");
    let channel = connection.create_channel().await.expect("a channel");
    let impossible = format!(
        r#"{{"event_type":"subtitle.ready","job_id":"{job_id}","timestamp":"2026-01-31T20:15:00Z","source":"downloader",
        "payload":{{}},"metadata":null,"attempt":9,"namespace":"default","name":"found"}}"#
    );
    for body in ["<html>", &impossible] {
        let options = options::BasicPublishOptions::default();
        let properties = lapin::BasicProperties::default();
        let publish = channel.basic_publish(
            "subtitle.events".into(),
            "subtitle.ready".into(),
            options,
            body.as_bytes(),
            properties,
        );
        publish.await.expect("published");
    }
    let consume = channel.basic_consume(
        "subtitle.dead".into(),
        "".into(),
        options::BasicConsumeOptions::default(),
        FieldTable::default(),
    );
    let deliveries = consume.await.expect("consumes").take(2);
    let reason = |delivery: lapin::message::Delivery| {
        let headers = delivery.properties.headers().clone().unwrap_or_default();
        headers
            .inner()
            .get("x-reason")
            .and_then(|value| value.as_long_string().map(ToString::to_string))
            .unwrap_or_default()
    };
    let read = deliveries.map(|delivery| reason(delivery.expect("a delivery"))).collect();
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("both arrive")
}

#[test]
fn every_flow_ends_as_it_should_also_when_processes_die() {
    let folder = temporary_folder("flows").expect("a temporary folder");
    let mut stack = Stack::start(&folder, None).expect("the stack starts");

    // A video with an embedded English track, and one with a Hebrew sidecar in its legacy charset.
    fs::write(folder.join("harbour.srt"), dialogue()).expect("writable");
    let mut mux = Command::new("mkvmerge");
    mux.args(["-q", "-o"]).arg(stack.library.join("harbour.mkv")).args(["--language", "0:eng"]);
    output(mux.arg(folder.join("harbour.srt"))).expect("mkvmerge");
    fs::write(stack.library.join("letters.mkv"), "not a video").expect("writable");
    let mut hebrew = b"1\r\n00:00:01,000 --> 00:00:02,000\r\n".to_vec();
    hebrew.extend([0xF9, 0xEC, 0xE5, 0xED]); // "shalom" in windows-1255
    fs::write(stack.library.join("letters.he.srt"), hebrew).expect("writable");

    stack.apply(&job("found", "{video: {path: harbour.mkv}, language: en}")).expect("applies");
    stack.apply(&job("hebrew", "{video: {path: letters.mkv}, language: he}")).expect("applies");
    stack
        .apply(&job("translated", "{video: {path: harbour.mkv}, language: es, output: {sidecar: IfAbsent}}"))
        .expect("applies");
    stack
        .apply(&job("failed", "{video: {path: letters.mkv}, language: fr, translation: {policy: Never}}"))
        .expect("applies");
    let glossary = |name: &str, text: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{glossary: '{text}'}}\n")
    };
    stack.apply(&glossary("wrong", "Anna")).expect("applies");
    let with_glossary = |name: &str| {
        let translation = format!("translation: {{glossaryRef: {{name: {name}}}}}");
        format!("{{video: {{path: harbour.mkv}}, language: es, sources: [{{name: embedded}}], {translation}}}")
    };
    stack.apply(&job("invalid", &with_glossary("wrong"))).expect("applies");
    stack.apply(&job("named", &with_glossary("names"))).expect("applies");

    let found = stack.finished("found", LIMIT).expect("finished");
    assert_eq!((&found["status"]["phase"], &found["status"]["reason"]), (&"Done".into(), &"SubtitleFound".into()));
    assert_eq!(found["status"]["result"]["cues"], 62);
    let types = stack.events_until(uid(&found), "subtitle.ready").expect("history");
    assert_eq!(types, ["subtitle.download.requested", "subtitle.download.started", "subtitle.ready"]);

    let notes = || {
        let of_found = ["get", "events", "--field-selector", "involvedObject.name=found", "-o", "jsonpath={..reason}"];
        let reasons = output(stack.cluster.kubectl().args(of_found)).ok()?;
        (reasons.contains("WaitingForWorker") && reasons.contains("SubtitleFound")).then_some(())
    };
    eventually("Kubernetes Events tell of the phases", LIMIT, notes).expect("they do");

    let hebrew = stack.finished("hebrew", LIMIT).expect("finished");
    let key = hebrew["status"]["result"]["key"].as_str().expect("a key");
    assert!(fs::read_to_string(stack.store.join(key)).expect("stored").contains("שלום"));

    let translated = stack.finished("translated", LIMIT).expect("finished");
    assert_eq!(translated["status"]["reason"], "SubtitleTranslated");
    assert_eq!(translated["status"]["progress"], "62/62");
    let types = stack.events_until(uid(&translated), "subtitle.translated").expect("history");
    let outline: Vec<&str> = types.iter().map(String::as_str).filter(|kind| !kind.ends_with("progress")).collect();
    assert_eq!(
        outline,
        [
            "subtitle.download.requested",
            "subtitle.download.started",
            "subtitle.translate.requested",
            "subtitle.translate.started",
            "subtitle.translated"
        ]
    );
    let written = fs::read_to_string(stack.library.join("harbour.es.srt")).expect("the sidecar");
    let (source, target) = (Subtitle::read(&dialogue()).expect("reads"), Subtitle::read(&written).expect("reads"));
    let times = |subtitle: &Subtitle| subtitle.cues.iter().map(|cue| (cue.start, cue.end)).collect::<Vec<_>>();
    assert_eq!(times(&source), times(&target), "the translation has its source's cues and times");
    assert!(target.cues[0].text.contains("Buenos días"), "{}", target.cues[0].text);

    let failed = stack.finished("failed", LIMIT).expect("finished");
    assert_eq!(
        (&failed["status"]["phase"], &failed["status"]["reason"]),
        (&"Failed".into(), &"NoSubtitleFound".into())
    );
    assert_eq!(failed["status"]["attempt"], 1, "what cannot end differently is not tried again");
    let invalid = stack.finished("invalid", LIMIT).expect("finished");
    assert_eq!(invalid["status"]["reason"], "InvalidSpec");
    let message = invalid["status"]["message"].as_str().expect("a message");
    assert!(message.contains("ConfigMap 'default/wrong'") && message.contains("line 1 is 'Anna'"), "{message}");

    // A glossary that is created after its job is waited for, by name.
    let waits = ["wait", "--for=jsonpath={.status.reason}=WaitingForGlossary", "subtitlejob/named", "--timeout=60s"];
    output(stack.cluster.kubectl().args(waits)).expect("it waits for its ConfigMap");
    stack.apply(&glossary("names", "Anna = Ana")).expect("applies");
    let named = stack.finished("named", LIMIT).expect("finished");
    let (status, result) = (&named["status"], &named["status"]["result"]);
    assert_eq!((&status["phase"], &status["glossary"]["sha256"]), (&"Done".into(), &result["glossary"]));
    let spanish = fs::read_to_string(stack.store.join(result["key"].as_str().expect("a key"))).expect("stored");
    assert!(spanish.contains("Buenos días, Ana.") && !spanish.contains("Anna"), "{spanish}");

    // Redis as the old commands read it, and REST.
    let redis = |command: &[&str]| stack.redis_command(command).expect("redis-cli");
    let record: serde_json::Value =
        serde_json::from_str(&redis(&["GET", &format!("job:{}", uid(&found))])).expect("JSON");
    assert_eq!((&record["status"], &record["name"]), (&"DONE".into(), &"found".into()));
    assert_eq!(redis(&["LLEN", &format!("job:events:{}", uid(&found))]), "3");
    assert_eq!(stack.get(&format!("/subtitles/{}", uid(&found))).expect("REST").1["status"], "DONE");
    assert_eq!(stack.get("/subtitles/unknown").expect("REST").0, 404);
    assert_eq!(stack.get(&format!("/subtitles/{}/events?limit=0", uid(&found))).expect("REST").0, 422);

    // A job over REST is an ordinary object, readable at once; bad bodies say what is wrong.
    let body = r#"{"video_url": "https://media.example/harbour.mkv", "video_title": "Harbour", "language": "nl"}"#;
    let (code, created) = stack.post("/subtitles/download", body).expect("REST");
    assert_eq!(code, 201, "{created}");
    let id = created["job_id"].as_str().expect("an id");
    assert_eq!(stack.get(&format!("/subtitles/{id}")).expect("REST").0, 200, "a GET right after a POST finds it");
    assert_eq!(stack.get(&format!("/subtitles/status/{id}")).expect("REST").0, 200);
    for bad in ["{", "{}", r#"{"video_url": "ftp://a/b", "video_title": "A", "language": "nl"}"#] {
        let (code, refusal) = stack.post("/subtitles/download", bad).expect("REST");
        assert!((code, refusal["detail"].is_string()) == (422, true), "{bad}: {code} {refusal}");
    }
    let file = output(Command::new("curl").args(["-sf", found["status"]["result"]["url"].as_str().expect("a URL")]));
    assert_eq!(Subtitle::read(&file.expect("the file")).expect("reads").cues, source.cues);

    // What is no event, and an event that cannot be, go to the dead letters; the consumer goes on.
    let dead = publish_nonsense_and_wait(&stack.broker.url, uid(&found));
    assert_eq!(dead, ["MalformedMessage", "ImpossibleEvent"]);

    // SIGTERM ends each program within its grace time, with success, and what it had in hand goes on elsewhere.
    stack.apply(&job("drained", "{video: {path: harbour.mkv}, language: es-AR}")).expect("applies");
    for server in [&mut stack.downloader, &mut stack.translator, &mut stack.operator] {
        let status = server.stop(Duration::from_secs(25)).expect("it ends in time");
        assert!(status.success(), "{} ended with {status}", server.name);
        server.restart().expect("starts again");
    }
    assert_eq!(stack.finished("drained", LIMIT).expect("finished")["status"]["phase"], "Done");

    // Killing operator and translator in the middle still ends with the job right.
    stack.apply(&job("again", "{video: {path: harbour.mkv}, language: es-MX}")).expect("applies");
    stack.translator.restart().expect("restarts");
    stack.operator.restart().expect("restarts");
    let again = stack.finished("again", Duration::from_secs(120)).expect("finished");
    assert_eq!(again["status"]["phase"], "Done");
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}
