//! Warnings of readers and conversions on standard error. Does I/O.

use std::io::{self, Write as _};

use subtitle_workers::subtitle::Warning;

/// Warnings shown in full; a broken file has one a cue.
const SHOWN: usize = 20;

/// Prints the first warnings and how many more there are.
pub(crate) fn print<'a>(warnings: impl IntoIterator<Item = &'a Warning>) {
    let mut warnings = warnings.into_iter();
    // A reader that closed standard error wants no warnings, but still the result.
    let mut stderr = io::stderr().lock();
    for warning in warnings.by_ref().take(SHOWN) {
        let _ = writeln!(stderr, "warning: {}", sentence(warning.code.as_str(), warning.line, &warning.message));
    }
    let more = warnings.count();
    if more > 0 {
        let _ = writeln!(stderr, "warning: and {more} more; `subtitles inspect` lists all");
    }
}

/// A warning for a person.
pub(crate) fn sentence(code: &str, line: usize, message: &str) -> String {
    if line == 0 { format!("{code}: {message}") } else { format!("line {line}: {code}: {message}") }
}
