//! Which files a scan lists: a policy's globs and a file's size and time come in, yes or no goes out. Pure.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::{SignedDuration, Timestamp};
use subtitle_contract::policy::scan::ScanSelection;

use super::error::ScanError;
use crate::find::folder::FileStat;

/// The most globs of a list.
const MOST_GLOBS: usize = 25;
/// Names with which a file system or a server keeps what is not a person's video.
const NOT_WALKED: [&str; 6] =
    ["@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information", "lost+found"];

/// A policy's selection, ready to match.
#[derive(Debug)]
pub(super) struct Selection {
    /// `None` for everything.
    include: Option<GlobSet>,
    /// The folders in which each glob of `include` begins, as far as it names them.
    beginnings: Vec<Vec<String>>,
    exclude: GlobSet,
    /// Folders of which everything is excluded.
    excluded_folders: GlobSet,
    settle: SignedDuration,
}

impl Selection {
    pub(super) fn new(selection: &ScanSelection) -> Result<Self, ScanError> {
        let ScanSelection { include, exclude, settle_seconds } = selection;
        let folders: Vec<String> =
            exclude.iter().filter_map(|glob| glob.strip_suffix("/**")).map(str::to_owned).collect();
        Ok(Self {
            include: if include.is_empty() { None } else { Some(globs(include)?) },
            beginnings: include.iter().map(|glob| beginning(glob)).collect(),
            exclude: globs(exclude)?,
            excluded_folders: globs(&folders)?,
            settle: SignedDuration::from_secs((*settle_seconds).into()),
        })
    }

    /// Whether a video is listed.
    pub(super) fn lists(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|include| include.is_match(path)) && !self.exclude.is_match(path)
    }

    /// Whether a folder may contain a video that is listed.
    pub(super) fn enters(&self, path: &str) -> bool {
        let may_be_below =
            |beginning: &Vec<String>| beginning.iter().zip(path.split('/')).all(|(one, other)| one == other);
        let is_included = self.include.is_none() || self.beginnings.iter().any(may_be_below);
        is_included && !self.excluded_folders.is_match(path)
    }

    /// When a file that changed lately will have stood still for long enough; `None` if it has. A time in a distant future is
    /// not waited for.
    pub(super) fn settles_at(&self, stat: &FileStat, now: Timestamp) -> Option<Timestamp> {
        let age = now.duration_since(stat.modified);
        let settled = stat.modified.checked_add(self.settle).ok()?;
        (age.abs() < self.settle).then_some(settled)
    }
}

/// Whether a scan ignores a file or a folder of this name, as media servers do.
pub(super) fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || NOT_WALKED.contains(&name)
}

fn globs(globs: &[String]) -> Result<GlobSet, ScanError> {
    if globs.len() > MOST_GLOBS {
        return Err(ScanError::TooManyGlobs { count: globs.len(), most: MOST_GLOBS });
    }
    let failed = |glob: &str| {
        let glob = glob.to_owned();
        |source| ScanError::Glob { glob, source }
    };
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(GlobBuilder::new(glob).literal_separator(true).build().map_err(failed(glob))?);
    }
    set.build().map_err(failed(&globs.join(", ")))
}

/// The folders that a glob names in front of its first wildcard.
fn beginning(glob: &str) -> Vec<String> {
    let folders = glob.rsplit_once('/').map_or("", |(folders, _)| folders);
    let is_literal = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']) && !part.is_empty();
    folders.split('/').take_while(is_literal).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(include: &[&str], exclude: &[&str], settle_seconds: u32) -> Result<Selection, ScanError> {
        let owned = |globs: &[&str]| globs.iter().map(ToString::to_string).collect();
        Selection::new(&ScanSelection { include: owned(include), exclude: owned(exclude), settle_seconds })
    }

    #[test]
    fn globs_decide_over_paths_below_the_library() {
        for (include, exclude, path, is_listed) in [
            (vec![], vec![], "films/Harbour.mkv", true),
            (vec!["series/**"], vec![], "series/Low Tide/S01/E01.mkv", true),
            (vec!["series/**"], vec![], "films/Harbour.mkv", false),
            (vec!["series/**"], vec!["**/extras/**"], "series/Low Tide/extras/E01.mkv", false),
            (vec![], vec!["**/extras/**"], "extras/E01.mkv", false),
            (vec!["*.mkv"], vec![], "Harbour.mkv", true),
            (vec!["*.mkv"], vec![], "films/Harbour.mkv", false),
            (vec!["{films,series}/**/*.{mkv,mp4}"], vec![], "films/a/Harbour.mp4", true),
        ] {
            let selection = selection(&include, &exclude, 0).expect("globs");
            assert_eq!(selection.lists(path), is_listed, "{include:?} {exclude:?} {path}");
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            assert!(!is_listed || folder.is_empty() || selection.enters(folder), "{path} is not reached");
        }
        let series = selection(&["series/new/**"], &["**/extras/**"], 0).expect("globs");
        let entered = ["series", "series/new", "series/new/a"].map(|folder| series.enters(folder));
        let skipped = ["films", "series/old", "series/new/extras"].map(|folder| series.enters(folder));
        assert_eq!((entered, skipped), ([true; 3], [false; 3]));
        assert!(selection(&["a["], &[], 0).is_err() && selection(&["a"; 26], &[], 0).is_err());
    }

    #[test]
    fn a_file_is_listed_once_it_has_stood_still() {
        let selection = selection(&[], &[], 300).expect("globs");
        let now = Timestamp::from_second(1_000_000).expect("a time");
        let changed = |seconds_ago: i64| FileStat { size: 1, modified: now - SignedDuration::from_secs(seconds_ago) };
        assert_eq!(selection.settles_at(&changed(300), now), None);
        assert_eq!(selection.settles_at(&changed(299), now), Some(now + SignedDuration::from_secs(1)));
        assert_eq!(selection.settles_at(&changed(-10_000), now), None, "a clock that is wrong");
        assert!(selection.settles_at(&changed(-10), now).is_some(), "clocks that differ a little");
    }
}
