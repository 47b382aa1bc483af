//! What a stranger can do about a failure, from what the failed command printed. Pure.

/// Words that commands print, and the way on.
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
        "The network does not answer. What is downloaded and compiled is kept: connect and run the same command again. Behind \
         a proxy, HTTPS_PROXY reaches cargo and go; GOPROXY names a mirror of Go modules.",
    ),
    (
        &["no space left on device", "disk quota exceeded"],
        "The disk is full. Free some space, or move what grows: CARGO_TARGET_DIR (what cargo compiles), GOCACHE and GOMODCACHE \
         (what go does), XDG_CACHE_HOME (programs, images and the session). Then run the same command again.",
    ),
    (
        &["address already in use", "eaddrinuse"],
        "Another program took the port in the moment between choosing and using it: run the same command again.",
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

/// The way on, if the failure is a known one.
pub fn way_on(printed: &str) -> Option<&'static str> {
    let printed = printed.to_lowercase();
    KNOWN.iter().find(|(words, _)| words.iter().any(|word| printed.contains(word))).map(|(_, way)| *way)
}

#[cfg(test)]
mod tests {
    use super::way_on;

    #[test]
    fn known_failures_have_a_way_on() {
        for (printed, way) in [
            ("Get \"https://proxy.golang.org/\": dial tcp: lookup proxy.golang.org: no such host", "network"),
            ("warning: spurious network error: Could not resolve host: index.crates.io", "network"),
            ("write /tmp/x: no space left on device", "disk"),
            ("listen tcp 127.0.0.1:4000: bind: address already in use", "port"),
            ("go.mod requires go >= 1.26 (running go 1.22; GOTOOLCHAIN=local)", "too old"),
        ] {
            assert!(way_on(printed).is_some_and(|found| found.contains(way)), "{printed}");
        }
        assert_eq!(way_on("error[E0308]: mismatched types"), None);
    }
}
