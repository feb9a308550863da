//! A terminal for bars that leaves some columns free at its right edge.
//! Above: `output`. Below: console's terminal.
//! Invariant: what the terminal itself writes at Ctrl-C ("^C") stays on the bar's line and goes with it. On a line that
//! is full it would begin another, and the old bar would stay above it.

use console::Term;
use indicatif::TermLike;
use std::io;

/// For two Ctrl-C.
const FREE: u16 = 4;

#[derive(Debug)]
pub(super) struct ShortLines(Term);

impl ShortLines {
    /// On stderr.
    pub(super) fn new() -> Self {
        Self(Term::buffered_stderr())
    }
}

impl TermLike for ShortLines {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(FREE)
    }
    fn height(&self) -> u16 {
        self.0.size().0
    }
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }
    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }
    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }
    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }
    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }
    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
