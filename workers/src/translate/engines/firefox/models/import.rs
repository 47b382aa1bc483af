//! Models in a folder, or in a zip archive (such as a Python wheel), as others package them: files by Mozilla's names, each
//! model in a folder of its own. Does I/O.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use subtitle_contract::language::Language;

use super::{
    folder::ModelError,
    manifest::{self, Kind},
};

/// Bytes of one unpacked file; the largest of Mozilla's models has 60 million.
const MAX_FILE: u64 = 500_000_000;
/// Folders inside folders.
const MAX_DEPTH: usize = 8;

/// A model that was found; its files are read when they are asked for, so that no more than one model is in memory.
pub struct Found {
    /// Its languages, if its files' names say them.
    pub pair: Option<(Language, Language)>,
    path: PathBuf,
    /// By their names without an ending such as `.gz`.
    files: Vec<(String, Place)>,
}

/// Where a file is.
enum Place {
    File(PathBuf),
    /// In the archive, with its name there.
    Entry(String),
}

impl Found {
    /// Its files by name, unpacked.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>, ModelError> {
        let read = |(name, place): &(String, Place)| Ok((name.clone(), self.read(place)?));
        self.files.iter().map(read).collect()
    }

    fn read(&self, place: &Place) -> Result<Vec<u8>, ModelError> {
        match place {
            Place::File(path) => {
                let failed = |error| ModelError::file("read", path, error);
                unpacked(&path.to_string_lossy(), File::open(path).map_err(failed)?).map_err(failed)
            }
            Place::Entry(name) => {
                let broken = |error: String| unusable(&self.path, format!("is broken at '{name}' ({error})"));
                let mut archive = archive(&self.path)?;
                let entry = archive.by_name(name).map_err(|error| broken(error.to_string()))?;
                unpacked(name, entry).map_err(|error| broken(error.to_string()))
            }
        }
    }
}

/// The models in a folder or archive.
pub fn search(path: &Path) -> Result<Vec<Found>, ModelError> {
    let mut folders = BTreeMap::new();
    if path.is_dir() {
        list_folder(path, 0, &mut folders)?;
    } else {
        list_archive(path, &mut folders)?;
    }
    let is_model =
        |files: &Vec<(String, Place)>| files.iter().any(|(name, _)| Kind::from_name(name) == Some(Kind::Model));
    let found: Vec<Found> = folders
        .into_iter()
        .filter(|(_, files)| is_model(files))
        .map(|(folder, files)| Found { pair: languages(&folder, &files), path: path.to_path_buf(), files })
        .collect();
    if found.is_empty() {
        let message = format!("'{}' has no model: a folder with model.*.bin and vocab.*.spm", path.display());
        return Err(ModelError::Nothing(message));
    }
    Ok(found)
}

fn unusable(path: &Path, problem: String) -> ModelError {
    let cure = "give a folder or a zip archive with model.*.bin and vocab.*.spm".to_owned();
    ModelError::Broken { path: path.display().to_string(), problem, cure }
}

/// The folder's name if it is a pair, else the four letters in `model.enpt.intgemm.alphas.bin`.
fn languages(folder: &str, files: &[(String, Place)]) -> Option<(Language, Language)> {
    let last = folder.rsplit('/').next().unwrap_or_default();
    let letters = |name: &str| {
        let code = name.strip_prefix("model.")?.split('.').next()?;
        (code.len() == 4 && code.is_ascii()).then(|| format!("{}-{}", &code[..2], &code[2..]))
    };
    manifest::pair(last).or_else(|| manifest::pair(&files.iter().find_map(|(name, _)| letters(name))?))
}

type Folders = BTreeMap<String, Vec<(String, Place)>>;

fn list_folder(folder: &Path, depth: usize, folders: &mut Folders) -> Result<(), ModelError> {
    let entries = std::fs::read_dir(folder).map_err(|error| ModelError::file("read", folder, error))?;
    for entry in entries.filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && depth < MAX_DEPTH {
            list_folder(&path, depth + 1, folders)?;
        } else if Kind::from_name(bare(&name)).is_some() {
            let files = folders.entry(folder.display().to_string()).or_default();
            files.push((bare(&name).to_owned(), Place::File(path)));
        }
    }
    Ok(())
}

fn list_archive(path: &Path, folders: &mut Folders) -> Result<(), ModelError> {
    for name in archive(path)?.file_names() {
        let name = name.map_err(|error| unusable(path, format!("is broken ({error})")))?;
        let (folder, last) = name.rsplit_once('/').unwrap_or(("", &name));
        if Kind::from_name(bare(last)).is_some() {
            let files = folders.entry(folder.to_owned()).or_default();
            files.push((bare(last).to_owned(), Place::Entry(name.clone().into_owned())));
        }
    }
    Ok(())
}

fn archive(path: &Path) -> Result<zip::ZipArchive<File>, ModelError> {
    let file = File::open(path).map_err(|error| ModelError::file("read", path, error))?;
    zip::ZipArchive::new(file).map_err(|_| unusable(path, "is no zip archive".to_owned()))
}

fn bare(name: &str) -> &str {
    name.trim_end_matches(".gz").trim_end_matches(".zst")
}

/// A file without its compression, which its name says.
pub(super) fn unpacked(name: &str, packed: impl Read) -> std::io::Result<Vec<u8>> {
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
