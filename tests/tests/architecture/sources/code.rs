//! Reduces Rust source to its production code: comments, the contents of literals and test items become spaces, and line numbers
//! are kept. Pure.

/// Replaces every character except line breaks with a space.
fn blanked(text: &[char]) -> impl Iterator<Item = char> + '_ {
    text.iter().map(|one| if *one == '\n' { '\n' } else { ' ' })
}

/// The length of the raw string that starts here, or `None`.
fn raw_string(text: &[char]) -> Option<usize> {
    let start = usize::from(text.first() == Some(&'b'));
    if text.get(start) != Some(&'r') {
        return None;
    }
    let hashes = text[start + 1..].iter().take_while(|one| **one == '#').count();
    let open = start + 1 + hashes;
    if text.get(open) != Some(&'"') {
        return None;
    }
    let is_end = |at: usize| text[at] == '"' && text[at + 1..].iter().take_while(|one| **one == '#').count() >= hashes;
    (open + 1..text.len()).find(|at| is_end(*at)).map(|at| at + 1 + hashes)
}

/// The length of the quoted literal whose opening quote is the first character.
fn quoted(text: &[char]) -> usize {
    let quote = text[0];
    let mut at = 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The length of the comment or literal that starts here, or `None`.
fn not_code(text: &[char], is_in_word: bool) -> Option<usize> {
    let line_end = || text.iter().position(|one| *one == '\n').unwrap_or(text.len());
    match text {
        ['/', '/', ..] => Some(line_end()),
        ['/', '*', ..] => Some((2..text.len()).find(|at| text[at - 2..*at] == ['*', '/']).unwrap_or(text.len())),
        ['r' | 'b', ..] if !is_in_word => raw_string(text),
        // A lifetime has no closing quote.
        ['"', ..] | ['\'', '\\', ..] | ['\'', _, '\'', ..] => Some(quoted(text)),
        _ => None,
    }
}

/// The text without comments and without the contents of literals.
fn without_literals(text: &str) -> String {
    let text: Vec<char> = text.chars().collect();
    let (mut code, mut at) = (String::new(), 0);
    while at < text.len() {
        let is_in_word = at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_');
        if let Some(length) = not_code(&text[at..], is_in_word) {
            code.extend(blanked(&text[at..at + length]));
            at += length;
        } else {
            code.push(text[at]);
            at += 1;
        }
    }
    code
}

/// The position after the item that starts at `from`: after its `;`, or after the brace that closes it.
fn end_of_item(code: &[char], from: usize) -> usize {
    let (mut depth, mut brackets) = (0_usize, 0_usize);
    for (at, one) in code.iter().enumerate().skip(from) {
        match one {
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets = brackets.saturating_sub(1),
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' | ',' if depth == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The production code of a file.
pub(crate) fn production(text: &str) -> String {
    const TEST: &str = "#[cfg(test)]";
    let mut code = without_literals(text);
    while let Some(start) = code.find(TEST) {
        let (before, rest) = code.split_at(start);
        let rest: Vec<char> = rest.chars().collect();
        let end = end_of_item(&rest, TEST.len());
        let blank: String = blanked(&rest[..end]).collect();
        code = before.to_owned() + &blank + &rest[end..].iter().collect::<String>();
    }
    code
}

#[test]
fn comments_literals_and_test_items_are_not_production_code() {
    let text = "use a::b; // crate::c\nlet x = \"crate::d\"; let y = 'e';\n#[cfg(test)]\nmod tests { use f; }\nfn g<'a>(x: &'a str) {}\n";
    let code = production(text);
    for gone in ["crate", "'e'", "tests", "use f"] {
        assert!(!code.contains(gone), "{gone}: {code}");
    }
    assert!(code.contains("use a::b;") && code.contains("fn g<'a>(x: &'a str)"), "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
    assert!(!production("#[cfg(test)]\nmod tests;\nmod x;").contains("tests"));
    assert!(production("#[cfg(test)]\nmod tests;\nmod x;").contains("mod x;"));
    assert!(!production("let s = r#\"tokio \"quoted\" \"#;").contains("quoted"));
}
