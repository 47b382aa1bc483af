//! Whether a file can be a model's weights at all, before the engine reads it: it trusts the numbers in the file, and a wrong
//! one could ask for all of the memory. Source: marian's `io/binary.cpp`, version 1. Pure.

/// The version of the format.
const VERSION: u64 = 1;
/// Tensors of a model; Mozilla's have about 250.
const MAX_ITEMS: u64 = 4096;
/// Bytes of a tensor's name.
const MAX_NAME: u64 = 512;
/// Dimensions of a tensor.
const MAX_DIMENSIONS: u64 = 4;
/// Layers, and the size of a vector, that the description of a model may ask for: the engine reserves memory for them unseen.
const LIMITS: [(&str, usize); 6] = [
    ("dim-emb", 1 << 16),
    ("transformer-heads", 1 << 10),
    ("enc-depth", 64),
    ("dec-depth", 64),
    ("transformer-dim-ffn", 1 << 18),
    ("dim-vocabs", 1 << 24),
];
/// Fewer tensors than any model has.
const MIN_TENSORS: usize = 8;

/// Says what is wrong with a model's weights, if the engine must not read them.
pub(super) fn check(bytes: &[u8]) -> Result<(), &'static str> {
    let mut reader = Reader { rest: bytes };
    if reader.number()? != VERSION {
        return Err("it is not a model of Firefox Translations (version 1 of Marian's binary format)");
    }
    let count = reader.number()?;
    if count > MAX_ITEMS {
        return Err("it lists more tensors than any model has");
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let [name, kind, dimensions, data] = [reader.number()?, reader.number()?, reader.number()?, reader.number()?];
        if name > MAX_NAME || dimensions > MAX_DIMENSIONS || data > bytes.len() as u64 {
            return Err("a tensor's size is beyond the file's end");
        }
        items.push((name, kind, dimensions, data));
    }
    let mut names = Vec::new();
    for (name, ..) in &items {
        let raw = reader.bytes(*name)?;
        names.push(raw.split(|byte| *byte == 0).next().unwrap_or_default());
    }
    for (at, (_, kind, dimensions, data)) in items.iter().enumerate() {
        let mut elements: u64 = 1;
        for _ in 0..*dimensions {
            let dimension = u64::try_from(reader.integer()?).map_err(|_| "a tensor has a negative size")?;
            elements = elements
                .checked_mul(dimension)
                .filter(|all| *all <= bytes.len() as u64)
                .ok_or("a tensor is larger than the file")?;
        }
        // The low byte is a value's size; one of one byte is followed by the number that it is multiplied with.
        let size = kind & 0xFF;
        let needed = elements * size.max(1) + if size == 1 && !names[at].starts_with(b"special:") { 4 } else { 0 };
        if needed > *data {
            return Err("a tensor has less data than its size says");
        }
    }
    if items.len() < MIN_TENSORS {
        return Err("it has too few tensors for a model");
    }
    let padding = reader.number()?;
    reader.bytes(padding)?;
    for ((.., data), name) in items.iter().zip(names) {
        let data = reader.bytes(*data)?;
        if name == b"special:model.yml" {
            described(&String::from_utf8_lossy(data))?;
        }
    }
    Ok(())
}

/// Checks the sizes in a model's description; the engine takes the first number of each name.
fn described(description: &str) -> Result<(), &'static str> {
    let is_within = |line: &str| {
        let (name, value) = line.trim().split_once(':').unwrap_or_default();
        let limit = LIMITS.iter().find(|(limited, _)| name.trim() == *limited);
        limit.is_none_or(|(_, limit)| value.trim().parse::<usize>().ok().is_none_or(|value| value <= *limit))
    };
    if description.lines().all(is_within) { Ok(()) } else { Err("its description has larger sizes than any model") }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: u64) -> Result<&'a [u8], &'static str> {
        let count = usize::try_from(count).ok().filter(|count| *count <= self.rest.len());
        let (taken, rest) = self.rest.split_at(count.ok_or("it is truncated")?);
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        Ok(u64::from_le_bytes(self.bytes(8)?.try_into().unwrap_or_default()))
    }

    fn integer(&mut self) -> Result<i32, &'static str> {
        Ok(i32::from_le_bytes(self.bytes(4)?.try_into().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of ten tensors of two by two.
    fn model() -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut number = |value: u64| bytes.extend(value.to_le_bytes());
        [VERSION, 10].into_iter().for_each(&mut number);
        (0..10).flat_map(|_| [2, 0x4101, 2, 8]).for_each(&mut number);
        (0..10).for_each(|_| bytes.extend(b"W\0"));
        (0..20).for_each(|_| bytes.extend(2i32.to_le_bytes()));
        bytes.extend(0u64.to_le_bytes());
        bytes.extend([7; 80]);
        bytes
    }

    #[test]
    fn a_truncated_or_foreign_file_is_refused_in_a_sentence() {
        let whole = model();
        assert_eq!(check(&whole), Ok(()));
        for length in 0..whole.len() {
            assert!(check(&whole[..length]).is_err(), "{length}");
        }
        assert!(check(b"GIF89a and so on").is_err() && check(&[0xFF; 4096]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_change_of_a_file_makes_it_larger_than_it_is(changes in proptest::collection::vec((0usize..600, 0u8..), 1..8)) {
            let mut bytes = model();
            for (at, value) in changes {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            let _ = check(&bytes);
        }
    }
}
