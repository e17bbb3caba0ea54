//! Links the cdylib as a Node-API addon on every platform (macOS wants undefined symbols looked up at load time).

fn main() {
    let is_wasm = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32");
    if std::env::var_os("CARGO_FEATURE_NODE").is_some() && !is_wasm {
        napi_build::setup();
    }
}
