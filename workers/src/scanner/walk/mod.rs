//! Walks a library by open folders: where to start comes in, one folder after the other with its videos goes out, in the order of
//! a scan. Links are not followed, ends are set to depth and number of names, and a folder that cannot be read is a problem of
//! its own and not the end of the walk. Does I/O.

mod content;

use std::{io, path::Path, vec};

use super::{
    error::ScanError,
    order::{compare, join},
    select::{Selection, is_ignored},
};
use crate::find::folder::{Entry, Folder};

use content::MAX_NAMES_IN_FOLDER;
pub(super) use content::{FolderContent, Problem, SidecarEntry, VideoEntry};

/// The most folders below each other.
const MAX_DEPTH: usize = 32;
/// The most names in all folders together.
const MAX_NAMES: usize = 2_000_000;

/// A walk that has not ended.
#[derive(Debug)]
pub(super) struct Walk {
    /// Where to begin next.
    starts: vec::IntoIter<Start>,
    /// The folders from a start to where the walk is.
    open: Vec<OpenFolder>,
    names_left: usize,
    /// Why the walk misses a part of what it should reach.
    incomplete: Option<String>,
}

/// A folder to begin with.
#[derive(Debug)]
struct Start {
    folder: Folder,
    path: String,
    /// The only file that counts; otherwise all do, and the folders below.
    only: Option<String>,
}

#[derive(Debug)]
struct OpenFolder {
    folder: Folder,
    path: String,
    left: vec::IntoIter<String>,
}

impl Walk {
    /// A walk of the folder `below` in a library, or only of the files and folders `paths`, which must be below it.
    pub(super) fn new(root: &Folder, below: &str, paths: &[String]) -> Result<Self, ScanError> {
        let mut starts = Vec::new();
        if paths.is_empty() {
            let failed = |source| ScanError::Folder { folder: below.to_owned(), source };
            let folder = root.below(Path::new(below)).map_err(failed)?;
            starts.push(Start { folder, path: below.to_owned(), only: None });
        }
        let mut sorted: Vec<&str> = paths.iter().map(|path| path.trim_matches('/')).collect();
        sorted.sort_by(|one, other| compare(one, other));
        sorted.dedup();
        let is_below = |path: &str, other: &str| path.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        for &path in sorted.iter().filter(|path| !sorted.iter().any(|other| is_below(path, other))) {
            let is_plain = |part: &str| !matches!(part, "" | "." | "..");
            let is_inside = below.is_empty() || path == below || is_below(path, below);
            if !path.split('/').all(is_plain) || !is_inside {
                return Err(ScanError::Outside { path: path.to_owned(), folder: below.to_owned() });
            }
            match start(root, path) {
                Ok(start) => starts.extend(start),
                Err(source) => return Err(ScanError::Folder { folder: path.to_owned(), source }),
            }
        }
        Ok(Self { starts: starts.into_iter(), open: Vec::new(), names_left: MAX_NAMES, incomplete: None })
    }

    /// The next folder with anything to tell, or the end.
    pub(super) fn next(&mut self, selection: &Selection) -> Option<FolderContent> {
        loop {
            let content = match self.open.last_mut() {
                None => {
                    let Start { folder, path, only } = self.starts.next()?;
                    self.enter(folder, path, only.as_deref(), selection)
                }
                Some(OpenFolder { folder, path, left }) => match left.next() {
                    None => {
                        self.open.pop();
                        continue;
                    }
                    Some(name) => {
                        let inner = join(path, &name);
                        match folder.below(Path::new(&name)) {
                            Ok(folder) => self.enter(folder, inner, None, selection),
                            // Somebody removed it meanwhile.
                            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                            Err(error) => FolderContent::unreadable(inner, &error),
                        }
                    }
                },
            };
            if !content.is_empty() {
                return Some(content);
            }
        }
    }

    /// Why a part of the library was not reached; `None` if all of it was, but for what could not be read.
    pub(super) fn incomplete(self) -> Option<String> {
        self.incomplete
    }

    fn enter(&mut self, folder: Folder, path: String, only: Option<&str>, selection: &Selection) -> FolderContent {
        let most = self.names_left.min(MAX_NAMES_IN_FOLDER);
        let listing = match folder.listing(most) {
            Ok(listing) => listing,
            Err(error) => return FolderContent::unreadable(path, &error),
        };
        self.names_left -= listing.entries.len() + listing.unusable.len();
        if listing.is_cut {
            self.incomplete = Some(format!("the folder '{path}' has more than the {most} names that are read"));
        }
        let is_walked = |name: &str| !is_ignored(name) && selection.enters(&join(&path, name));
        let below: Vec<String> = if only.is_some() {
            Vec::new()
        } else {
            let folders = listing.entries.iter().filter(|(name, entry)| *entry == Entry::Folder && is_walked(name));
            folders.map(|(name, _)| name.clone()).collect()
        };
        let content = FolderContent::read(&folder, &path, (only, selection), &listing);
        if below.is_empty() {
            return content;
        }
        if self.open.len() >= MAX_DEPTH {
            self.incomplete = Some(format!("the folders in '{path}' are more than {MAX_DEPTH} folders deep"));
            return content;
        }
        self.open.push(OpenFolder { folder, path, left: below.into_iter() });
        content
    }
}

/// Where a scan of one path begins; `None` if nothing is there.
fn start(root: &Folder, path: &str) -> io::Result<Option<Start>> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let opened = root.below(Path::new(parent)).and_then(|folder| Ok((folder.entry(name)?, folder)));
    match opened {
        Ok((Entry::Missing, _)) => Ok(None),
        Ok((Entry::Folder, folder)) => {
            let folder = folder.below(Path::new(name))?;
            Ok(Some(Start { folder, path: path.to_owned(), only: None }))
        }
        Ok((_, folder)) => Ok(Some(Start { folder, path: parent.to_owned(), only: Some(name.to_owned()) })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
