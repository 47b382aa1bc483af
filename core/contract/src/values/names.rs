//! Names of sources and engines as a spec writes them: the operator and the workers read the same lists. Pure.

/// A source and an engine for trying and testing; only used when a job names them.
pub const SIMULATED: &str = "simulated";
/// opensubtitles.com.
pub const OPENSUBTITLES: &str = "opensubtitles";
/// subdl.com.
pub const SUBDL: &str = "subdl";
/// podnapisi.net.
pub const PODNAPISI: &str = "podnapisi";
/// gestdown.info.
pub const GESTDOWN: &str = "gestdown";
/// Sources, in the order they are asked unless a job or the configuration says otherwise.
pub const SOURCES: [&str; 7] = ["embedded", "library", OPENSUBTITLES, SUBDL, PODNAPISI, GESTDOWN, SIMULATED];
/// Engines.
pub const ENGINES: [&str; 7] = ["firefox", "apertium", "apertium-apy", "libretranslate", "deepl", "openai", SIMULATED];

/// Whether a text is a name that Kubernetes gives objects (a DNS subdomain), and so no other path of its API.
pub fn is_object_name(name: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().copied().is_some_and(is_edge)
            && bytes.last().copied().is_some_and(is_edge)
            && bytes.iter().all(|byte| is_edge(*byte) || *byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The list's own entry for `name`.
pub fn known(names: &[&'static str], name: &str) -> Option<&'static str> {
    names.iter().copied().find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dns_subdomain_names_an_object() {
        assert!(is_object_name("names") && is_object_name("a-1.b"));
        for other in ["", "Names", "a/b", "../secrets/a", "a..b", "-a", "a-", "a b", "a%2Fb", &"a".repeat(254)] {
            assert!(!is_object_name(other), "{other}");
        }
    }
}
