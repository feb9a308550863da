//! The command line: arguments in, text out.
//! Above: `main`. Below: `app`.
//! Invariant: holds no rule of its own; what a command does is done by `app`, what it shows is made in `render`.

pub mod failure;
pub mod output;
pub mod records;
pub mod render;
pub mod style;
pub mod table;
mod words;
