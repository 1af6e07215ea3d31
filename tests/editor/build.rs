//! Lets rustc compile the code generated for rust-analyzer.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(rust_analyzer)");
    println!("cargo::rustc-cfg=rust_analyzer");
    println!("cargo::rerun-if-changed=build.rs");
}
