//! The jobs that were requested and confirmed, recorded outside the tested system. Does I/O.

use std::{collections::BTreeSet, fmt::Write as _, fs, ops::Range, path::Path, time::Duration};

use subtitle_tests::{job_manifest, process::eventually, stack::Stack};

/// Jobs per call of kubectl.
const PAGE: usize = 100;

/// The number of requested jobs, and the names of those that the API server confirmed.
#[derive(Debug, Default)]
pub(crate) struct Requested {
    pub(crate) attempted: usize,
    pub(crate) confirmed: BTreeSet<String>,
}

impl Requested {
    /// Creates the jobs of these films.
    pub(crate) fn create(&mut self, stack: &Stack, folder: &Path, films: Range<u32>) {
        self.attempted += films.len();
        let films: Vec<u32> = films.collect();
        for page in films.chunks(PAGE) {
            let mut manifests = String::new();
            for film in page {
                let spec = format!(
                    "{{video: {{title: Film {film}}}, language: es, sources: [{{name: library}}], \
                     translation: {{engines: [{{name: libretranslate}}]}}, retry: {{backoffSeconds: 1, limit: 10}}}}"
                );
                let _ = writeln!(manifests, "{}---", job_manifest(&format!("film-{film}"), &spec));
            }
            let file = folder.join("jobs.yaml");
            fs::write(&file, manifests).expect("writable");
            let apply = || {
                let output = stack.cluster.kubectl().args(["apply", "--server-side", "-f"]).arg(&file).output().ok()?;
                let names = String::from_utf8_lossy(&output.stdout).into_owned();
                output.status.success().then_some(names)
            };
            let names = eventually("the jobs are confirmed", Duration::from_secs(120), apply).expect("confirmed");
            let name = |line: &str| Some(line.split_once('/')?.1.split_once(' ')?.0.to_owned());
            self.confirmed.extend(names.lines().filter_map(name));
        }
    }
}
