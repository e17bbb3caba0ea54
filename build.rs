//! Links the cdylib as a Node-API addon on every platform (macOS wants undefined symbols looked up at load time).

fn main() {
    if std::env::var_os("CARGO_FEATURE_NODE").is_some() {
        napi_build::setup();
    }
}
