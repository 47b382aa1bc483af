//! An ASS or SSA track as the file that was muxed: the header is the track's private data, each block one line without its
//! times. Fonts attached to the video are not part of it.
//!
//! By the codec mapping, blocks have fixed columns, whatever the header's `Format:` line says; some muxers keep the file's own
//! columns instead. The blocks themselves tell which, and the `Format:` line is written to match. Pure.

use std::fmt::Write as _;

use super::timed::TimedText;

/// For a track that lost its header, and with it its styles.
pub(super) const DEFAULT_HEADER: &str = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\
    Format: Name, Fontname, Fontsize, Alignment, MarginL, MarginR, MarginV\nStyle: Default,Arial,20,2,10,10,10\n\n[Events]";

/// The columns of the codec mapping, behind the read order.
const MAPPED: [&str; 8] = ["Layer", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text"];

/// The columns of a track's blocks behind the read order, without times; the text is the last.
struct Layout(Vec<String>);

impl Layout {
    /// The columns of the header's own `Format:` line.
    fn from_format_line(line: &str) -> Option<Self> {
        let columns: Vec<String> = line.split(',').map(|column| column.trim().to_owned()).collect();
        let is_time = |column: &String| column.eq_ignore_ascii_case("Start") || column.eq_ignore_ascii_case("End");
        let kept: Vec<String> = columns.into_iter().filter(|column| !is_time(column)).collect();
        kept.last().is_some_and(|last| last.eq_ignore_ascii_case("Text")).then_some(Self(kept))
    }

    /// Whether a block's fields are what their columns ask for: numbers in numeric columns, a known style in the style's.
    fn fits(&self, block: &str, styles: &[String]) -> bool {
        let fields: Vec<&str> = block.splitn(self.0.len(), ',').collect();
        let fits = |(column, field): (&String, &&str)| {
            let field = field.trim();
            match column.to_ascii_lowercase().as_str() {
                "style" => styles.is_empty() || styles.iter().any(|style| style == field.trim_start_matches('*')),
                "layer" | "marginl" | "marginr" | "marginv" => field.is_empty() || field.parse::<i64>().is_ok(),
                _ => true,
            }
        };
        fields.len() == self.0.len() && self.0.iter().zip(&fields).all(fits)
    }

    fn format_line(&self) -> String {
        let (first, rest) = self.0.split_first().map_or(("Layer", &[][..]), |(first, rest)| (first.as_str(), rest));
        format!("Format: {first}, Start, End, {}", rest.join(", "))
    }
}

/// The header with its last section `[Events]`, and what follows that.
fn split(header: &str) -> (&str, &str) {
    let at = header.rfind("[Events]").map_or(header.len(), |at| at + "[Events]".len());
    header.split_at(at)
}

pub(super) fn file(header: &str, timed: &[TimedText<'_>]) -> String {
    let (head, events) = split(header);
    let mut file = head.to_owned();
    if !head.ends_with("[Events]") {
        file.push_str("\n\n[Events]");
    }
    let format_line = events.lines().find_map(|line| line.trim().strip_prefix("Format:"));
    let own = format_line.and_then(Layout::from_format_line);
    // Columns of the mapping, with the first one's name in SSA.
    let first = if format_line.is_some_and(|line| line.contains("Marked")) { "Marked" } else { "Layer" };
    let mapped = Layout([first].into_iter().chain(MAPPED[1..].iter().copied()).map(str::to_owned).collect());
    let styles: Vec<String> = head
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Style:")?.split(',').next())
        .map(|name| name.trim().trim_start_matches('*').to_owned())
        .collect();
    let blocks: Vec<(&TimedText<'_>, u64, &str)> = timed
        .iter()
        .filter_map(|one| {
            let (order, rest) = one.text.split_once(',')?;
            Some((one, order.trim().parse().ok()?, rest.trim_end_matches('\n')))
        })
        .collect();
    let fitting = |layout: &Layout| blocks.iter().filter(|(.., rest)| layout.fits(rest, &styles)).count();
    let layout = match own {
        Some(own) if fitting(&own) > fitting(&mapped) => own,
        _ => mapped,
    };
    for line in events.lines().filter(|line| !line.trim().starts_with("Format:") && !line.trim().is_empty()) {
        file.push('\n');
        file.push_str(line);
    }
    file.push('\n');
    file.push_str(&layout.format_line());
    file.push('\n');
    let mut lines: Vec<(u64, String)> = blocks
        .iter()
        .filter_map(|(one, order, rest)| {
            let (first, rest) = rest.split_once(',')?;
            // A line end inside would end the line; ASS writes its own as \N.
            let rest = rest.replace('\n', "\\N");
            let mut line = String::new();
            writeln!(line, "Dialogue: {first},{},{},{rest}", clock(one.start), clock(one.end)).ok()?;
            Some((*order, line))
        })
        .collect();
    lines.sort_by_key(|(order, _)| *order);
    file.extend(lines.into_iter().map(|(_, line)| line));
    file
}

/// `0:00:01.50`, rounded to the hundredths that ASS has.
fn clock(milliseconds: u64) -> String {
    let hundredths = (milliseconds + 5) / 10;
    let seconds = hundredths / 100;
    format!("{}:{:02}:{:02}.{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60, hundredths % 100)
}
