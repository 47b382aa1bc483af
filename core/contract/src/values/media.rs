//! Media types of subtitle files, by file extension. Pure.

/// The media type for a file extension (case-insensitive); `None` if it is not a subtitle extension.
pub fn media_type(extension: &str) -> Option<&'static str> {
    match extension.to_ascii_lowercase().as_str() {
        "srt" => Some("application/x-subrip"),
        "vtt" => Some("text/vtt"),
        "ass" | "ssa" => Some("text/x-ssa"),
        _ => None,
    }
}
