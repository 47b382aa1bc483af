//! Models in a folder, or in a zip archive (such as a Python wheel), as others package them: files by Mozilla's names, each
//! model in a folder of its own. Does I/O.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use subtitle_contract::language::Language;

use super::{
    folder::ModelError,
    manifest::{self, Kind},
};

/// Bytes of one file; the largest of Mozilla's models has 60 million.
const MAX_FILE: u64 = 500_000_000;
/// Folders inside folders.
const MAX_DEPTH: usize = 8;

/// A model that was found.
pub struct Found {
    /// Its languages, if its files' names say them.
    pub pair: Option<(Language, Language)>,
    /// Its files by name.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The models in a folder or archive.
pub fn search(path: &Path) -> Result<Vec<Found>, ModelError> {
    let mut folders = BTreeMap::new();
    if path.is_dir() {
        read_folder(path, 0, &mut folders)?;
    } else {
        let file = File::open(path).map_err(|error| ModelError::file("read", path, error))?;
        read_archive(file, &mut folders).map_err(|problem| ModelError::Broken {
            path: path.display().to_string(),
            problem,
            cure: "give a folder or a zip archive with model.*.bin and vocab.*.spm".to_owned(),
        })?;
    }
    let is_model =
        |files: &Vec<(String, Vec<u8>)>| files.iter().any(|(name, _)| Kind::from_name(name) == Some(Kind::Model));
    let found: Vec<Found> = folders
        .into_iter()
        .filter(|(_, files)| is_model(files))
        .map(|(folder, files)| Found { pair: languages(&folder, &files), files })
        .collect();
    if found.is_empty() {
        let message = format!("'{}' has no model: a folder with model.*.bin and vocab.*.spm", path.display());
        return Err(ModelError::Nothing(message));
    }
    Ok(found)
}

/// The folder's name if it is a pair, else the four letters in `model.enpt.intgemm.alphas.bin`.
fn languages(folder: &str, files: &[(String, Vec<u8>)]) -> Option<(Language, Language)> {
    let last = folder.rsplit('/').next().unwrap_or_default();
    let letters = |name: &str| {
        let code = name.strip_prefix("model.")?.split('.').next()?;
        (code.len() == 4 && code.is_ascii()).then(|| format!("{}-{}", &code[..2], &code[2..]))
    };
    manifest::pair(last).or_else(|| manifest::pair(&files.iter().find_map(|(name, _)| letters(name))?))
}

type Folders = BTreeMap<String, Vec<(String, Vec<u8>)>>;

fn read_folder(folder: &Path, depth: usize, folders: &mut Folders) -> Result<(), ModelError> {
    let entries = std::fs::read_dir(folder).map_err(|error| ModelError::file("read", folder, error))?;
    for entry in entries.filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && depth < MAX_DEPTH {
            read_folder(&path, depth + 1, folders)?;
        } else if Kind::from_name(bare(&name)).is_some() {
            let file = File::open(&path).map_err(|error| ModelError::file("read", &path, error))?;
            let bytes = unpacked(&name, file).map_err(|error| ModelError::file("read", &path, error))?;
            folders.entry(folder.display().to_string()).or_default().push((bare(&name).to_owned(), bytes));
        }
    }
    Ok(())
}

fn read_archive(file: impl Read + Seek, folders: &mut Folders) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(file).map_err(|_| "is no zip archive".to_owned())?;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|error| format!("is broken ({error})"))?;
        let path = entry.name().map_err(|error| format!("is broken ({error})"))?.into_owned();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if Kind::from_name(bare(name)).is_some() {
            let bytes = unpacked(name, entry).map_err(|error| format!("is broken at '{path}' ({error})"))?;
            folders.entry(folder.to_owned()).or_default().push((bare(name).to_owned(), bytes));
        }
    }
    Ok(())
}

fn bare(name: &str) -> &str {
    name.trim_end_matches(".gz").trim_end_matches(".zst")
}

/// A file without its compression, which its name says.
fn unpacked(name: &str, packed: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if Path::new(name).extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(packed).take(MAX_FILE).read_to_end(&mut bytes)?;
    } else if Path::new(name).extension().is_some_and(|extension| extension == "zst") {
        let decoder = ruzstd::decoding::StreamingDecoder::new(packed).map_err(std::io::Error::other)?;
        decoder.take(MAX_FILE).read_to_end(&mut bytes)?;
    } else {
        packed.take(MAX_FILE).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
