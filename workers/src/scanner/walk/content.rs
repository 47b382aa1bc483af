//! One folder of a library: its listing comes in, its videos with the subtitles beside them go out, none of them opened. Does I/O.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
};

use super::super::{
    order::join,
    select::{Selection, is_ignored},
};
use crate::find::{
    folder::{Entry, FileStat, Folder, LibraryFile, Listing},
    names::{FolderVideos, SidecarName, in_folder, is_video, video_key},
    written::Record,
};

/// The most names in one folder.
pub(super) const MAX_NAMES_IN_FOLDER: usize = 200_000;

/// What a scan found in a folder.
#[derive(Debug, Default)]
pub(in super::super) struct FolderContent {
    /// By their names.
    pub(in super::super) videos: Vec<VideoEntry>,
    pub(in super::super) problems: Vec<Problem>,
}

/// A video that has not been opened.
#[derive(Debug)]
pub(in super::super) struct VideoEntry {
    /// Its path below the library.
    pub(in super::super) path: String,
    pub(in super::super) file: LibraryFile,
    pub(in super::super) stat: FileStat,
    /// By their labels.
    pub(in super::super) sidecars: Vec<SidecarEntry>,
}

/// A subtitle file that belongs to a video.
#[derive(Clone, Debug)]
pub(in super::super) struct SidecarEntry {
    /// Its path below the video's folder.
    pub(in super::super) label: String,
    pub(in super::super) file: LibraryFile,
    pub(in super::super) name: SidecarName,
    pub(in super::super) stat: FileStat,
    /// Changes when the file or the record of who wrote it changes.
    pub(in super::super) stamp: String,
}

/// What could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Problem {
    /// Its path below the library.
    pub(in super::super) path: String,
    /// Why, for a person.
    pub(in super::super) message: String,
}

impl Problem {
    fn new(path: String, error: &io::Error) -> Self {
        Self { path, message: error.to_string() }
    }
}

impl FolderContent {
    pub(super) fn unreadable(path: String, error: &io::Error) -> Self {
        Self { problems: vec![Problem::new(path, error)], ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.videos.is_empty() && self.problems.is_empty()
    }

    /// Reads the folder `path`, or only what belongs to the file `only` in it.
    pub(super) fn read(
        folder: &Folder,
        path: &str,
        (only, selection): (Option<&str>, &Selection),
        listing: &Listing,
    ) -> Self {
        let mut content = Self::default();
        let is_wanted = |name: &str| {
            let is_only = only.is_none_or(|only| only == name);
            is_only && is_video(name) && !is_ignored(name) && selection.lists(&join(path, name))
        };
        for name in listing.unusable.iter().filter(|name| is_wanted(name)) {
            let message = "its name is not UTF-8, or contains control characters".to_owned();
            content.problems.push(Problem { path: join(path, name), message });
        }
        for (name, entry) in &listing.entries {
            // A link without an extension may be that of a whole series.
            let is_reported = is_wanted(name) || (!name.contains('.') && only.is_none());
            match entry {
                Entry::Link if is_reported => {
                    let message = "it is a link, and links in a library are not followed".to_owned();
                    content.problems.push(Problem { path: join(path, name), message });
                }
                Entry::Special if is_wanted(name) => {
                    let message = "it is not a regular file".to_owned();
                    content.problems.push(Problem { path: join(path, name), message });
                }
                Entry::File if is_wanted(name) => match folder.stat(name) {
                    Ok(Some(stat)) => content.videos.push(VideoEntry {
                        path: join(path, name),
                        file: folder.file(name),
                        stat,
                        sidecars: Vec::new(),
                    }),
                    // Somebody removed it meanwhile.
                    Ok(None) => {}
                    Err(error) => content.problems.push(Problem::new(join(path, name), &error)),
                },
                _ => {}
            }
        }
        if !content.videos.is_empty() {
            content.add_sidecars(folder, path, listing);
        }
        content
    }

    fn add_sidecars(&mut self, folder: &Folder, path: &str, listing: &Listing) {
        let videos = FolderVideos::new(listing.entries.iter().map(|(name, _)| name.as_str()));
        let wanted = self.videos.iter().map(|video| (video_key(video.file.name()), Vec::new()));
        let mut found = Sidecars { by_video: wanted.collect(), problems: Vec::new(), path };
        found.add(folder, "", listing, |name| videos.beside(name));
        for (name, _) in listing.entries.iter().filter(|(name, entry)| *entry == Entry::Folder && in_folder(name)) {
            let Some((inner, listing)) = found.open(folder, name, name) else { continue };
            found.add(&inner, name, &listing, |file| videos.inside(file));
            for (own, _) in listing.entries.iter().filter(|(_, entry)| *entry == Entry::Folder) {
                if !videos.has_folder(own) {
                    continue;
                }
                let label = format!("{name}/{own}");
                let Some((inner, listing)) = found.open(&inner, own, &label) else { continue };
                found.add(&inner, &label, &listing, |file| videos.inside_own(own, file));
            }
        }
        let Sidecars { by_video, problems, .. } = found;
        self.problems.extend(problems);
        for video in &mut self.videos {
            // Videos of one name that differ in their extensions share their sidecars.
            video.sidecars = by_video.get(&video_key(video.file.name())).cloned().unwrap_or_default();
            video.sidecars.sort_unstable_by(|one, other| one.label.cmp(&other.label));
        }
    }
}

/// The sidecars of a folder's videos.
struct Sidecars<'a> {
    /// By the keys of the videos that are listed.
    by_video: HashMap<String, Vec<SidecarEntry>>,
    problems: Vec<Problem>,
    /// The videos' folder.
    path: &'a str,
}

impl Sidecars<'_> {
    /// A folder of subtitles and its names; one that cannot be read is a problem.
    fn open(&mut self, parent: &Folder, name: &str, label: &str) -> Option<(Folder, Listing)> {
        let opened = parent.below(Path::new(name)).and_then(|folder| {
            let listing = folder.listing(MAX_NAMES_IN_FOLDER)?;
            Ok((folder, listing))
        });
        opened.inspect_err(|error| self.problems.push(Problem::new(join(self.path, label), error))).ok()
    }

    /// Adds the files of a folder, whose path below the videos' folder is `label`.
    fn add(
        &mut self,
        folder: &Folder,
        label: &str,
        listing: &Listing,
        owner: impl Fn(&str) -> Option<(String, SidecarName)>,
    ) {
        let names: HashSet<&str> = listing.entries.iter().map(|(name, _)| name.as_str()).collect();
        for (name, _) in listing.entries.iter().filter(|(name, entry)| *entry == Entry::File && !is_ignored(name)) {
            let Some((key, read)) = owner(name) else { continue };
            let Some(sidecars) = self.by_video.get_mut(&key) else { continue };
            let records =
                Record::ALL.map(|record| record.name(name)).into_iter().filter(|name| names.contains(name.as_str()));
            let records: String =
                records.filter_map(|name| folder.stat(&name).ok()?).map(|stat| stat.stamp() + ",").collect();
            let label = join(label, name);
            match folder.stat(name) {
                Ok(Some(stat)) => sidecars.push(SidecarEntry {
                    label,
                    file: folder.file(name),
                    name: read,
                    stat,
                    stamp: format!("{},{records}", stat.stamp()),
                }),
                Ok(None) => {}
                Err(error) => self.problems.push(Problem::new(join(self.path, &label), &error)),
            }
        }
    }
}
