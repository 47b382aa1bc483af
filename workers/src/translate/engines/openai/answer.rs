//! What a model answered: its text comes in, an answer for each line goes out, `None` where it is not surely that
//! line's. Models think aloud, put JSON in fences, write ids as strings and leave the outer object out. Pure.

use serde_json::Value;

use crate::subtitle::markup::inline::plain;

/// The answers in the lines' order.
pub(super) fn read(content: &str, texts: &[String]) -> Vec<Option<String>> {
    let mut answers = vec![None; texts.len()];
    let mut doubled = Vec::new();
    for item in items(content) {
        let Some((id, text)) = id(&item).zip(text(&item)) else { continue };
        let Some(source) = id.checked_sub(1).and_then(|at| texts.get(at)) else { continue };
        if !is_for(&item, source) {
            continue;
        }
        if answers[id - 1].replace(text).is_some() {
            doubled.push(id - 1);
        }
    }
    // Two answers for one line: which one is right cannot be told.
    for at in doubled {
        answers[at] = None;
    }
    answers
}

fn items(content: &str) -> Vec<Value> {
    let after_thinking = content.rsplit_once("</think>").map_or(content, |(_, after)| after);
    let bounds = |open, close| Some((after_thinking.find(open)?, after_thinking.rfind(close)?));
    for bounds in [bounds('{', '}'), bounds('[', ']')] {
        let json = bounds.and_then(|(start, end)| after_thinking.get(start..=end));
        match json.and_then(|json| serde_json::from_str::<Value>(json).ok()) {
            Some(Value::Array(items)) => return items,
            Some(Value::Object(mut object)) => {
                if let Some(Value::Array(items)) = object.remove("translations") {
                    return items;
                }
                // One line alone, without the list around it.
                return vec![Value::Object(object)];
            }
            _ => {}
        }
    }
    Vec::new()
}

fn id(item: &Value) -> Option<usize> {
    match item.get("id")? {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn text(item: &Value) -> Option<String> {
    item.get("text").or_else(|| item.get("translation"))?.as_str().map(str::to_owned)
}

/// Whether the model says that it translated this line; one that does not say is believed.
fn is_for(item: &Value, source: &str) -> bool {
    let letters = |text: &str| -> String {
        plain(text).chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let begins = item.get("begins").and_then(Value::as_str).map(letters).unwrap_or_default();
    letters(source).starts_with(&begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_two(content: &str) -> Vec<Option<String>> {
        read(content, &["Go home now".to_owned(), "Where is Anna?".to_owned()])
    }

    #[test]
    fn fences_thoughts_string_ids_and_bare_lists_are_understood() {
        let both = vec![Some("Ve a casa".to_owned()), Some("¿Dónde está Anna?".to_owned())];
        let list = "[{\"id\": \"1\", \"text\": \"Ve a casa\"}, {\"id\": 2, \"text\": \"¿Dónde está Anna?\"}]";
        for content in [
            list.to_owned(),
            format!("{{\"translations\": {list}}}"),
            format!("```json\n{list}\n```"),
            format!("<think>Two lines {{}}, easy.</think>\nHere you are: {{\"translations\": {list}}}"),
        ] {
            assert_eq!(read_two(&content), both, "{content}");
        }
    }

    #[test]
    fn an_answer_under_another_lines_id_is_none() {
        let swapped = "[{\"id\": 2, \"begins\": \"Go home\", \"text\": \"Ve a casa\"}, {\"id\": 1, \"begins\": \"Where \
                       is\", \"text\": \"¿Dónde está Anna?\"}]";
        assert_eq!(read_two(swapped), [None, None]);
    }

    #[test]
    fn lines_that_are_missing_doubled_or_unknown_have_no_answer() {
        assert_eq!(
            read_two("[{\"id\": 1, \"text\": \"a\"}, {\"id\": 1, \"text\": \"b\"}, {\"id\": 9, \"text\": \"c\"}]"),
            [None, None]
        );
        assert_eq!(read_two("I cannot do that."), [None, None]);
        assert_eq!(read_two("[{\"id\": 1, \"text\": \"a"), [None, None]);
    }
}
