//! OpenSubtitles' hash of a video, as its "Movie hash" page publishes it: the size plus both ends of the file, summed
//! as little-endian 64-bit words. A seekable file comes in, 16 hexadecimal digits go out; over HTTP the file is
//! `ranges::Reader`, and the two ends are all that is fetched. Does I/O.

use std::io::{self, Read, Seek, SeekFrom};

/// What is read at each end, in bytes.
const END: usize = 64 << 10;
/// Smaller files have no hash: their ends would overlap.
const SMALLEST: u64 = 2 * END as u64;

/// The hash of a file of `size` bytes; `None` for one that is too small.
pub fn movie_hash(file: &mut (impl Read + Seek), size: u64) -> io::Result<Option<String>> {
    if size < SMALLEST {
        return Ok(None);
    }
    let mut hash = size;
    let mut end = vec![0; END];
    for at in [0, size - END as u64] {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut end)?;
        for word in end.chunks_exact(8) {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            hash = hash.wrapping_add(u64::from_le_bytes(bytes));
        }
    }
    Ok(Some(format!("{hash:016x}")))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn hash(bytes: Vec<u8>) -> Option<String> {
        let size = bytes.len() as u64;
        movie_hash(&mut Cursor::new(bytes), size).expect("memory")
    }

    fn counting(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).expect("small")).collect()
    }

    /// Values computed with the reference implementations in Python and C.
    #[test]
    fn files_have_the_published_algorithms_hash() {
        for (bytes, expected) in [
            (vec![0; 131_072], "0000000000020000"),
            (vec![0xFF; 131_072], "000000000001c000"),
            (counting(131_072), "bf7b30eba75ef876"),
            (counting(131_080), "d8944a04c0781197"),
            (counting(200_003), "cb873cf7b36b16c3"),
            (counting(1_048_576), "d78d4802be840f8c"),
        ] {
            assert_eq!(hash(bytes).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_small_hash_keeps_its_leading_zeros() {
        let random = |at: u32| at.wrapping_mul(1_103_515_245).wrapping_add(12_345).to_le_bytes()[0];
        let mut bytes: Vec<u8> = (0..131_072).map(random).collect();
        assert_eq!(hash(bytes.clone()).as_deref(), Some("dfa05f1fe0a14000"));
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        let patched = u64::from_le_bytes(first).wrapping_sub(0xDFA0 << 48);
        bytes[..8].copy_from_slice(&patched.to_le_bytes());
        assert_eq!(hash(bytes).as_deref(), Some("00005f1fe0a14000"));
    }

    #[test]
    fn a_file_too_small_for_two_ends_has_none_and_a_large_one_is_not_read_whole() {
        assert_eq!(hash(vec![0; 131_071]), None);
        let path = std::env::temp_dir().join(format!("subtitles-hash-{}", std::process::id()));
        let mut file =
            std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&path).expect("a file");
        file.set_len(5 << 30).expect("sparse");
        let hash = movie_hash(&mut file, 5 << 30).expect("read");
        let _ = std::fs::remove_file(path);
        assert_eq!(hash.as_deref(), Some("0000000140000000"));
    }
}
