//! Releases on a real API server, by Helm 4 and Helm 3: installed, upgraded, rolled back, uninstalled, and the permissions of
//! each service account. The cluster has no nodes, so no pods run. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use subtitle_tests::{
    kubernetes::cluster::Cluster,
    process::output,
    temporary_folder,
    tools::{self, go::GoProgram},
};

use crate::{
    chart,
    server::{create_namespace, kubectl, start_api_server},
};

struct Releases {
    cluster: Cluster,
    folder: PathBuf,
}

impl Releases {
    fn helm(&self, version: &GoProgram, arguments: &[&str]) -> Result<String, String> {
        let mut helm = chart::helm(version);
        helm.env("KUBECONFIG", &self.cluster.kubeconfig).env("HELM_CACHE_HOME", self.folder.join("helm"));
        let output = helm.args(arguments).args(["--namespace", "subtitles"]).output().expect("Helm runs");
        let output_text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(output_text) } else { Err(output_text) }
    }

    /// `helm upgrade --install` of a chart with the minimal values and these settings.
    fn upgrade(&self, version: &GoProgram, chart: &Path, settings: &[&str]) -> String {
        let (chart, values) = (chart.display().to_string(), chart::minimal().display().to_string());
        let mut arguments = vec!["upgrade", "--install", "subtitles", &chart, "--values", &values];
        arguments.extend(settings);
        self.helm(version, &arguments).unwrap_or_else(|error| panic!("{settings:?}: {error}"))
    }

    fn get(&self, arguments: &[&str]) -> Result<Value, String> {
        let mut kubectl = self.cluster.kubectl();
        let text = output(kubectl.args(["get", "--namespace", "subtitles", "-o", "json"]).args(arguments));
        text.map(|text| serde_json::from_str(&text).expect("JSON")).map_err(|error| error.to_string())
    }

    fn replicas(&self, component: &str) -> i64 {
        let deployment = self.get(&["deployment", &format!("subtitles-{component}")]).expect("a Deployment");
        deployment["spec"]["replicas"].as_i64().expect("a number")
    }

    fn crd_has(&self, field: &str) -> bool {
        let crd = self.get(&["crd", "subtitlejobs.subtitles.dev"]).expect("the CRD exists");
        let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        !schema["properties"]["status"]["properties"][field].is_null()
    }

    fn can_i(&self, component: &str, request: &[&str]) -> bool {
        let account = format!("system:serviceaccount:subtitles:subtitles-{component}");
        let mut can_i = self.cluster.kubectl();
        can_i
            .args(["auth", "can-i", "--quiet", "--as", &account, "--as-group", "system:serviceaccounts"])
            .args(request);
        can_i.output().expect("kubectl runs").status.success()
    }
}

/// The permissions of each component, as arguments of `kubectl auth can-i`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("operator", &["watch", "subtitlejobs", "-A"]),
    ("operator", &["patch", "subtitlejobs", "--subresource=status", "-A"]),
    ("operator", &["delete", "subtitlejobs", "-n", "films"]),
    ("operator", &["create", "events.events.k8s.io", "-n", "films"]),
    ("operator", &["get", "configmaps/names", "-n", "films"]),
    ("operator", &["update", "leases/subtitle-operator", "-n", "subtitles"]),
    ("api", &["create", "subtitlejobs", "-n", "films"]),
    ("operator", &["create", "subtitlejobs", "-n", "films"]),
    ("api", &["watch", "subtitlejobs", "-A"]),
    ("api", &["create", "tokenreviews.authentication.k8s.io"]),
    ("api", &["create", "subjectaccessreviews.authorization.k8s.io"]),
];
const DENIED: &[(&str, &[&str])] = &[
    ("operator", &["patch", "subtitlejobs", "-n", "films"]),
    ("operator", &["get", "secrets", "-n", "subtitles"]),
    ("operator", &["list", "configmaps", "-n", "subtitles"]),
    ("operator", &["get", "leases", "-n", "films"]),
    ("operator", &["update", "leases/another", "-n", "subtitles"]),
    ("operator", &["create", "pods", "-n", "subtitles"]),
    ("operator", &["patch", "customresourcedefinitions"]),
    ("api", &["delete", "subtitlejobs", "-n", "films"]),
    ("api", &["patch", "subtitlejobs", "--subresource=status", "-n", "films"]),
    ("api", &["get", "configmaps/names", "-n", "films"]),
    ("api", &["get", "secrets", "-n", "subtitles"]),
    ("downloader", &["get", "subtitlejobs", "-n", "subtitles"]),
    ("downloader", &["get", "secrets", "-n", "subtitles"]),
    ("translator", &["get", "subtitlejobs", "-n", "subtitles"]),
];

