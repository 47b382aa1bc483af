//! All videos of a folder at once: a file's name comes in, the video that it belongs to goes out. The same rules as
//! [`super::Stems`] has for one video, in a time that does not grow with the number of videos. Pure.

use std::collections::HashSet;

use super::{
    sidecar::{EXTENSIONS, SidecarName, is_extra, is_of_another_cut, is_video, split_extension},
    words::folded,
};

/// The videos of a folder.
#[derive(Debug, Default)]
pub(crate) struct FolderVideos {
    /// Their keys.
    keys: HashSet<String>,
    /// The key of the only video, not counting samples and trailers.
    only: Option<String>,
}

/// What a video is looked up by: its name without the extension, as names are compared. Videos of one key share their sidecars.
pub(crate) fn video_key(file_name: &str) -> String {
    let name = folded(file_name);
    split_extension(&name).map_or(name.as_str(), |(stem, _)| stem).to_owned()
}

impl FolderVideos {
    /// `file_names` are the folder's; those that are not videos do not count.
    pub(crate) fn new<'a>(file_names: impl IntoIterator<Item = &'a str>) -> Self {
        let keys: HashSet<String> = file_names.into_iter().filter(|name| is_video(name)).map(video_key).collect();
        let mut full = keys.iter().filter(|key| !is_extra(key));
        let only = match (full.next(), full.next()) {
            (Some(only), None) => Some(only.clone()),
            (None, _) if keys.len() == 1 => keys.iter().next().cloned(),
            _ => None,
        };
        Self { keys, only }
    }

    /// The key of the video that a file beside it belongs to, and what the file's name says.
    pub(crate) fn beside(&self, file_name: &str) -> Option<(String, SidecarName)> {
        let name = folded(file_name);
        let (stem, _) = split_extension(&name).filter(|(_, extension)| EXTENSIONS.contains(extension))?;
        let key = self.prefixes(stem).next()?;
        let rest = &stem[key.len()..];
        (!is_of_another_cut(rest)).then(|| (key.to_owned(), SidecarName::read(rest)))
    }

    /// The same for a file in a folder of subtitles.
    pub(crate) fn inside(&self, file_name: &str) -> Option<(String, SidecarName)> {
        self.beside(file_name).or_else(|| self.assign_to(file_name, self.only.as_deref()?))
    }

    /// The same for a file in a folder of its own, named as a video, in a folder of subtitles.
    pub(crate) fn inside_own(&self, folder: &str, file_name: &str) -> Option<(String, SidecarName)> {
        let own = folded(folder);
        let key = self.keys.get(&own)?;
        self.beside(file_name).filter(|(owner, _)| owner == key).or_else(|| self.assign_to(file_name, key))
    }

    /// Whether a folder in a folder of subtitles is named as one of the videos.
    pub(crate) fn has_folder(&self, name: &str) -> bool {
        self.keys.contains(&folded(name))
    }

    /// A subtitle that can only be the video's, unless its name begins with another's.
    fn assign_to(&self, file_name: &str, key: &str) -> Option<(String, SidecarName)> {
        let name = folded(file_name);
        let (stem, _) = split_extension(&name).filter(|(_, extension)| EXTENSIONS.contains(extension))?;
        let is_others = self.prefixes(stem).any(|other| other != key);
        (!is_others).then(|| (key.to_owned(), SidecarName::read(stem)))
    }

    /// The keys that a stem begins with and whose words end there, the longest first.
    fn prefixes<'a>(&'a self, stem: &'a str) -> impl Iterator<Item = &'a str> {
        let ends = stem.char_indices().rev().filter(|(_, next)| !next.is_alphanumeric()).map(|(at, _)| at);
        std::iter::once(stem.len()).chain(ends).map(|end| &stem[..end]).filter(|prefix| self.keys.contains(*prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Stems, *};

    fn by_stems(videos: &[String], file: &str, is_inside: bool) -> Vec<(String, SidecarName)> {
        let mut keys: Vec<String> = videos.iter().map(|video| video_key(video)).collect();
        keys.sort_unstable();
        keys.dedup();
        let read = |key: &String| {
            let stems = Stems::new(key, videos.iter().map(String::as_str));
            let read = if is_inside { stems.read_inside(file, stems.is_only_video()) } else { stems.read(file) };
            read.map(|name| (key.clone(), name))
        };
        keys.iter().filter_map(read).collect()
    }

    proptest::proptest! {
        /// One lookup among all videos finds what asking each of them finds.
        #[test]
        fn a_file_belongs_to_the_video_that_claims_it(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "Harbour", "Harbour.Lights", "Harbour.Lights.Out", "harbour - 2", "Low Tide S01E01", "Low Tide", "Tide-sample",
            ]), 1..5),
            owner in 0..5_usize,
            rest in proptest::sample::select(vec![
                "", ".es", ".en.sdh", ".cd2.es", "-trailer", ".S01E02.es", " (fr)", "2_Spanish", ".Lights.de", "x.es",
            ]),
        ) {
            let videos: Vec<String> = parts.iter().map(|part| format!("{part}.mkv")).collect();
            let folder = FolderVideos::new(videos.iter().map(String::as_str));
            for stem in [parts[owner % parts.len()], ""] {
                let file = format!("{stem}{rest}.srt");
                proptest::prop_assert_eq!(folder.beside(&file).into_iter().collect::<Vec<_>>(), by_stems(&videos, &file, false));
                if folder.only.is_some() {
                    proptest::prop_assert_eq!(folder.inside(&file).into_iter().collect::<Vec<_>>(), by_stems(&videos, &file, true));
                }
            }
        }
    }

    #[test]
    fn a_folder_named_as_a_video_holds_that_videos_subtitles() {
        let folder = FolderVideos::new(["Low.Tide.S01E01.mkv", "Low.Tide.S01E02.mkv", "note.txt"]);
        let key = |found: Option<(String, SidecarName)>| found.map(|(key, _)| key);
        assert_eq!(key(folder.inside_own("Low.Tide.S01E02", "2_Spanish.srt")).as_deref(), Some("low.tide.s01e02"));
        assert_eq!(key(folder.inside_own("Low.Tide.S01E02", "Low.Tide.S01E01.es.srt")), None);
        assert_eq!(key(folder.inside("2_Spanish.srt")), None, "it may be any episode's");
        assert_eq!(key(folder.inside_own("Other", "2_Spanish.srt")), None);
    }
}
