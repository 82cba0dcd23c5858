//! Power cuts for a redis-server: what its files held for sure is what stays.
//!
//! `power.c` is compiled when a test needs it and preloaded into the server, where it notes of every file how long it was when its last
//! sync began. Linux only, with a C compiler; where either is missing there are no power cuts, and that is said aloud.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use intake::base::clock::Clock;
use tempfile::TempDir;

const SOURCE: &str = include_str!("power.c");
/// Bytes of a row of the table: inode and length.
const ROW: usize = 16;
/// Rows of the table, as in `power.c`.
const ROWS: usize = 4_096;

/// What notes the syncs of one server, and can cut its power.
pub struct Power {
    dir: TempDir,
}

/// What a cut took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cut {
    /// Bytes that were written and are gone.
    pub bytes: u64,
    /// Bytes that were not synced and stayed all the same, by chance.
    pub spared: u64,
}

impl Power {
    /// Compiles the library; `None` where that cannot be done here.
    pub fn new() -> Option<Self> {
        if !cfg!(target_os = "linux") {
            println!("no power cuts here: they need Linux");
            return None;
        }
        let dir = TempDir::new().expect("a temporary folder can be made");
        let source = dir.path().join("power.c");
        fs::write(&source, SOURCE).expect("the source can be written");
        let library = dir.path().join("power.so");
        match Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl").status() {
            Ok(status) if status.success() => Some(Self { dir }),
            Ok(status) => panic!("tests/support/power.c does not compile: {status}"),
            Err(error) => {
                println!("no power cuts here: they need a C compiler named `cc` ({error})");
                None
            }
        }
    }

    /// What the server's environment needs.
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.dir.path().join("power.so")), ("POWER_TABLE", self.table())]
    }

    fn table(&self) -> PathBuf {
        self.dir.path().join("table")
    }

    /// Cuts the files of a dead server back: half the time to what was synced, else to any length between that and the present one.
    pub fn cut(&self, data: &Path, dice: &Clock) -> Cut {
        let table = fs::read(self.table()).expect("the server noted its syncs");
        let synced = |inode: u64| {
            let rows = (0..ROWS).map(|n| (usize::try_from(inode).unwrap() + n) % ROWS * ROW);
            let row = rows.map(|at| (number(&table[at..]), number(&table[at + 8..]))).take_while(|row| row.0 != 0);
            row.into_iter().find(|row| row.0 == inode).map_or(0, |row| row.1)
        };
        let mut cut = Cut::default();
        let mut kept = vec![0; ROW * ROWS];
        for path in files(data).expect("the server's files can be listed") {
            let file = File::options().write(true).open(&path).expect("a file of the server can be opened");
            let meta = file.metadata().unwrap();
            let open = meta.len().saturating_sub(synced(meta.ino()));
            let spared = if dice.below(2) == 0 { 0 } else { dice.below(open + 1) };
            cut.bytes += open - spared;
            cut.spared += spared;
            let length = meta.len() - (open - spared);
            if open > spared {
                file.set_len(length).expect("a file of the server can be cut");
            }
            // After the cut all that is there is on the disc.
            note(&mut kept, meta.ino(), length);
        }
        fs::write(self.table(), kept).expect("the notes can be begun again");
        cut
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(bytes[..8].try_into().unwrap())
}

fn note(table: &mut [u8], inode: u64, length: u64) {
    let mut at = usize::try_from(inode).unwrap() % ROWS;
    while number(&table[at * ROW..]) != 0 {
        at = (at + 1) % ROWS;
    }
    table[at * ROW..at * ROW + 8].copy_from_slice(&inode.to_ne_bytes());
    table[at * ROW + 8..at * ROW + 16].copy_from_slice(&length.to_ne_bytes());
}

/// All files of a folder and of those in it.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
