//! Writing a result to a file, whole or not at all, and never over what a person made. Does I/O.

use std::{
    fs::{self, File, Metadata},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use subtitle_workers::{find::written, subtitle::Format};

use crate::failure::Failure;

/// Which existing files may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replace {
    /// None.
    Never,
    /// Those that are still as `subtitles get` or a worker wrote them.
    Ours,
    /// All.
    Always,
}

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It was written.
    Written,
    /// The file had the same content already, and was left alone.
    Unchanged,
}

/// The format that a target's extension asks for.
pub(crate) fn format(out: &Path) -> Result<Format, Failure> {
    let extension = out.extension().unwrap_or_default().to_string_lossy();
    Format::from_extension(&extension).ok_or_else(|| {
        let known = [Format::Srt, Format::WebVtt, Format::Ass].map(|format| format!(".{}", format.extension()));
        let known = known.join(", ");
        Failure::Usage(format!("'{}' does not name a format that can be written: end it in {known}", out.display()))
    })
}

/// Refuses a target that exists and must not be replaced, before any work is done for it.
pub(crate) fn check(out: &Path, replace: Replace) -> Result<(), Failure> {
    match fs::symlink_metadata(out) {
        Ok(existing) if !may_replace(&existing, replace, replace == Replace::Ours && written::is_ours(out)) => {
            Err(left_alone(out, replace))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Writes a file.
pub(crate) fn store(out: &Path, text: &str, replace: Replace) -> Result<Stored, Failure> {
    let failed = |error: io::Error| Failure::Usage(format!("'{}' cannot be written: {error}", out.display()));
    match fs::symlink_metadata(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => match create(out, text) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(left_alone(out, replace)),
            created => created.map(|()| Stored::Written).map_err(failed),
        },
        Err(error) => Err(failed(error)),
        Ok(_) if fs::read(out).is_ok_and(|bytes| bytes == text.as_bytes()) => Ok(Stored::Unchanged),
        Ok(existing) => {
            let is_ours = written::is_ours(out);
            if !may_replace(&existing, replace, is_ours) {
                return Err(left_alone(out, replace));
            }
            overwrite(out, &existing, text).map_err(failed)?;
            eprintln!("{}: replaced {}", out.display(), written::whose(is_ours));
            Ok(Stored::Written)
        }
    }
}

/// Records that a file was written by this program, so that it may replace it as long as nobody else changes it.
pub(crate) fn record(out: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::Usage(format!("'{}' cannot be recorded as written: {error}", out.display()));
    written::record(out, text.as_bytes()).map_err(failed)
}

fn may_replace(existing: &Metadata, replace: Replace, is_ours: bool) -> bool {
    match replace {
        Replace::Never => false,
        Replace::Ours => existing.is_file() && is_ours,
        Replace::Always => true,
    }
}

fn left_alone(out: &Path, replace: Replace) -> Failure {
    let whose = if replace == Replace::Ours { " and was not written by subtitles, or was changed since" } else { "" };
    Failure::Usage(format!("'{}' exists{whose}: it was left alone; --force replaces it", out.display()))
}

/// Writes a file that does not exist.
fn create(out: &Path, text: &str) -> io::Result<()> {
    let unfinished = unfinished(out, text)?;
    // Unlike a rename, a link never replaces a file that somebody has created meanwhile.
    let created = match fs::hard_link(&unfinished, out) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            // Not every file system has links.
            File::create_new(out).and_then(|_| fs::rename(&unfinished, out))
        }
        linked => linked,
    };
    let _ = fs::remove_file(&unfinished);
    created
}

/// Replaces what a file holds; a symlink goes on pointing to it.
fn overwrite(out: &Path, existing: &Metadata, text: &str) -> io::Result<()> {
    let target = if existing.is_symlink() { target(out)? } else { out.to_path_buf() };
    let unfinished = unfinished(&target, text)?;
    let permissions = fs::metadata(&target).map(|metadata| metadata.permissions());
    let replaced = permissions
        .map_or(Ok(()), |permissions| fs::set_permissions(&unfinished, permissions))
        .and_then(|()| fs::rename(&unfinished, &target));
    if replaced.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    replaced
}

/// What a symlink points to, which need not exist.
fn target(link: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(link).or_else(|_| Ok(link.parent().unwrap_or(Path::new("")).join(fs::read_link(link)?)))
}

/// The text in a hidden file beside its target.
fn unfinished(out: &Path, text: &str) -> io::Result<PathBuf> {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let path = out.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    if written.is_err() {
        let _ = fs::remove_file(&path);
    }
    written.map(|()| path)
}
