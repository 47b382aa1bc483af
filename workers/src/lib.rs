//! Finds subtitles and translates them.
