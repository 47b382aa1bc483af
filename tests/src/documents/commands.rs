//! Commands of the documents, which tests run. Does I/O.

use std::fs;

use anyhow::{Context as _, Result};

use crate::root;

/// The page for users of the Python system.
const PYTHON: &str = "core/docs/coming-from-python.md";

/// The text in the first backticks of a table's cell.
fn code(cell: &str) -> Option<String> {
    cell.split('`').nth(1).map(|code| code.replace("\\|", "|"))
}

/// Each command of one of these programs in the table of [`PYTHON`], and what its output shows.
pub fn translated_commands(programs: &[&str]) -> Result<Vec<(String, String)>> {
    let page = fs::read_to_string(root().join(PYTHON)).with_context(|| format!("failed to read {PYTHON}"))?;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.filter_map(|row| row.split(" | ").collect::<Vec<_>>().try_into().ok());
    let commands = cells.filter_map(|[_, now, shows]: [&str; 3]| Some((code(now)?, code(shows)?)));
    Ok(commands.filter(|(command, _)| programs.iter().any(|program| command.starts_with(program))).collect())
}

/// The shell commands of a section of a page, in order.
pub fn commands_of_section(page: &str, heading: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(root().join(page)).with_context(|| format!("failed to read {page}"))?;
    let section = text.split("\n## ").find(|section| section.starts_with(heading));
    let section = section.with_context(|| format!("{page} has no section '{heading}'"))?;
    let blocks = section.split("```sh\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0.to_owned()));
    Ok(blocks.collect())
}

#[cfg(test)]
mod tests {
    use super::translated_commands;

    #[test]
    fn a_table_row_is_a_command_and_what_it_shows() {
        let commands = translated_commands(&["kubectl"]).expect("the page");
        let logs = r#"kubectl logs deploy/subtitles-operator | grep "RECEIVED EVENT""#;
        assert!(commands.contains(&(logs.to_owned(), "RECEIVED EVENT".to_owned())), "{commands:#?}");
        assert!(commands.iter().all(|(command, _)| command.starts_with("kubectl")), "{commands:#?}");
    }
}
