//! A folder as a scan sees it: names in order, and size and modification time of files that are not opened. Does I/O.

use std::{ffi::OsStr, io, ops::ControlFlow};

use jiff::Timestamp;
use rustix::{
    fs::{AtFlags, FileType, statat},
    io::Errno,
};

use super::{Entry, Folder};

/// The names in a folder, sorted.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Names and what they stand for.
    pub(crate) entries: Vec<(String, Entry)>,
    /// Names that are not UTF-8 or contain control characters, as they can be shown.
    pub(crate) unusable: Vec<String>,
    /// Whether the folder has more names than were asked for.
    pub(crate) is_cut: bool,
}

/// What a folder tells of a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileStat {
    /// In bytes.
    pub(crate) size: u64,
    /// When its content last changed.
    pub(crate) modified: Timestamp,
}

impl FileStat {
    /// Changes when the file changes.
    pub(crate) fn stamp(&self) -> String {
        format!("{}:{}", self.size, self.modified.as_nanosecond())
    }
}

impl Folder {
    /// At most `most` names.
    pub(crate) fn listing(&self, most: usize) -> io::Result<Listing> {
        let mut listing = Listing::default();
        self.each(|name, entry| {
            if listing.entries.len() + listing.unusable.len() == most {
                listing.is_cut = true;
                return ControlFlow::Break(());
            }
            match name.to_str().filter(|name| !name.contains(char::is_control)) {
                Some(name) => listing.entries.push((name.to_owned(), entry)),
                None => listing.unusable.push(name.to_string_lossy().replace(char::is_control, "\u{FFFD}")),
            }
            ControlFlow::Continue(())
        })?;
        listing.entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        listing.unusable.sort_unstable();
        Ok(listing)
    }

    /// Size and time of a regular file, without opening it; `None` if it is missing or anything else.
    pub(crate) fn stat(&self, name: &str) -> io::Result<Option<FileStat>> {
        let stat = match statat(&*self.handle, OsStr::new(name), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let nanoseconds = i32::try_from(stat.st_mtime_nsec).unwrap_or_default();
        let modified = Timestamp::new(stat.st_mtime, nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(Some(FileStat { size: u64::try_from(stat.st_size).unwrap_or_default(), modified }))
    }
}
