//! The engine for WebAssembly: the same core, driven by JavaScript (`lib/portable`), where no addon loads. It imports nothing.

mod engine;
#[cfg(target_arch = "wasm32")]
mod exports;
mod path;
#[cfg(test)]
mod tests;
