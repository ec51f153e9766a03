//! `picket-portal`.

fn main() -> std::process::ExitCode {
    picket_portal::cli::main()
}
