//! The instructions with which models are computed: the engine is compiled for one set of them. Pure.

/// The instructions that the models are computed with.
pub const KERNEL: &str = if cfg!(target_arch = "x86_64") {
    "avx2"
} else if cfg!(target_arch = "aarch64") {
    "i8mm"
} else {
    "scalar"
};

/// Whether this processor has the instructions that the models are computed with.
pub fn has_kernel() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("i8mm");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    true
}
