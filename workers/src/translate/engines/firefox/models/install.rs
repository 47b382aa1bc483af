//! Installs a model: its files are checked, tried once, and appear under the pair's name all at once. Called by the command
//! line, and with files of an object store by [`super::mirror`]. Does I/O.

use std::{
    fs, panic,
    path::{Path, PathBuf},
    process,
};

use fxtranslate::{model::Model, spm::SpmVocab};
use subtitle_contract::language::Language;

use super::{
    folder::{Folder, Installed, ModelError},
    header,
    kernel::Kernel,
    manifest::{Kind, ListedFile, Manifest, NAME},
};
use crate::store::sha256;

/// A model to install.
pub struct New {
    /// The language that it translates from.
    pub from: Language,
    /// The language that it translates into.
    pub to: Language,
    /// Its version.
    pub version: String,
    /// Its licence, as an SPDX identifier, or "unknown".
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// Its files by name; those that the engine does not read are left out.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Installs a model, in place of an earlier one of the same pair.
pub fn install(models: &Folder, mut new: New) -> Result<Installed, ModelError> {
    let manifest = check(&new)?;
    new.files.retain(|(name, _)| Kind::from_name(name).is_some());
    place(models, manifest, &new.files)
}

/// Checks a model and tries it; returns its manifest.
pub fn check(New { from, to, version, licence, source, files }: &New) -> Result<Manifest, ModelError> {
    let listed = |(name, bytes): &(String, Vec<u8>)| ListedFile {
        name: name.clone(),
        size: bytes.len() as u64,
        sha256: sha256(bytes),
    };
    let manifest = Manifest {
        from: from.to_string(),
        to: to.to_string(),
        version: version.clone(),
        licence: licence.clone(),
        source: source.clone(),
        files: files.iter().filter(|(name, _)| Kind::from_name(name).is_some()).map(listed).collect(),
    };
    let unusable = |name: &str, problem: &str| ModelError::Broken {
        path: format!("{source}: {name}"),
        problem: problem.to_owned(),
        cure: "get it again from where it comes from".to_owned(),
    };
    let Some([weights, source_words, target_words]) = manifest.parts() else {
        return Err(unusable(&manifest.pair(), "has no model.*.bin with a vocab.*.spm"));
    };
    manifest.languages().map_err(|problem| unusable(&manifest.pair(), problem))?;
    let bytes = |name: &str| files.iter().find(|(other, _)| other == name).map_or(&[][..], |(_, bytes)| bytes);
    header::check(bytes(weights)).map_err(|problem| unusable(weights, problem))?;
    tried([bytes(weights), bytes(source_words), bytes(target_words)]).map_err(|problem| unusable(weights, &problem))?;
    Ok(manifest)
}

/// Writes a model's files and lets them appear all at once, in place of an earlier model of the same pair.
pub(super) fn place<B: AsRef<[u8]>>(
    models: &Folder,
    manifest: Manifest,
    files: &[(String, B)],
) -> Result<Installed, ModelError> {
    let pair = manifest.pair();
    let (from, to) =
        manifest.languages().map_err(|problem| ModelError::broken(&models.0.join(&pair).join(NAME), &pair, problem))?;
    let (folder, unfinished) = (models.0.join(&pair), hidden(models, &pair, "unfinished"));
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished).map_err(|error| ModelError::file("create", &unfinished, error))?;
    for (name, bytes) in files {
        write(&unfinished.join(name), bytes.as_ref())?;
    }
    write(&unfinished.join(NAME), &serde_json::to_vec_pretty(&manifest).unwrap_or_default())?;
    remove(models, &pair)?;
    fs::rename(&unfinished, &folder).map_err(|error| ModelError::file("create", &folder, error))?;
    Ok(Installed { from, to, folder, manifest })
}

/// A folder beside the pairs that no other process uses.
fn hidden(models: &Folder, pair: &str, what: &str) -> PathBuf {
    models.0.join(format!(".{pair}.{}.{what}", process::id()))
}

/// Removes a pair; returns whether it was there.
pub(super) fn remove(models: &Folder, pair: &str) -> Result<bool, ModelError> {
    let (folder, removed) = (models.0.join(pair), hidden(models, pair, "removed"));
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
    let load = || {
        let model = Model::from_bytes(weights).map_err(|error| error.to_string())?;
        let [source, target] = [source_words, target_words].map(SpmVocab::from_bytes);
        Kernel::detect().engine(model, source, target)
    };
    let translate = || load().map(|engine| engine.translate("A"));
    match panic::catch_unwind(translate) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("cannot be loaded ({error})")),
        Err(_) => Err("cannot be loaded: its tensors are not those of a model".to_owned()),
    }
}
