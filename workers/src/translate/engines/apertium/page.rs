//! Pieces as paragraphs of an HTML page, which Apertium and its web service translate one by one. Pure.

use std::fmt::Write as _;

use crate::subtitle::markup::inline;

/// Each text as a paragraph with its number.
pub(super) fn page(texts: &[String]) -> String {
    let mut page = String::with_capacity(texts.iter().map(|text| text.len() + 24).sum());
    for (at, text) in texts.iter().enumerate() {
        let _ = write!(page, "<p id=\"{at}\">");
        for (is_tag, piece) in inline::pieces(text) {
            if is_tag {
                page.push_str(piece);
            } else {
                page.push_str(&inline::escaped(piece));
            }
        }
        page.push_str("</p>\n");
    }
    page
}

/// The paragraphs in order; `None` unless each is there exactly once.
pub(super) fn paragraphs(page: &str, count: usize) -> Option<Vec<String>> {
    let mut rest = page;
    let mut texts = Vec::with_capacity(count);
    for at in 0..count {
        let (_, after) = rest.split_once(&format!("<p id=\"{at}\">"))?;
        let (text, after) = after.split_once("</p>")?;
        if text.contains("<p ") {
            return None;
        }
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        // A word that is left out leaves its space behind.
        let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = entities.into_iter().fold(spaced, |text, (entity, character)| text.replace(entity, character));
        texts.push(text);
        rest = after;
    }
    (!rest.contains("<p ")).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_come_back_one_by_one_or_not_at_all() {
        let texts = vec!["A & <i>b</i> < c".to_owned(), "d".to_owned()];
        assert_eq!(paragraphs("<p id=\"0\">Entonces  tenemos</p>", 1), Some(vec!["Entonces tenemos".to_owned()]));
        assert_eq!(paragraphs(&page(&texts), 2), Some(texts.clone()));
        assert_eq!(paragraphs(&page(&texts), 3), None);
        assert_eq!(paragraphs(&page(&texts), 1), None);
    }
}
