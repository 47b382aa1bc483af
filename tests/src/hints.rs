//! What a user can do about a failure, recognized by what the failed command printed. Pure.

/// What commands print, in lower case, and what to do about it.
const KNOWN: [(&[&str], &str); 6] = [
    (
        &[
            "no such host",
            "could not resolve host",
            "temporary failure resolving",
            "temporary failure in name resolution",
            "network is unreachable",
            "failed to download from",
            "dial tcp",
            "couldn't connect to server",
        ],
        "The network does not answer. What was downloaded and compiled is kept: connect and run the same command again. Behind \
         a proxy, set HTTPS_PROXY for cargo and go; GOPROXY can name a mirror of Go modules.",
    ),
    (
        &["no space left on device", "disk quota exceeded"],
        "The disk is full. Free some space, or move what grows with CARGO_TARGET_DIR (what cargo compiles), GOCACHE and \
         GOMODCACHE (what go compiles and downloads) and XDG_CACHE_HOME (programs, images and the session); then run the same \
         command again.",
    ),
    (
        &["address already in use", "eaddrinuse"],
        "Another program took the port just after it was found to be free: run the same command again.",
    ),
    (
        &["signal: killed", "cannot allocate memory", "out of memory", "signal: 9"],
        "The machine probably ran out of memory. CARGO_BUILD_JOBS=1 GOFLAGS=-p=1 compiles one package at a time.",
    ),
    (
        &["is not supported by the following package", "requires rustc", "go.mod requires go"],
        "A compiler is too old: `rustup update stable` installs the current Rust, https://go.dev/dl/ has the current Go.",
    ),
    (
        &["linker `cc` not found", "error: linker"],
        "A C linker is missing; Debian's is `apt-get install gcc libc6-dev`.",
    ),
];

/// The hint for a failed command's output; `None` if the failure is unknown.
pub fn hint(printed: &str) -> Option<&'static str> {
    let printed = printed.to_lowercase();
    KNOWN.iter().find(|(words, _)| words.iter().any(|word| printed.contains(word))).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn known_failures_have_a_hint() {
        for (printed, part) in [
            ("Get \"https://proxy.golang.org/\": dial tcp: lookup proxy.golang.org: no such host", "network"),
            ("warning: spurious network error: Could not resolve host: index.crates.io", "network"),
            ("write /tmp/x: no space left on device", "disk"),
            ("listen tcp 127.0.0.1:4000: bind: address already in use", "port"),
            ("go.mod requires go >= 1.26 (running go 1.22; GOTOOLCHAIN=local)", "too old"),
        ] {
            assert!(hint(printed).is_some_and(|found| found.contains(part)), "{printed}");
        }
        assert_eq!(hint("error[E0308]: mismatched types"), None);
    }
}
