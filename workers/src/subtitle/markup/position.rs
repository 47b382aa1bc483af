//! Where a cue stands: the nine places of a number pad, between `{\anN}` and WebVTT's cue settings. Pure.

/// Bottom and centre, where a cue stands that says nothing.
pub(super) const USUAL: u8 = 2;

/// The cue settings for a place; `None` for the usual one.
pub(super) fn to_settings(place: u8) -> Option<String> {
    let row = match place {
        7..=9 => "line:0",
        4..=6 => "line:50%",
        _ => "",
    };
    let column = match place % 3 {
        1 => "position:0% align:left",
        0 => "position:100% align:right",
        _ => "",
    };
    let settings = format!("{row} {column}").trim().to_owned();
    (!settings.is_empty()).then_some(settings)
}

/// The place that comes nearest to cue settings, and whether that is all they say.
pub(super) fn from_settings(settings: &str) -> (u8, bool) {
    let (mut row, mut column, mut is_all) = (1, 2, true);
    for setting in settings.split_ascii_whitespace() {
        let (name, value) = setting.split_once(':').unwrap_or((setting, ""));
        match (name, value) {
            ("line", "0" | "0%") => row = 7,
            ("line", "50%") => row = 4,
            ("line", "-1" | "100%") | ("align", "center" | "middle") | ("position", "0%" | "50%" | "100%") => {}
            ("align", "left" | "start") => column = 1,
            ("align", "right" | "end") => column = 3,
            ("line", value) => {
                is_all = false;
                let share = value.split(',').next().and_then(|value| value.strip_suffix('%'));
                if share.and_then(|share| share.parse::<f32>().ok()).is_some_and(|share| share < 34.0) {
                    row = 7;
                }
            }
            _ => is_all = false,
        }
    }
    (row + column - 1, is_all)
}
