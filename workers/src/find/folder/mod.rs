//! Folders and files of a library as open handles: names below a folder come in, regular files and listings go out. A path is
//! walked one folder at a time, so that nothing outside is reached through `..` or a link that somebody plants meanwhile.
//! Called by the sources, by the scanner and by the code that writes sidecars. Does I/O.

mod listing;
pub mod written;

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read as _, Write as _},
    ops::ControlFlow,
    os::{fd::OwnedFd, unix::ffi::OsStrExt as _},
    path::{Component, Path},
    sync::Arc,
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, linkat, openat, renameat, statat, unlinkat},
    io::Errno,
};
use sha2::{Digest as _, Sha256};

use crate::store::hex;

pub(crate) use listing::{FileStat, Listing};

/// Whether links below a folder are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// Refused: anybody with access to the library may have planted them.
    #[default]
    Refused,
    /// Followed: they belong to the user who runs the program.
    Followed,
}

impl Links {
    const fn flags(self) -> OFlags {
        match self {
            Self::Refused => OFlags::NOFOLLOW,
            Self::Followed => OFlags::empty(),
        }
    }
}

/// An open folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    handle: Arc<OwnedFd>,
    links: Links,
}

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Missing,
    File,
    Folder,
    Link,
    /// A device, a pipe or a socket.
    Special,
}

impl From<FileType> for Entry {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Link,
            _ => Self::Special,
        }
    }
}

/// Whether a write replaces what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replace {
    /// An existing file is replaced.
    Yes,
    /// The write fails with `AlreadyExists`.
    No,
}

impl Folder {
    /// Opens the root of a library, which may be a link: the administrator chose it.
    pub(crate) fn root(path: &Path, links: Links) -> io::Result<Self> {
        let handle = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { handle: handle.into(), links })
    }

    /// The folder at a relative path below this one.
    pub(crate) fn below(&self, path: &Path) -> io::Result<Self> {
        path.components().try_fold(self.clone(), |folder, part| match part {
            Component::CurDir => Ok(folder),
            Component::Normal(name) => folder.inner(name),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path leads out of its library")),
        })
    }

    fn inner(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | self.links.flags();
        match openat(&*self.handle, name, flags, Mode::empty()) {
            Ok(handle) => Ok(Self { handle: handle.into(), links: self.links }),
            Err(error) if self.entry_of(name)? == Entry::Link => Err(link(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// The file of this name, which need not exist.
    pub(crate) fn file(&self, name: &str) -> LibraryFile {
        LibraryFile { folder: self.clone(), name: name.to_owned() }
    }

    /// What the name stands for, without following a link.
    pub(crate) fn entry(&self, name: &str) -> io::Result<Entry> {
        self.entry_of(OsStr::new(name))
    }

    fn entry_of(&self, name: &OsStr) -> io::Result<Entry> {
        match statat(&*self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode).into()),
            Err(Errno::NOENT) => Ok(Entry::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in the folder and what they stand for.
    pub(crate) fn entries(&self) -> io::Result<Vec<(String, Entry)>> {
        let mut entries = Vec::new();
        self.each(|name, entry| {
            entries.push((name.to_string_lossy().into_owned(), entry));
            ControlFlow::Continue(())
        })?;
        Ok(entries)
    }

    /// Passes each name in the folder and what it stands for to `take`, until that breaks.
    fn each(&self, mut take: impl FnMut(&OsStr, Entry) -> ControlFlow<()>) -> io::Result<()> {
        for entry in Dir::read_from(&*self.handle)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not say it in the listing.
                FileType::Unknown => self.entry_of(name)?,
                kind => kind.into(),
            };
            if take(name, kind).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Writes a file under a temporary name first: nobody sees half of it, and a link of its name is replaced, not followed.
    pub(crate) fn write(&self, name: &str, bytes: &[u8], replace: Replace) -> io::Result<()> {
        let unfinished = format!(".{}.unfinished", uuid::Uuid::now_v7().simple());
        let written = self.create(&unfinished, bytes).and_then(|()| {
            let folder = &*self.handle;
            let rename = || Ok(renameat(folder, &unfinished, folder, name)?);
            if replace == Replace::Yes {
                return rename();
            }
            match linkat(folder, &unfinished, folder, name, AtFlags::empty()) {
                Err(Errno::EXIST) => Err(io::ErrorKind::AlreadyExists.into()),
                // Some file systems have no hard links.
                Err(_) if self.entry(name)? == Entry::Missing => rename(),
                linked => Ok(linked?),
            }
        });
        let _ = self.remove(&unfinished);
        written
    }

    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = openat(&*self.handle, name, flags, Mode::from_raw_mode(0o666))?;
        File::from(handle).write_all(bytes)
    }

    /// Removes a file, or a link as such.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&*self.handle, name, AtFlags::empty())?)
    }
}

fn link(error: Errno) -> io::Error {
    io::Error::new(io::Error::from(error).kind(), "it is a link, and links in a library are not followed")
}

/// A file in a library.
#[derive(Clone, Debug)]
pub struct LibraryFile {
    folder: Folder,
    name: String,
}

impl LibraryFile {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Opens a regular file; neither a pipe nor a device is waited for.
    pub(crate) fn open(&self) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | self.folder.links.flags();
        let file = match openat(&*self.folder.handle, &self.name, flags, Mode::empty()) {
            Ok(handle) => File::from(handle),
            Err(error @ Errno::LOOP) => return Err(link(error)),
            Err(error) => return Err(error.into()),
        };
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
    }

    /// Its bytes, and an error where it has more than `most`.
    pub(crate) fn read(&self, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
    }

    /// The SHA-256 digest of its bytes, and an error where it has more than `most`.
    pub(crate) fn digest(&self, most: u64) -> io::Result<String> {
        let mut hash = Sha256::new();
        let read = io::copy(&mut self.open()?.take(most + 1), &mut hash)?;
        if read > most { Err(too_large(most)) } else { Ok(hex(&hash.finalize())) }
    }
}

fn too_large(most: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes"))
}

/// Work on files, on a thread where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests;
