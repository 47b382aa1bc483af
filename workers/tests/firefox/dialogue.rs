//! The set of dialogue of this project, with one or two references for each line, and films of any length made of it. Pure.

const SET: &str = include_str!("../quality/dialogue.tsv");
const BEGINNINGS: [&str; 9] =
    ["", "But ", "And ", "You know, ", "Tonight, ", "Listen: ", "Maybe ", "I think that ", "She said that "];

/// The columns of each row: English, and one or two translations into Portuguese.
pub(crate) fn rows() -> Vec<Vec<&'static str>> {
    SET.lines().map(|row| row.split('\t').collect()).collect()
}

/// Distinct lines of a column, each a sentence: `count` of them, without the first ones.
pub(crate) fn lines(column: usize, count: usize, first: usize) -> Vec<String> {
    let all = rows().into_iter().filter_map(|row| row.get(column).copied());
    let single: Vec<&str> = all.filter(|line| !line[..line.len() - 1].contains(['.', '?', '!'])).collect();
    let line = |at: usize| {
        let (line, round) = (single[at % single.len()], at / single.len());
        let beginning = BEGINNINGS.get(round).map_or_else(|| format!("Number {round}: "), ToString::to_string);
        let mut characters = line.chars();
        let begin = characters.next().unwrap_or(' ');
        let begin = if beginning.is_empty() { begin.to_string() } else { begin.to_lowercase().to_string() };
        format!("{beginning}{begin}{}", characters.as_str())
    };
    (first..first + count).map(line).collect()
}
