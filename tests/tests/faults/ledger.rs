//! What was asked, kept outside of everything that is tested.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path, time::Duration};

use subtitle_tests::{job_manifest, process::eventually, stack::Stack};

/// Jobs in one call of kubectl.
const PAGE: u32 = 100;

/// Creates the jobs; the names the API server confirmed.
pub(crate) fn ask(stack: &Stack, folder: &Path, jobs: u32) -> BTreeSet<String> {
    let mut confirmed = BTreeSet::new();
    for first in (0..jobs).step_by(usize::try_from(PAGE).expect("small")) {
        let mut page = String::new();
        for at in first..jobs.min(first + PAGE) {
            let spec = format!(
                "{{video: {{title: Film {at}}}, language: es, sources: [{{name: simulated}}], \
                 translation: {{engines: [{{name: simulated}}]}}, retry: {{backoffSeconds: 1}}}}"
            );
            let _ = writeln!(page, "{}---", job_manifest(&format!("film-{at}"), &spec));
        }
        let file = folder.join("jobs.yaml");
        fs::write(&file, page).expect("writable");
        let apply = || {
            let output = stack.cluster.kubectl().args(["apply", "-f"]).arg(&file).output().ok()?;
            let names = String::from_utf8_lossy(&output.stdout).into_owned();
            output.status.success().then_some(names)
        };
        let names = eventually("the jobs are confirmed", Duration::from_secs(120), apply).expect("confirmed");
        let name = |line: &str| Some(line.split_once('/')?.1.split_once(' ')?.0.to_owned());
        confirmed.extend(names.lines().filter_map(name));
    }
    confirmed
}
