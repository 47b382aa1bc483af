//! WebVTT's parsing algorithm as the standard words it (section 6.1 and 6.3), step by step and character by character:
//! slow, without documents or warnings, to hold the reader against.

use proptest::prelude::*;

use super::super::formats::webvtt;

/// Start, end, identifier, text, settings.
type Cue = (u64, u64, String, String, String);

struct Parser {
    input: Vec<char>,
    position: usize,
    seen_cue: bool,
}

impl Parser {
    fn is_past_end(&self) -> bool {
        self.position >= self.input.len()
    }

    fn collect(&mut self, accepts: impl Fn(char) -> bool) -> String {
        let start = self.position;
        while self.input.get(self.position).is_some_and(|character| accepts(*character)) {
            self.position += 1;
        }
        self.input[start..self.position].iter().collect()
    }

    fn take(&mut self, expected: char) -> Option<()> {
        (self.input.get(self.position) == Some(&expected)).then(|| self.position += 1)
    }

    /// "Collect a WebVTT block".
    fn block(&mut self, in_header: bool) -> Option<Cue> {
        let mut line_count = 0;
        let mut previous_position = self.position;
        let mut buffer = String::new();
        let (mut seen_eof, mut seen_arrow) = (false, false);
        let mut cue: Option<Cue> = None;
        while !seen_eof {
            let line = self.collect(|character| character != '\n');
            line_count += 1;
            if self.is_past_end() {
                seen_eof = true;
            } else {
                self.position += 1;
            }
            if line.contains("-->") {
                if !in_header && (line_count == 1 || (line_count == 2 && !seen_arrow)) {
                    seen_arrow = true;
                    previous_position = self.position;
                    cue = timings(&line).map(|(start, end, settings)| {
                        self.seen_cue = true;
                        (start, end, std::mem::take(&mut buffer), String::new(), settings)
                    });
                } else {
                    self.position = previous_position;
                    break;
                }
            } else if line.is_empty() {
                break;
            } else {
                if !in_header && line_count == 2 && !self.seen_cue {
                    let is = |name: &str| {
                        buffer.strip_prefix(name).is_some_and(|rest| rest.chars().all(|one| one.is_ascii_whitespace()))
                    };
                    if is("STYLE") || is("REGION") {
                        buffer.clear();
                    }
                }
                if !buffer.is_empty() {
                    buffer.push('\n');
                }
                buffer.push_str(&line);
                previous_position = self.position;
            }
        }
        let (start, end, id, _, settings) = cue?;
        Some((start, end, id, buffer, settings))
    }

    fn skip_space(&mut self) {
        self.collect(|character| character.is_ascii_whitespace());
    }

    /// "Collect a WebVTT timestamp".
    fn timestamp(&mut self) -> Option<u64> {
        let mut has_hours = false;
        let digits = |parser: &mut Self| parser.collect(|character| character.is_ascii_digit());
        let string = digits(self);
        let mut value_1: u64 = string.parse().ok()?;
        if string.len() != 2 || value_1 > 59 {
            has_hours = true;
        }
        self.take(':')?;
        let string = digits(self);
        let mut value_2: u64 = string.parse().ok().filter(|_| string.len() == 2)?;
        let value_3;
        if has_hours || self.input.get(self.position) == Some(&':') {
            self.take(':')?;
            let string = digits(self);
            value_3 = string.parse().ok().filter(|_| string.len() == 2)?;
        } else {
            value_3 = value_2;
            value_2 = value_1;
            value_1 = 0;
        }
        self.take('.')?;
        let string = digits(self);
        let value_4: u64 = string.parse().ok().filter(|_| string.len() == 3)?;
        if value_2 > 59 || value_3 > 59 {
            return None;
        }
        Some(value_1 * 3_600_000 + value_2 * 60_000 + value_3 * 1000 + value_4)
    }
}

/// "Collect WebVTT cue timings and settings".
fn timings(line: &str) -> Option<(u64, u64, String)> {
    let mut parser = Parser { input: line.chars().collect(), position: 0, seen_cue: false };
    parser.skip_space();
    let start = parser.timestamp()?;
    parser.skip_space();
    parser.take('-')?;
    parser.take('-')?;
    parser.take('>')?;
    parser.skip_space();
    let end = parser.timestamp()?;
    let settings: String = parser.input[parser.position..].iter().collect();
    Some((start, end, settings.trim_ascii().to_owned()))
}

/// "The WebVTT parser algorithm".
fn parse(input: &str) -> Vec<Cue> {
    let input = input.replace('\0', "\u{FFFD}").replace("\r\n", "\n").replace('\r', "\n");
    let mut parser = Parser { input: input.chars().collect(), position: 6, seen_cue: false };
    parser.collect(|character| character != '\n');
    if parser.is_past_end() {
        return Vec::new();
    }
    parser.position += 1;
    if parser.is_past_end() {
        return Vec::new();
    }
    if parser.input[parser.position] == '\n' {
        parser.position += 1;
    } else {
        parser.block(true);
    }
    parser.collect(|character| character == '\n');
    let mut cues = Vec::new();
    while !parser.is_past_end() {
        cues.extend(parser.block(false));
        parser.collect(|character| character == '\n');
    }
    cues
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[0-9]{2}:[0-5][0-9]\\.[0-9]{3} --> [0-9]{2}:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}( align:left)?",
        2 => "[ \t]?[0-9]{1,3}:[0-9]{1,2}(:[0-9]{2})?[.,][0-9]{2,4}[ \t]?-{1,3}>[ \t]?[0-9]{2}:[0-9]{2}\\.[0-9]{3} ?x?",
        3 => "[a-z&;<>/\0 ]{1,6}",
        2 => prop::sample::select(vec!["STYLE", "STYLE ", "REGION", "NOTE", "NOTE x --> y", "-->", "STYLEX"]).prop_map(str::to_owned),
        3 => Just(String::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(3000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_reader_gives_the_standards_cues(
        start in prop::sample::select(vec!["WEBVTT\n\n", "WEBVTT\n", "WEBVTT x\r\n\r\n", "WEBVTT\r"]),
        lines in prop::collection::vec((line(), prop::sample::select(vec!["\n", "\n", "\r\n", "\r"])), 0..14),
        last in line(),
    ) {
        let lines = lines.into_iter().map(|(line, ending)| line + ending);
        let text: String = start.chars().map(String::from).chain(lines).chain([last]).collect();
        let (cues, _) = webvtt::read(&text, false, &mut Vec::new());
        let ours: Vec<Cue> = cues
            .into_iter()
            .map(|cue| {
                let own = |text: Option<Box<str>>| text.map(String::from).unwrap_or_default();
                (cue.start, cue.end, own(cue.id), cue.text, own(cue.settings))
            })
            .collect();
        // Only that no cue ends before it starts is our own rule.
        let theirs: Vec<Cue> = parse(&text)
            .into_iter()
            .map(|(start, end, id, text, settings)| (start, end.max(start), id, text, settings))
            .collect();
        prop_assert_eq!(ours, theirs, "{:?}", text);
    }
}
