//! Installs a model: its files are checked, tried once, and appear under the pair's name all at once. Does I/O.

use std::{fs, panic, path::Path};

use fxtranslate::engine::Engine;
use subtitle_contract::language::Language;

use super::{
    folder::{Folder, Installed, ModelError},
    header,
    manifest::{Kind, ListedFile, Manifest, NAME},
};
use crate::store::sha256;

/// Mozilla's licence for its models.
const LICENCE: &str = "MPL-2.0";

/// A model to install.
pub struct New {
    /// The language that it translates from.
    pub from: Language,
    /// The language that it translates into.
    pub to: Language,
    /// Its version.
    pub version: String,
    /// Where it comes from.
    pub source: String,
    /// Its files by name; those that the engine does not read are left out.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Installs a model, in place of an earlier one of the same pair.
pub fn install(models: &Folder, New { from, to, version, source, files }: New) -> Result<Installed, ModelError> {
    let files: Vec<(String, Vec<u8>)> = files.into_iter().filter(|(name, _)| Kind::from_name(name).is_some()).collect();
    let listed = |(name, bytes): &(String, Vec<u8>)| ListedFile {
        name: name.clone(),
        size: bytes.len() as u64,
        sha256: sha256(bytes),
    };
    let manifest = Manifest {
        from: from.to_string(),
        to: to.to_string(),
        version,
        licence: LICENCE.to_owned(),
        source: source.clone(),
        files: files.iter().map(listed).collect(),
    };
    let unusable = |name: &str, problem: &str| ModelError::Broken {
        path: format!("{source}: {name}"),
        problem: problem.to_owned(),
        cure: "get it again from where it comes from".to_owned(),
    };
    let Some([weights, source_words, target_words]) = manifest.parts() else {
        return Err(unusable(&manifest.pair(), "has no model.*.bin with a vocab.*.spm"));
    };
    let bytes = |name: &str| files.iter().find(|(other, _)| other == name).map_or(&[][..], |(_, bytes)| bytes);
    header::check(bytes(weights)).map_err(|problem| unusable(weights, problem))?;
    tried([bytes(weights), bytes(source_words), bytes(target_words)]).map_err(|problem| unusable(weights, &problem))?;
    let (target, unfinished) =
        (models.0.join(manifest.pair()), models.0.join(format!(".{}.unfinished", manifest.pair())));
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished).map_err(|error| ModelError::file("create", &unfinished, error))?;
    for (name, bytes) in &files {
        write(&unfinished.join(name), bytes)?;
    }
    write(&unfinished.join(NAME), &serde_json::to_vec_pretty(&manifest).unwrap_or_default())?;
    remove(models, &manifest.pair())?;
    fs::rename(&unfinished, &target).map_err(|error| ModelError::file("create", &target, error))?;
    Folder::read(&manifest.pair(), target)
}

/// Removes a pair; returns whether it was there.
pub fn remove(models: &Folder, pair: &str) -> Result<bool, ModelError> {
    let (folder, removed) = (models.0.join(pair), models.0.join(format!(".{pair}.removed")));
    if !folder.is_dir() {
        return Ok(false);
    }
    let _ = fs::remove_dir_all(&removed);
    fs::rename(&folder, &removed).map_err(|error| ModelError::file("remove", &folder, error))?;
    fs::remove_dir_all(&removed).map_err(|error| ModelError::file("remove", &removed, error))?;
    Ok(true)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    let write = || {
        fs::write(path, bytes)?;
        fs::File::open(path)?.sync_all()
    };
    write().map_err(|error| ModelError::file("write", path, error))
}

/// Loads a model and translates a word with it; the engine panics over what it does not expect.
fn tried([weights, source_words, target_words]: [&[u8]; 3]) -> Result<(), String> {
    let translate = || Engine::from_bytes(weights, source_words, target_words).map(|engine| engine.translate("A"));
    match panic::catch_unwind(translate) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("cannot be loaded ({error})")),
        Err(_) => Err("cannot be loaded: its tensors are not those of a model".to_owned()),
    }
}
