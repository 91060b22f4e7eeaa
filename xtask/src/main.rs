//! The workspace's own commands: `cargo xtask pgo` and `cargo xtask ci`.

fn main() -> std::process::ExitCode {
    honing::xtask()
}
