//! The events' archive: every event the bus accepted, one a line, in the order of acceptance.
//!
//! It is the bus's memory. Whoever listens reads from here and waits for the end to move on, so that nobody can be
//! too slow, miss an event or get one twice.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How many lines lie between two places that are remembered, so that reading from the middle need not begin at the
/// beginning.
const LINES_BETWEEN_MARKS: u64 = 512;

/// How far the archive goes: everything before is complete and never changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct End {
    /// How many lines there are. The last one's number, as they are counted from 1.
    pub(crate) lines: u64,
    bytes: u64,
}

struct Writer {
    file: File,
    end: End,
    /// Where line 1, 1 + [`LINES_BETWEEN_MARKS`] and so on begin, in bytes.
    marks: Vec<u64>,
}

/// An append-only file of lines.
pub(crate) struct Archive {
    path: PathBuf,
    writer: Mutex<Writer>,
    end: watch::Sender<End>,
}

impl Archive {
    /// Opens the archive, making it when it is not there. A last line that was torn by the end of a process is cut
    /// off: it was never confirmed, so it comes again.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut writer = Writer { file, end: End::default(), marks: Vec::new() };
        let mut reader = BufReader::new(writer.file.try_clone()?);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            writer.count(&line);
            line.clear();
        }
        writer.file.set_len(writer.end.bytes)?;
        let (end, _) = watch::channel(writer.end);
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), end })
    }

    /// Appends lines, which hold no line feed. Whoever waits for the end sees them all at once.
    ///
    /// Returns the number of the first of them. They are in the hands of the operating system, so that they survive
    /// the end of this process; a failure of the machine may take them.
    pub(crate) fn append(&self, lines: &[String]) -> io::Result<u64> {
        let mut writer = self.writer();
        let first = writer.end.lines + 1;
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let from = writer.end.bytes;
        writer.file.seek(SeekFrom::Start(from))?;
        if let Err(error) = writer.file.write_all(text.as_bytes()) {
            // What was written of it is beyond the end, where nobody reads and the next append begins.
            writer.file.set_len(from)?;
            return Err(error);
        }
        for line in text.split_inclusive('\n') {
            writer.count(line.as_bytes());
        }
        self.end.send_replace(writer.end);
        Ok(first)
    }

    /// The end, now and whenever it moves on.
    pub(crate) fn watch(&self) -> watch::Receiver<End> {
        self.end.subscribe()
    }

    /// Reads what follows line number `after`.
    pub(crate) fn read_after(&self, after: u64) -> io::Result<ArchiveReader> {
        let (mark, offset) = {
            let writer = self.writer();
            let wanted = after.min(writer.end.lines) / LINES_BETWEEN_MARKS;
            let marks = usize::try_from(wanted).ok().and_then(|at| Some((wanted, *writer.marks.get(at)?)));
            marks.map_or((0, 0), |(wanted, offset)| (wanted * LINES_BETWEEN_MARKS, offset))
        };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(ArchiveReader { reader: BufReader::new(file), read: End { lines: mark, bytes: offset }, after })
    }

    /// A writer that panicked left the end where the last complete append had put it.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl Archive {
    /// Whether appending fails from now on, as it does when the disk is full.
    pub(crate) fn fails(&self, fails: bool) {
        self.writer().file = OpenOptions::new().read(true).write(!fails).open(&self.path).unwrap();
    }
}

impl Writer {
    /// Takes a complete line, line feed included, into account.
    fn count(&mut self, line: &[u8]) {
        if self.end.lines.is_multiple_of(LINES_BETWEEN_MARKS) {
            self.marks.push(self.end.bytes);
        }
        self.end.lines += 1;
        self.end.bytes += u64::try_from(line.len()).unwrap_or(u64::MAX);
    }
}

/// One reader's place in the archive.
pub(crate) struct ArchiveReader {
    reader: BufReader<File>,
    read: End,
    after: u64,
}

impl ArchiveReader {
    /// The next lines with their numbers, none beyond `end`: as many as fit into `bytes_max`, but at least one when
    /// there is one.
    pub(crate) fn next_lines(&mut self, end: End, bytes_max: usize) -> io::Result<Vec<(u64, String)>> {
        let mut lines = Vec::new();
        let mut bytes = 0;
        while self.read.lines < end.lines && bytes < bytes_max {
            let mut line = String::new();
            let left = end.bytes.saturating_sub(self.read.bytes);
            let length = self.reader.by_ref().take(left).read_line(&mut line)?;
            if length == 0 {
                break;
            }
            self.read.lines += 1;
            self.read.bytes += u64::try_from(length).unwrap_or(u64::MAX);
            if self.read.lines > self.after {
                bytes += length;
                line.truncate(line.trim_end_matches('\n').len());
                lines.push((self.read.lines, line));
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_after(archive: &Archive, after: u64) -> Vec<(u64, String)> {
        let end = *archive.watch().borrow();
        archive.read_after(after).unwrap().next_lines(end, usize::MAX).unwrap()
    }

    fn numbered(numbers: std::ops::RangeInclusive<u64>) -> Vec<(u64, String)> {
        numbers.map(|number| (number, format!("line {number}"))).collect()
    }

    fn append(archive: &Archive, numbers: std::ops::RangeInclusive<u64>) -> u64 {
        let lines: Vec<String> = numbered(numbers).into_iter().map(|(_, line)| line).collect();
        archive.append(&lines).unwrap()
    }

    #[test]
    fn reading_begins_after_any_line_before_and_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let archive = Archive::open(&path).unwrap();
        assert_eq!(append(&archive, 1..=600), 1);
        assert_eq!(append(&archive, 601..=1300), 601);
        let reopened = Archive::open(&path).unwrap();
        for archive in [archive, reopened] {
            for after in [0, 1, 511, 512, 513, 1024, 1299] {
                assert_eq!(all_after(&archive, after), numbered(after + 1..=1300), "after {after}");
            }
            assert_eq!(all_after(&archive, 1300), []);
            assert_eq!(all_after(&archive, 9999), []);
        }
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, "line 1\nline 2\nline 3, and more than will follow").unwrap();
        let archive = Archive::open(&path).unwrap();
        assert_eq!(all_after(&archive, 0), numbered(1..=2));
        assert_eq!(append(&archive, 3..=3), 3);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "line 1\nline 2\nline 3\n");
    }

    #[test]
    fn a_reader_sees_nothing_beyond_the_end_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(&folder.path().join("events.jsonl")).unwrap();
        append(&archive, 1..=2);
        let end = *archive.watch().borrow();
        append(&archive, 3..=4);
        let mut reader = archive.read_after(0).unwrap();
        assert_eq!(reader.next_lines(end, 1).unwrap(), numbered(1..=1), "bounded by size");
        assert_eq!(reader.next_lines(end, usize::MAX).unwrap(), numbered(2..=2));
        let end = *archive.watch().borrow();
        assert_eq!(reader.next_lines(end, usize::MAX).unwrap(), numbered(3..=4));
    }
}
