//! `honing`: the same commands as `cargo xtask pgo`, as a program of its own.

fn main() -> std::process::ExitCode {
    honing::main()
}
