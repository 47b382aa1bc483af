//! The workers' messages name the fields of a job, which the command line does not have: a message comes in, the same
//! with its options goes out. Pure.

/// Fields that the command line has under another name.
const NAMES: &[(&str, &str)] = &[
    ("spec.translation.policy is Never", "`subtitles translate` translates one from another language"),
    ("spec.translation.engines", "--engine"),
    ("spec.translation.partial", "--partial"),
    ("spec.translation.from", "--from"),
    ("spec.sources", "--source"),
    ("spec.video.season", "--season"),
    ("spec.video.episodes", "--episode"),
    ("spec.video.imdbId", "--imdb"),
    ("spec.video", "VIDEO"),
    ("spec.language", "--language"),
    ("spec.selection.minimumScore", "the minimum score of"),
];

/// A message without names of fields.
pub(crate) fn without_fields(message: &str) -> String {
    let message = NAMES.iter().fold(message.to_owned(), |message, (field, name)| message.replace(field, name));
    let mut written = String::with_capacity(message.len());
    let mut rest = message.as_str();
    while let Some(at) = rest.find("spec.") {
        written.push_str(&rest[..at]);
        let path = &rest[at..];
        let length = path.find(|character: char| !character.is_ascii_alphanumeric() && character != '.');
        let path = path[..length.unwrap_or(path.len())].trim_end_matches('.');
        let name = path.rsplit('.').next().unwrap_or_default();
        written.push_str("the default of ");
        written.push_str(&words(name));
        rest = &rest[at + path.len()..];
    }
    written + rest
}

/// `hearingImpaired` as "hearing impaired".
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_names_a_field_of_a_job() {
        for (message, shown) in [
            (
                "none translates; name another engine in spec.translation.engines",
                "none translates; name another engine in --engine",
            ),
            ("scores 20, below spec.selection.minimumScore 30", "scores 20, below the minimum score of 30"),
            ("excluded by spec.selection.machineTranslated.", "excluded by the default of machine translated."),
            ("spec.hearingImpaired excludes it", "the default of hearing impaired excludes it"),
            ("the inspector. spec", "the inspector. spec"),
        ] {
            assert_eq!(without_fields(message), shown);
        }
    }
}
