//! A model of Marian's binary format that the engine can compute, of one layer and four words: what a real one has, without its
//! 17 megabytes. Used where thousands of models are changed and loaded. Pure.

const ROWS: usize = 32;
const WORDS: [&str; 4] = ["</s>", "<unk>", "\u{2581}A", "\u{2581}casa"];
const FLOAT: u64 = 0x404;
const INTGEMM8: u64 = 0x4101;

struct Tensor {
    name: String,
    kind: u64,
    shape: [i32; 2],
    data: Vec<u8>,
}

fn numbers(name: String, count: usize, value: f32) -> Tensor {
    let data = (0..count).flat_map(|_| value.to_le_bytes()).collect();
    Tensor { name, kind: FLOAT, shape: [1, i32::try_from(count).unwrap_or(0)], data }
}

/// A matrix of bytes, and what its bytes and those of its input are multiplied with.
fn matrix(name: &str, shape: [usize; 2], multiplier: &str) -> [Tensor; 2] {
    let bytes = (0..shape[0] * shape[1]).map(|at| u8::try_from(at * 7 % 251).unwrap_or(0));
    let data = bytes.chain(50f32.to_le_bytes()).collect();
    let shape = shape.map(|size| i32::try_from(size).unwrap_or(0));
    let weights = Tensor { name: name.to_owned(), kind: INTGEMM8, shape, data };
    [weights, numbers(format!("{multiplier}_QuantMultA"), 1, 20.0)]
}

fn tensors() -> Vec<Tensor> {
    let yaml = b"dim-emb: 32\ntransformer-heads: 4\nenc-depth: 1\ndec-depth: 1\ntransformer-dim-ffn: 32\n".to_vec();
    let length = i32::try_from(yaml.len()).unwrap_or(0);
    let mut all = vec![Tensor { name: "special:model.yml".to_owned(), kind: 0x101, shape: [1, length], data: yaml }];
    all.extend(matrix("Wemb", [WORDS.len(), ROWS], "none"));
    all.push(numbers("decoder_ff_logit_out_b".to_owned(), WORDS.len(), 0.1));
    let mut square = |name: String, bias: Option<String>| {
        all.extend(matrix(&name, [ROWS, ROWS], &name));
        all.extend(bias.map(|bias| numbers(bias, ROWS, 0.0)));
    };
    for prefix in ["encoder_l1_self", "decoder_l1_context"] {
        for one in ["q", "k", "v", "o"] {
            square(format!("{prefix}_W{one}"), Some(format!("{prefix}_b{one}")));
        }
    }
    for prefix in ["encoder_l1_ffn", "decoder_l1_ffn"] {
        for one in ["1", "2"] {
            square(format!("{prefix}_W{one}"), Some(format!("{prefix}_b{one}")));
        }
    }
    square("decoder_l1_rnn_W".to_owned(), None);
    square("decoder_l1_rnn_Wf".to_owned(), Some("decoder_l1_rnn_bf".to_owned()));
    for base in [
        "encoder_l1_self_Wo",
        "decoder_l1_context_Wo",
        "encoder_l1_ffn_ffn",
        "decoder_l1_ffn_ffn",
        "decoder_l1_rnn_ffn",
    ] {
        all.push(numbers(format!("{base}_ln_scale"), ROWS, 1.0));
        all.push(numbers(format!("{base}_ln_bias"), ROWS, 0.0));
    }
    all
}

/// The weights.
pub(crate) fn weights() -> Vec<u8> {
    let tensors = tensors();
    let mut bytes = Vec::new();
    let mut number = |value: usize| bytes.extend((value as u64).to_le_bytes());
    [1, tensors.len()].into_iter().for_each(&mut number);
    for Tensor { name, kind, shape, data } in &tensors {
        [name.len() + 1, usize::try_from(*kind).unwrap_or(0), shape.len(), data.len()]
            .into_iter()
            .for_each(&mut number);
    }
    for Tensor { name, .. } in &tensors {
        bytes.extend(name.bytes().chain([0]));
    }
    for Tensor { shape, .. } in &tensors {
        bytes.extend(shape.iter().flat_map(|size| size.to_le_bytes()));
    }
    bytes.extend(0u64.to_le_bytes());
    for Tensor { data, .. } in &tensors {
        bytes.extend(data);
    }
    bytes
}

/// The vocabulary: SentencePiece's protobuf with nothing but pieces.
pub(crate) fn words() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, word) in WORDS.iter().enumerate() {
        let kind = [3, 2, 1, 1][at];
        let mut piece = vec![0x0A, u8::try_from(word.len()).unwrap_or(0)];
        piece.extend(word.bytes().chain([0x15]).chain((-1f32).to_le_bytes()).chain([0x18, kind]));
        bytes.extend([0x0A, u8::try_from(piece.len()).unwrap_or(0)]);
        bytes.extend(piece);
    }
    bytes
}
