//! Media types of subtitle files. Pure.

/// The media type of a subtitle file by its name's extension, or `None` if it is not a subtitle.
pub fn media_type(extension: &str) -> Option<&'static str> {
    match extension.to_ascii_lowercase().as_str() {
        "srt" => Some("application/x-subrip"),
        "vtt" => Some("text/vtt"),
        "ass" | "ssa" => Some("text/x-ssa"),
        _ => None,
    }
}
