//! Watches jobs as `kubectl get --watch` does and records every status that goes backwards. Does I/O.

use std::{
    collections::HashMap,
    io::Read,
    process::Stdio,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::Value;
use subtitle_contract::phase::Phase;
use subtitle_tests::stack::Stack;

/// The progress of a job in a visible status.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    attempt: u64,
    phase: Phase,
    completed: Value,
}

/// A watch that runs until the test ends.
pub(crate) struct Watcher {
    reversed: Arc<Mutex<Vec<String>>>,
}

fn phase(job: &Value) -> Phase {
    serde_json::from_value(job["status"]["phase"].clone()).unwrap_or_default()
}

fn rank(seen: &Seen) -> (u64, u8) {
    (seen.attempt, seen.phase.rank())
}

fn reversal(job: &Value, known: &mut HashMap<String, Seen>) -> Option<String> {
    let uid = job["metadata"]["uid"].as_str()?.to_owned();
    let attempt = job["status"]["attempt"].as_u64().unwrap_or(1).max(1);
    let now = Seen { attempt, phase: phase(job), completed: job["status"]["completionTime"].clone() };
    let before = known.insert(uid, now.clone())?;
    let is_same_attempt = before.attempt == now.attempt;
    let fell = rank(&now) < rank(&before);
    let changed_its_outcome =
        is_same_attempt && before.phase.is_final() && (before.phase != now.phase || before.completed != now.completed);
    (fell || changed_its_outcome).then(|| format!("{}: {before:?} became {now:?}", job["metadata"]["name"]))
}

impl Watcher {
    pub(crate) fn start(stack: &Stack) -> Self {
        let reversed = Arc::<Mutex<Vec<String>>>::default();
        let (found, kubectl, kubeconfig) =
            (reversed.clone(), stack.cluster.kubectl.clone(), stack.cluster.kubeconfig.clone());
        thread::spawn(move || {
            let mut known = HashMap::new();
            while kubeconfig.exists() {
                let mut watch = std::process::Command::new(&kubectl);
                watch.env("KUBECONFIG", &kubeconfig).args(["get", "subtitlejobs", "--watch", "-o", "json"]);
                let Ok(mut child) = watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else { return };
                let changes: Box<dyn Read> = match child.stdout.take() {
                    Some(changes) => Box::new(changes),
                    None => return,
                };
                for job in serde_json::Deserializer::from_reader(changes).into_iter::<Value>().map_while(Result::ok) {
                    if let (Some(reversal), Ok(mut found)) = (reversal(&job, &mut known), found.lock()) {
                        found.push(reversal);
                    }
                }
                let _ = child.kill();
                let _ = child.wait();
                thread::sleep(Duration::from_millis(200)); // the API server is killed, too
            }
        });
        Self { reversed }
    }

    /// The statuses that went backwards.
    pub(crate) fn reversed(&self) -> Vec<String> {
        self.reversed.lock().expect("no one panicked").clone()
    }
}
