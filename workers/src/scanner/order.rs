//! The order of a scan: the files of a folder by their names, then its folders by theirs. Two scans of the same files list them
//! in the same order, so that what one has learned can be read along with the next. Pure.

use std::cmp::Ordering;

/// Compares two paths below a library by when a scan reaches them.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one_folder, one_name) = one.rsplit_once('/').unwrap_or(("", one));
    let (other_folder, other_name) = other.rsplit_once('/').unwrap_or(("", other));
    one_folder.split('/').cmp(other_folder.split('/')).then_with(|| one_name.cmp(other_name))
}

/// The path of a name in a folder, which is empty for the root.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_before_folders_and_folders_follow_their_names() {
        let ordered = ["a.mkv", "z.mkv", "a/x.mkv", "a/b/x.mkv", "a b/x.mkv", "a.b/x.mkv", "b/a.mkv"];
        for pair in ordered.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("a/b.mkv", "a/b.mkv"), Ordering::Equal);
    }
}
