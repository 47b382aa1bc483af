//! What an engine leaks into a translation: its output format, its reasoning, its phrases. Pure.

/// Each in lower case. A sign that the source has too belongs to the film, not to the engine.
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
    ("as an ai ", "a phrase of the model"),
    ("as a language model", "a phrase of the model"),
    ("here is the translation", "a phrase of the model"),
    ("here's the translation", "a phrase of the model"),
    ("i'm sorry, but i can", "a phrase of the model"),
    ("translate the following", "the prompt"),
    ("subtitle translator", "the prompt"),
];

/// What is in the translation but was not in the source.
pub(super) fn found(source: &str, translation: &str) -> Option<&'static str> {
    let (source, translation) = (source.to_lowercase(), translation.to_lowercase());
    SIGNS.iter().find(|(sign, _)| translation.contains(sign) && !source.contains(sign)).map(|(_, what)| *what)
}
