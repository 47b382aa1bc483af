//! A library in a folder of its own, removed with the value, and videos made byte by byte.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use subtitle_fakes::matroska::element;

/// A folder with files that changed a day ago.
pub(crate) struct Library(pub(crate) PathBuf);

impl Library {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("subtitles-scan-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn with(files: &[&str]) -> Self {
        let library = Self::new();
        for path in files {
            library.write(path, path);
        }
        library
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let file = self.0.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, content).expect("written");
        self.touch(path, Duration::from_secs(24 * 3600));
    }

    /// Makes a file one that changed so long ago.
    pub(crate) fn touch(&self, path: &str, ago: Duration) {
        let file = File::options().append(true).open(self.0.join(path)).expect("opens");
        file.set_modified(SystemTime::now() - ago).expect("a time");
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.0.join(path)).expect("removed");
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A subtitle track: codec, language, name and further elements.
pub(crate) type Track = (&'static str, &'static str, &'static str, Vec<u8>);

/// A Matroska file that plays 90.4 s, long enough for a hash.
pub(crate) fn matroska(tracks: &[Track]) -> Vec<u8> {
    let header = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska"));
    let duration = element(&[0x44, 0x89], &90_400_f64.to_be_bytes());
    let info =
        element(&[0x15, 0x49, 0xA9, 0x66], &[element(&[0x2A, 0xD7, 0xB1], &[0x0F, 0x42, 0x40]), duration].concat());
    let entry = |(at, (codec, language, name, more)): (usize, &Track)| {
        let number = u8::try_from(at + 1).expect("few");
        let fields = [
            element(&[0xD7], &[number]),
            element(&[0x73, 0xC5], &[number]),
            element(&[0x83], &[17]),
            element(&[0x86], codec.as_bytes()),
            element(&[0x22, 0xB5, 0x9C], language.as_bytes()),
            element(&[0x53, 0x6E], name.as_bytes()),
            more.clone(),
        ];
        element(&[0xAE], &fields.concat())
    };
    let entries: Vec<u8> = tracks.iter().enumerate().flat_map(entry).collect();
    let padding = element(&[0xEC], &vec![0; 128 << 10]);
    let segment = [info, element(&[0x16, 0x54, 0xAE, 0x6B], &entries), padding].concat();
    [header, element(&[0x18, 0x53, 0x80, 0x67], &segment)].concat()
}
