//! The program: hands over to the command line.
//! Above: nothing. Below: `cli`.
//! Invariant: holds no logic.

fn main() -> std::process::ExitCode {
    sensor::cli::main()
}
