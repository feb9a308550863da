//! What was written to a simulation, kept beside the sensor's state: the next command finds the same cloud.
//! Above: `mock_host`. Below: a file of lines that only the simulation reads.
//! Invariant: a line is whole or it is not there; a write is answered only after its line was written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// The file of one scenario. It comes to be with the first line.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: Option<File>,
}

impl Journal {
    /// The journal at a path, and its lines so far. What a killed process left of a line is taken away.
    pub(super) fn open(path: PathBuf) -> io::Result<(Self, Vec<String>)> {
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            let file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(u64::try_from(whole).unwrap_or(0))?;
        }
        let lines = text.get(..whole).unwrap_or_default();
        let lines = lines.lines().map(str::to_owned).collect();
        Ok((Self { path, file: None }, lines))
    }

    /// Adds lines, each of them or none of a lost rest.
    pub(super) fn append(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            slot => slot.insert(create(&self.path)?),
        };
        let mut text = lines.join("\n");
        text.push('\n');
        file.write_all(text.as_bytes())
    }
}

fn create(path: &std::path::Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::Journal;

    #[test]
    fn half_a_line_was_never_written() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("mock").join("a.jsonl");
        let (mut journal, none) = Journal::open(path.clone()).unwrap();
        assert!(none.is_empty() && !path.exists());
        journal.append(&[]).unwrap();
        assert!(!path.exists(), "nothing was written");
        let lines = ["one".to_owned(), "two".to_owned()];
        journal.append(&lines).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}thr")).unwrap();
        let (mut journal, found) = Journal::open(path.clone()).unwrap();
        assert_eq!(found, lines);
        journal.append(&["three".to_owned()]).unwrap();
        assert_eq!(Journal::open(path).unwrap().1.len(), 3);
    }
}
