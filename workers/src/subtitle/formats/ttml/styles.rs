//! How TTML's text looks: attributes of styles, regions and elements come in, what SubRip can show of it goes out. Pure.

/// What SubRip can show.
#[expect(clippy::struct_excessive_bools, reason = "each is on or off by itself")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) is_italic: bool,
    pub(super) is_bold: bool,
    pub(super) is_underlined: bool,
    /// Whether it is at the top of the picture.
    pub(super) is_at_top: bool,
}

/// What attributes say; `None` where they say nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    italic: Option<bool>,
    bold: Option<bool>,
    underlined: Option<bool>,
}

impl Change {
    fn new(get: &impl Fn(&str) -> Option<String>) -> Self {
        Self {
            italic: get("fontStyle").map(|style| matches!(style.as_str(), "italic" | "oblique")),
            bold: get("fontWeight").map(|weight| weight == "bold"),
            underlined: get("textDecoration")
                .map(|decoration| decoration.contains("underline") && !decoration.contains("noUnderline")),
        }
    }

    /// Applies `self` where `over` says nothing.
    fn under(self, over: Self) -> Self {
        Self {
            italic: over.italic.or(self.italic),
            bold: over.bold.or(self.bold),
            underlined: over.underlined.or(self.underlined),
        }
    }
}

/// The named styles and regions of a file.
#[derive(Debug, Default)]
pub(super) struct Styles {
    styles: std::collections::HashMap<String, Change>,
    /// The names of the regions at the top.
    top_regions: std::collections::HashSet<String>,
}

impl Styles {
    /// A style; those it refers to must stand in front of it, as programs write them.
    pub(super) fn add_style(&mut self, get: &impl Fn(&str) -> Option<String>) {
        if let Some(id) = get("id") {
            let change = self.referred(get).under(Change::new(get));
            self.styles.insert(id, change);
        }
    }

    pub(super) fn add_region(&mut self, get: &impl Fn(&str) -> Option<String>) {
        let is_low = get("origin").is_some_and(|origin| {
            let y = origin.split_whitespace().nth(1).and_then(|y| y.strip_suffix('%')?.parse::<f32>().ok());
            y.is_none_or(|y| y >= 50.0)
        });
        if let Some(id) = get("id").filter(|_| get("displayAlign").as_deref() == Some("before") && !is_low) {
            self.top_regions.insert(id);
        }
    }

    /// What an element's own attributes and those it refers to change.
    pub(super) fn apply(&self, get: &impl Fn(&str) -> Option<String>, look: &mut Look) {
        let change = self.referred(get).under(Change::new(get));
        look.is_italic = change.italic.unwrap_or(look.is_italic);
        look.is_bold = change.bold.unwrap_or(look.is_bold);
        look.is_underlined = change.underlined.unwrap_or(look.is_underlined);
        if let Some(region) = get("region") {
            look.is_at_top = self.top_regions.contains(&region);
        }
    }

    fn referred(&self, get: &impl Fn(&str) -> Option<String>) -> Change {
        let names = get("style").unwrap_or_default();
        let found = names.split_whitespace().take(16).filter_map(|name| self.styles.get(name));
        found.fold(Change::default(), |change, over| change.under(*over))
    }
}
