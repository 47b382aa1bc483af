//! What an engine lets slip into a text: its own format, its thoughts, its manners. Pure.

/// What gives each away, in lower case. A sign that the source has too is the film's, not the engine's.
const SIGNS: &[(&str, &str)] = &[
    ("```", "a code fence"),
    ("<think", "the model's thinking"),
    ("</think", "the model's thinking"),
    ("{\"", "JSON"),
    ("\"}", "JSON"),
    ("\"text\":", "JSON"),
    ("\"id\":", "JSON"),
    ("&amp;", "an HTML entity"),
    ("&lt;", "an HTML entity"),
    ("&gt;", "an HTML entity"),
    ("&quot;", "an HTML entity"),
    ("&#39;", "an HTML entity"),
    ("&nbsp;", "an HTML entity"),
    ("<!doctype", "HTML"),
    ("<html", "HTML"),
    ("<p id=", "HTML"),
    ("as an ai ", "the model's manners"),
    ("as a language model", "the model's manners"),
    ("here is the translation", "the model's manners"),
    ("here's the translation", "the model's manners"),
    ("i'm sorry, but i can", "the model's manners"),
    ("translate the following", "the prompt"),
    ("subtitle translator", "the prompt"),
];

/// What is in the translation that no film says.
pub(super) fn found(source: &str, translation: &str) -> Option<&'static str> {
    let (source, translation) = (source.to_lowercase(), translation.to_lowercase());
    SIGNS.iter().find(|(sign, _)| translation.contains(sign) && !source.contains(sign)).map(|(_, what)| *what)
}