#[test]
fn a_release_is_upgraded_rolled_back_and_uninstalled_without_losing_jobs() {
    let folder = temporary_folder("releases").expect("a temporary folder");
    let cluster = start_api_server(&folder.join("kubernetes"));
    for name in ["subtitles", "films"] {
        create_namespace(&cluster, name);
    }
    let releases = Releases { cluster, folder: folder.clone() };
    let chart = chart::folder();

    let notes = releases.upgrade(&tools::HELM_4, &chart, &[]);
    assert!(
        notes.contains("kubectl apply -f -") && notes.contains("kubectl get subtitlejobs"),
        "NOTES.txt lacks the next commands: {notes}"
    );
    assert!(!notes.contains("WARNING"), "{notes}");
    each_account_has_only_the_permissions_it_needs(&releases);

    let job = json!({"apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "metadata": {"name": "kept", "namespace": "subtitles"},
        "spec": {"video": {"path": "film.mkv"}, "language": "es"}});
    let established = ["wait", "--for=condition=Established", "--timeout=20s", "crd/subtitlejobs.subtitles.dev"];
    output(releases.cluster.kubectl().args(established)).expect("the CRD is established");
    assert!(kubectl(&releases.cluster, &["create"], &job).0, "the job was not created");

    let example = notes.split("<<EOF\n").nth(1).and_then(|rest| rest.split("EOF").next()).expect("a job in the notes");
    let example: Value = serde_yaml_ng::from_str(example).expect("YAML");
    let (is_accepted, message) =
        kubectl(&releases.cluster, &["create", "--dry-run=server", "--validate=strict"], &example);
    assert!(is_accepted && example["kind"] == "SubtitleJob", "the example in NOTES.txt is rejected: {message}");

    upgrades_preserve_autoscaled_replicas(&releases, &chart);

    let newer = newer_chart(&chart, &folder.join("newer"));
    releases.upgrade(&tools::HELM_4, &newer, &[]);
    assert!(releases.crd_has("newField"), "the upgrade did not add the new field to the CRD");
    releases.helm(&tools::HELM_4, &["rollback", "subtitles"]).expect("rolls back");
    assert!(!releases.crd_has("newField"), "the rollback did not remove the new field");

    // Each installation adopts the CRD of the release before it.
    for (before, after) in
        [(&tools::HELM_4, &tools::HELM_3), (&tools::HELM_3, &tools::HELM_4), (&tools::HELM_4, &tools::HELM_3)]
    {
        releases.helm(before, &["uninstall", "subtitles"]).expect("uninstalls");
        let left = releases.get(&[
            "deployments,services,configmaps,serviceaccounts,roles,pods",
            "-l=app.kubernetes.io/instance=subtitles",
        ]);
        assert_eq!(left.expect("a list")["items"], json!([]), "namespaced resources are left after the uninstall");
        let left = releases.get(&["clusterroles", "-l=app.kubernetes.io/instance=subtitles"]).expect("a list");
        assert_eq!(left["items"], json!([]), "cluster roles are left after the uninstall");
        assert_eq!(
            releases.get(&["subtitlejob", "kept"]).expect("the job survives the uninstall")["spec"]["language"],
            "es"
        );
        releases.upgrade(after, &chart, &[]);
    }
    // Helm 3 applies on the client side, Helm 4 on the server side.
    releases.upgrade(&tools::HELM_4, &chart, &["--set=operator.maxInFlight=300"]);
    let deployment = releases.get(&["deployment", "subtitles-operator"]).expect("a Deployment");
    let template = deployment["spec"]["template"].to_string();
    assert!(template.contains("\"300\""), "maxInFlight is not 300: {template}");

    drop(releases);
    let _ = fs::remove_dir_all(folder);
}

fn each_account_has_only_the_permissions_it_needs(releases: &Releases) {
    for (component, request) in ALLOWED {
        assert!(releases.can_i(component, request), "{component} cannot {request:?}");
    }
    for (component, request) in DENIED {
        assert!(!releases.can_i(component, request), "{component} can {request:?}");
    }
    releases.upgrade(&tools::HELM_4, &chart::folder(), &["--set=watchNamespaces={subtitles}"]);
    for (component, verb) in [("operator", "delete"), ("api", "create")] {
        assert!(
            releases.can_i(component, &[verb, "subtitlejobs", "-n", "subtitles"]),
            "{component} cannot {verb} jobs in a watched namespace"
        );
        assert!(
            !releases.can_i(component, &[verb, "subtitlejobs", "-n", "films"]),
            "{component} can {verb} jobs in another namespace"
        );
        assert!(
            !releases.can_i(component, &["list", "subtitlejobs", "-A"]),
            "{component} can list jobs in all namespaces"
        );
    }
    releases.upgrade(&tools::HELM_4, &chart::folder(), &[]);
}

/// An upgrade neither resets the replicas that an autoscaler set nor conflicts with it.
fn upgrades_preserve_autoscaled_replicas(releases: &Releases, chart: &Path) {
    let scaled = "--set=downloader.autoscaling.enabled=true";
    releases.upgrade(&tools::HELM_4, chart, &[scaled]);
    let scale = ["--namespace", "subtitles", "scale", "deployment/subtitles-downloader", "--replicas=3"];
    output(releases.cluster.kubectl().args(scale)).expect("scales");
    releases.upgrade(&tools::HELM_4, chart, &[scaled, "--set=downloader.concurrency=8"]);
    assert_eq!(releases.replicas("downloader"), 3, "after an upgrade by Helm 4");
    releases.upgrade(&tools::HELM_3, chart, &[scaled]);
    assert_eq!(releases.replicas("downloader"), 3, "after an upgrade by Helm 3");
}

/// The chart of a future version, whose CRD has one more field.
fn newer_chart(chart: &Path, folder: &Path) -> PathBuf {
    output(Command::new("cp").args(["-r"]).arg(chart).arg(folder)).expect("copies the chart");
    let file = folder.join("files/crds/subtitlejobs.yaml");
    let mut crd: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&fs::read_to_string(&file).expect("readable")).expect("YAML");
    let schema = &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    schema["properties"]["status"]["properties"]["newField"] = serde_yaml_ng::from_str("{type: string}").expect("YAML");
    fs::write(&file, serde_yaml_ng::to_string(&crd).expect("YAML")).expect("writable");
    folder.to_path_buf()
}
