//! ASS and SSA.

use super::{Code, cue, cues, read, rewritten, warnings};
use crate::subtitle::{Format, SourceFormat};

const EVERYTHING: &str = "\
\u{FEFF}[Script Info]\r\n; by Anna\r\nScriptType: v4.00+\r\n\r\n[Aegisub Project Garbage]\r\nActive Line: 3\r\n\r\n\
[V4+ Styles]\r\nFormat: Name, Fontname, Fontsize\r\nStyle: Default,Arial,20\r\n\r\n[Events]\r\n\
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n\
Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,a note\r\n\
Dialogue: 0,0:00:01.50,0:00:04.00,Default,Anna,0,0,0,,{\\an8\\i1\\pos(10,20)}Well, then{\\i0}\\NGo\\h{go}on.\r\n\
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\r\n\
Dialogue: 1,0:00:07.00,0:00:08.00,Song,,0,0,0,karaoke,{\\k20}La{\\k30}la\r\n\
\r\n[Fonts]\r\nfontname: arial_0.ttf\r\nDialogue: 0,0:00:01.00,0:00:02.00,no,cue\r\n[Graphics]\r\n!!!\r\n";

#[test]
fn events_are_cues_and_nothing_else_is() {
    assert_eq!(
        cues(EVERYTHING),
        [
            cue(1500, 4000, "{\\an8\\i1\\pos(10,20)}Well, then{\\i0}\\NGo\\h{go}on."),
            cue(7000, 8000, "{\\k20}La{\\k30}la")
        ]
    );
    assert_eq!(Format::Ass.plain(&read(EVERYTHING).cues[0].text), "Well, then\nGo\u{A0}on.");
    assert_eq!(warnings(EVERYTHING), [(Code::DrawingOnly, 16)]);
}

#[test]
fn a_file_is_written_back_byte_for_byte_but_for_changed_texts() {
    for text in [EVERYTHING.to_owned(), EVERYTHING.replace("\r\n", "\n"), EVERYTHING.replace('\u{FEFF}', "")] {
        assert_eq!(rewritten(&text), text);
    }
    let changed = read(EVERYTHING).with_texts(vec!["{\\an8}Pues\nve.".into(), "La".into()]).expect("two");
    let expected = EVERYTHING
        .replace("{\\an8\\i1\\pos(10,20)}Well, then{\\i0}\\NGo\\h{go}on.", "{\\an8}Pues\\Nve.")
        .replace("{\\k20}La{\\k30}la", "La");
    assert_eq!(changed.write(Format::Ass).text, expected);
}

#[test]
fn columns_are_where_the_format_line_says() {
    let text = "[Script Info]\nScriptType: v4.00\n[V4 Styles]\n[Events]\nFormat: Marked, End, Start, Text\nDialogue: Marked=0,0:00:04.00,0:00:01.5,Well, then\n";
    assert_eq!(cues(text), [cue(1500, 4000, "Well, then")]);
    assert_eq!((read(text).origin, warnings(text)), (SourceFormat::Ssa, vec![(Code::IrregularTime, 6)]));
    // Nothing could be told from a text that may hold commas: such a line is as good as none.
    let text = "[Events]\nFormat: Text, Start, End\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,a\n";
    assert_eq!((cues(text), warnings(text)), (vec![cue(1000, 2000, "a")], vec![(Code::MissingFormatLine, 3)]));
    let text = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,no header, no columns\n";
    assert_eq!(cues(text), [cue(1000, 2000, "no header, no columns")]);
    assert_eq!((read(text).origin, warnings(text)), (SourceFormat::Ass, vec![(Code::MissingFormatLine, 1)]));
}

#[test]
fn odd_events_are_reported_and_stay_in_the_file() {
    let text = "[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01,0:00:02.5,a\nDialogue: soon,later,b\nDialogue: 1\nDialogue: -0:00:01.00,0:00:01.00,c\nDialogue: 0:00:09.00,0:00:08.00,{\\an8}\nDialogue: 0:00:09.00,0:00:08.00,d\n";
    assert_eq!(cues(text), [cue(1000, 2500, "a"), cue(0, 1000, "c"), cue(9000, 9000, "d")]);
    assert_eq!(
        warnings(text),
        [
            (Code::IrregularTime, 4),
            (Code::BadEvent, 5),
            (Code::BadEvent, 6),
            (Code::IrregularTime, 7),
            (Code::NegativeTime, 7),
            (Code::OutOfOrder, 7),
            (Code::EmptyCue, 8),
            (Code::EndBeforeStart, 9),
        ]
    );
    assert_eq!(rewritten(text), text);
}
