//! The events' archive: every event the bus accepted, one per row, in the order of acceptance, in a `SQLite` file.
//!
//! It is the bus's memory. A listener reads from it and waits at its end for more, so it may be slow, misses no event
//! and gets none twice.

use rusqlite::{Connection, OpenFlags, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

use crate::folder::{DataFolder, FolderError, make_private};

/// A commit is in the operating system's cache: it survives the end of this process. A failure of the machine can lose
/// the last events but does not corrupt the file.
const LAYOUT: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
     CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, line TEXT NOT NULL)";

/// An append-only file of lines, numbered from 1.
pub(crate) struct Archive {
    path: PathBuf,
    writer: Mutex<Connection>,
    end: watch::Sender<u64>,
}

impl Archive {
    /// The archive of a data folder.
    pub(crate) fn of(folder: &DataFolder) -> std::result::Result<Arc<Self>, FolderError> {
        let path = folder.events();
        make_private(&path)?;
        let archive = Self::open(&path).map_err(io::Error::other);
        Ok(Arc::new(archive.map_err(FolderError::at(&path))?))
    }

    /// Opens the archive, making it when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let writer = Connection::open(path)?;
        writer.execute_batch(LAYOUT)?;
        let last: i64 = writer.query_row("SELECT coalesce(max(number), 0) FROM events", [], |row| row.get(0))?;
        let (end, _) = watch::channel(last.unsigned_abs());
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), end })
    }

    /// Appends lines, all or none. A listener that waits for the end sees them all at once.
    ///
    /// Returns the number of the first of them.
    pub(crate) fn append(&self, lines: &[String]) -> Result<u64> {
        let mut writer = self.writer();
        let before = *self.end.borrow();
        let appending = writer.transaction()?;
        let mut end = before;
        for line in lines {
            end += 1;
            appending
                .prepare_cached("INSERT INTO events (number, line) VALUES (?1, ?2)")?
                .execute((as_stored(end), line))?;
        }
        appending.commit()?;
        self.end.send_replace(end);
        Ok(before + 1)
    }

    /// The number of the last line, now and whenever there are more.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    /// Reads what follows line number `after`.
    pub(crate) fn read_after(&self, after: u64) -> Result<ArchiveReader> {
        Ok(ArchiveReader { connection: Connection::open(&self.path)?, after })
    }

    /// A writer that panicked has appended nothing.
    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader's place in the archive.
pub(crate) struct ArchiveReader {
    connection: Connection,
    after: u64,
}

impl ArchiveReader {
    /// The next lines with their numbers, none beyond `end`: as many as fit into `bytes_max`, but at least one when
    /// there is one.
    pub(crate) fn next_lines(&mut self, end: u64, bytes_max: usize) -> Result<Vec<(u64, String)>> {
        let read = "SELECT number, line FROM events WHERE number > ?1 AND number <= ?2 ORDER BY number";
        let mut read = self.connection.prepare_cached(read)?;
        let mut rows = read.query((as_stored(self.after), as_stored(end)))?;
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while bytes < bytes_max
            && let Some(row) = rows.next()?
        {
            let (number, line): (i64, String) = row.try_into()?;
            self.after = number.unsigned_abs();
            bytes += line.len();
            lines.push((self.after, line));
        }
        Ok(lines)
    }
}

/// `SQLite` counts with a sign. No line has a number beyond.
fn as_stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Every event in the archive at this path, also of a server that runs or was killed.
///
/// # Errors
/// When there is no such archive.
pub fn archived_events(path: &Path) -> Result<Vec<String>> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut read = connection.prepare("SELECT line FROM events ORDER BY number")?;
    read.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
impl Archive {
    /// Whether appending fails from now on, as it does when the disk is full.
    pub(crate) fn fails(&self, fails: bool) {
        self.writer().pragma_update(None, "query_only", fails).unwrap();
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
        let path = folder.path().join("events.sqlite");
        let archive = Archive::open(&path).unwrap();
        assert_eq!(append(&archive, 1..=600), 1);
        assert_eq!(append(&archive, 601..=1300), 601);
        let reopened = Archive::open(&path).unwrap();
        for archive in [archive, reopened] {
            for after in [0, 1, 511, 512, 513, 1024, 1299] {
                assert_eq!(all_after(&archive, after), numbered(after + 1..=1300), "after {after}");
            }
            for beyond in [1300, 9999, u64::MAX] {
                assert_eq!(all_after(&archive, beyond), []);
            }
        }
    }

    /// The files of a process that was killed while it wrote: unchanged, except that the last one is cut at any point.
    #[test]
    fn a_torn_append_is_gone_whole_and_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.sqlite");
        let archive = Archive::open(&path).unwrap();
        append(&archive, 1..=2);
        let wal = |path: &Path| path.with_file_name("events.sqlite-wal");
        let whole = std::fs::metadata(wal(&path)).unwrap().len();
        append(&archive, 3..=4);
        let torn = std::fs::metadata(wal(&path)).unwrap().len();
        for length in [whole, whole + 1, (whole + torn) / 2, torn - 1] {
            let left = tempfile::tempdir().unwrap();
            let copy = left.path().join("events.sqlite");
            std::fs::copy(&path, &copy).unwrap();
            std::fs::copy(wal(&path), wal(&copy)).unwrap();
            std::fs::OpenOptions::new().write(true).open(wal(&copy)).unwrap().set_len(length).unwrap();
            let reopened = Archive::open(&copy).unwrap();
            assert_eq!(all_after(&reopened, 0), numbered(1..=2), "{length} of {torn} bytes");
            assert_eq!(append(&reopened, 3..=4), 3);
            assert_eq!(all_after(&reopened, 0), numbered(1..=4), "{length} of {torn} bytes");
        }
    }

    #[test]
    fn a_reader_sees_nothing_beyond_the_end_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(&folder.path().join("events.sqlite")).unwrap();
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
