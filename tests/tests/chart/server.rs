//! A real API server accepts every object that the chart renders, with strict field validation and under Pod
//! Security *restricted*. Does I/O.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use subtitle_tests::{
    kubernetes::{
        cluster::{Cluster, Fsync},
        programs::Programs,
    },
    process::output,
    root, samples, temporary_folder,
};

use crate::{
    chart::{self, progress, text},
    linters::{self, schemas},
};

/// Starts an API server.
pub(crate) fn start_api_server(folder: &Path) -> Cluster {
    let programs = Programs::find_or_build(&progress).expect("finds or builds the Kubernetes binaries");
    Cluster::start(&programs, folder, Fsync::Disabled).expect("the API server starts")
}

/// Runs kubectl with an object on standard input; returns whether it succeeded, and its output.
pub(crate) fn kubectl(cluster: &Cluster, arguments: &[&str], object: &Value) -> (bool, String) {
    let mut command = cluster.kubectl();
    command.args(arguments).args(["-f", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut kubectl = command.spawn().expect("kubectl starts");
    kubectl
        .stdin
        .take()
        .expect("stdin is piped")
        .write_all(object.to_string().as_bytes())
        .expect("writes to kubectl's stdin");
    let output = kubectl.wait_with_output().expect("kubectl exits");
    let output_text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), output_text)
}

/// Creates a namespace that enforces *restricted*.
pub(crate) fn create_namespace(cluster: &Cluster, name: &str) {
    let labels =
        json!({"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
    let (is_created, message) = kubectl(cluster, &["apply"], &namespace);
    assert!(is_created, "{message}");
}

/// Submits a pod in a dry run; returns whether it was admitted, and kubectl's output.
fn submit_dry_run(cluster: &Cluster, pod: &Value) -> (bool, String) {
    let mut pod = pod.clone();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("a-pod");
    pod["metadata"]["namespace"] = json!("subtitles");
    kubectl(cluster, &["create", "--dry-run=server", "--validate=strict"], &pod)
}

/// Creates the service accounts, because pods without one are not admitted: those that are rendered, `default`, and `shared`,
/// which the values variants refer to.
fn create_service_accounts(cluster: &Cluster, objects: &[Value]) {
    let default = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    let shared = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "shared"}});
    for account in chart::of_kind(objects, "ServiceAccount").chain([&default, &shared]) {
        let mut account = account.clone();
        account["metadata"]["namespace"] = json!("subtitles");
        let (is_created, message) = kubectl(cluster, &["apply", "--server-side", "--force-conflicts"], &account);
        assert!(is_created, "{message}");
    }
}

fn is_third_party(object: &Value) -> bool {
    ["monitoring.coreos.com", "keda.sh"].iter().any(|group| text(&object["apiVersion"]).starts_with(group))
}

#[test]
fn a_real_api_server_accepts_everything_in_a_restricted_namespace() {
    let folder = temporary_folder("chart").expect("a temporary folder");
    let cluster = start_api_server(&folder.join("kubernetes"));
    for name in ["subtitles", "films", "series", "media"] {
        create_namespace(&cluster, name);
    }
    let schemas = folder.join("schemas");
    let openapi = output(cluster.kubectl().args(["get", "--raw", "/openapi/v2"])).expect("the OpenAPI document");
    schemas::write(&schemas, &openapi);
    let high = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1});
    assert!(
        kubectl(&cluster, &["apply"], &high).0,
        "the PriorityClass that the `full` variant refers to was not created"
    );

    let mut submitted = 0;
    let mut manifests: Vec<(String, String)> =
        chart::variants().into_iter().map(|(name, file)| (name, chart::rendered("subtitles", &[&file], &[]))).collect();
    let dev = output(Command::new(&cluster.kubectl).args(["kustomize"]).arg(root().join("manifests/dev")));
    manifests.push(("manifests/dev".to_owned(), dev.expect("a kustomization")));
    for (name, text) in &manifests {
        let (does_conform, message) = linters::conforms(&schemas, text);
        assert!(does_conform && message.contains("Skipped: 0"), "{name}: {message}");
        let objects = chart::objects(text);
        create_service_accounts(&cluster, &objects);
        for (title, pod) in chart::pods(&objects) {
            let (is_admitted, message) = submit_dry_run(&cluster, &pod);
            assert!(is_admitted && !message.contains("Warning"), "{name}, {title}: {message}");
            submitted += 1;
        }
        for object in objects.iter().filter(|object| !is_third_party(object) && object["kind"] != "Pod") {
            let arguments = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--force-conflicts"];
            let mut object = object.clone();
            if object["metadata"]["namespace"].is_null() && name == "manifests/dev" {
                object["metadata"]["namespace"] = json!("subtitles");
            }
            let (is_accepted, message) = kubectl(&cluster, &arguments, &object);
            assert!(is_accepted && !message.contains("Warning"), "{name}, {}: {message}", chart::title(&object));
        }
    }
    assert!(submitted >= 20, "only {submitted} pods were submitted");
    violations_are_rejected(&cluster, &schemas, &manifests);
    samples_conform(&schemas);
    drop(cluster);
    let _ = std::fs::remove_dir_all(folder);
}

/// Text expected in the rejection, and the change that causes it.
type Violation = (&'static str, fn(&mut Value));

/// Pods that violate the restricted profile are rejected, and so are unknown fields.
fn violations_are_rejected(cluster: &Cluster, schemas: &Path, manifests: &[(String, String)]) {
    let (_, pod) = chart::pods(&chart::objects(&manifests[0].1)).remove(0);
    let violations: [Violation; 5] = [
        ("runAsNonRoot", |pod| pod["spec"]["securityContext"]["runAsNonRoot"] = json!(false)),
        ("seccompProfile", |pod| pod["spec"]["securityContext"]["seccompProfile"] = Value::Null),
        ("capabilities", |pod| pod["spec"]["containers"][0]["securityContext"]["capabilities"] = Value::Null),
        ("allowPrivilegeEscalation", |pod| {
            pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
        }),
        ("unknown field", |pod| pod["spec"]["containers"][0]["nonsense"] = json!(1)),
    ];
    for (expected, violate) in violations {
        let mut pod = pod.clone();
        violate(&mut pod);
        let (is_admitted, message) = submit_dry_run(cluster, &pod);
        assert!(!is_admitted && message.contains(expected), "not rejected for {expected}: {message}");
    }
    let misspelt = manifests[0].1.replace("terminationGracePeriodSeconds", "terminationGraceSeconds");
    assert!(!linters::conforms(schemas, &misspelt).0, "kubeconform accepted an unknown field");
}

fn samples_conform(schemas: &Path) {
    for folder in [samples::folder(), samples::http_folder()] {
        for file in samples::files(&folder).expect("the samples") {
            let text = std::fs::read_to_string(&file).expect("reads the sample");
            let (does_conform, message) = linters::conforms(schemas, &text);
            assert!(does_conform, "{}: {message}", file.display());
        }
    }
}
