//! How a model is computed on this processor. The engine's C++ kernel is compiled for one set of instructions; where the
//! processor lacks them, the weights are turned into floating-point numbers once, which the engine computes in Rust: the same
//! translations but for ties, several times slower, and with four times the memory. Pure.

use fxtranslate::{
    engine::Engine,
    model::{Bytes, Model, ModelItem},
    spm::SpmVocab,
    trace::DType,
    weights::Weights,
};

/// What computes the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// The engine's own, on the numbers in the files, which have one byte each.
    Compiled,
    /// The engine's Rust, on floating-point numbers: runs on every processor.
    Float,
}

impl Kernel {
    /// The fastest that runs on this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        let is_compiled = std::arch::is_x86_feature_detected!("avx2");
        #[cfg(target_arch = "aarch64")]
        let is_compiled = std::arch::is_aarch64_feature_detected!("i8mm");
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let is_compiled = true;
        if is_compiled { Self::Compiled } else { Self::Float }
    }

    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float => "float32",
            Self::Compiled if cfg!(target_arch = "x86_64") => "avx2",
            Self::Compiled if cfg!(target_arch = "aarch64") => "i8mm",
            Self::Compiled => "scalar",
        }
    }

    /// Memory of a loaded model, as a multiple of the size of its files.
    pub(crate) const fn bytes_per_file_byte(self) -> u64 {
        match self {
            // They are mapped, and its weights are stored once more in the order in which the processor reads them.
            Self::Compiled => 2,
            Self::Float => 5,
        }
    }

    /// An engine with a model and the vocabularies of both languages.
    pub(crate) fn engine(self, mut model: Model, source: SpmVocab, target: SpmVocab) -> Result<Engine, String> {
        if self == Self::Float {
            model.items.iter_mut().try_for_each(to_float)?;
        }
        Ok(Engine::new(Weights::new(model)?, source, target))
    }
}

/// Turns a matrix of bytes into one of numbers; embeddings stay, as the engine reads them either way.
fn to_float(item: &mut ModelItem) -> Result<(), String> {
    let &[rows, columns] = item.shape.as_slice() else { return Ok(()) };
    let (rows, columns) = (usize::try_from(rows).unwrap_or(0), usize::try_from(columns).unwrap_or(0));
    if item.dtype != DType::Intgemm8 || rows <= 1 || columns <= 1 || item.name.ends_with("Wemb") {
        return Ok(());
    }
    let scale = 1.0 / item.quant_mult().map_err(|error| error.to_string())?;
    // Stored as columns of rows; the engine reads numbers as rows of columns.
    let bytes = item.int8_transposed().map_err(|error| error.to_string())?;
    let at = |row: usize, column: usize| f32::from(bytes[column * rows + row]) * scale;
    let numbers = (0..rows).flat_map(|row| (0..columns).flat_map(move |column| at(row, column).to_le_bytes()));
    item.data = Bytes::Owned(numbers.collect());
    item.dtype = DType::Float32;
    Ok(())
}
