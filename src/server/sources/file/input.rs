//! Opens a file or standard input, decompresses gzip, and counts the bytes read.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result, anyhow, bail};
use flate2::bufread::MultiGzDecoder;

const BLOCK: usize = 1 << 16;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The path that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

pub struct Input {
    pub reader: Box<dyn BufRead + Send>,
    pub gzip: bool,
}

/// The name of a file in messages.
pub fn name(path: &Path) -> String {
    if path.as_os_str() == STANDARD_INPUT {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Checks that a file is readable before any other is imported. Returns its size if it has one.
///
/// # Errors
/// The file and the reason.
pub fn check(path: &Path) -> Result<Option<u64>> {
    if path.as_os_str() == STANDARD_INPUT {
        return Ok(None);
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let metadata = file
        .metadata()
        .with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.is_dir() {
        bail!("cannot read {}: it is a directory", path.display());
    }
    Ok(metadata.is_file().then_some(metadata.len()))
}

/// Opens a file; `bytes` counts the bytes read from it, before decompression.
pub fn open(path: &Path, bytes: &Arc<AtomicU64>) -> io::Result<Input> {
    let file: Box<dyn Read + Send> = if path.as_os_str() == STANDARD_INPUT {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    let counted = Counted {
        file,
        bytes: Arc::clone(bytes),
    };
    Input::of(counted)
}

/// Reads a whole file, plain or gzip, of at most this size.
///
/// # Errors
/// The file, and the reason why it cannot be read.
pub fn read_text(path: &Path, max: u64) -> Result<String> {
    check(path)?;
    let cannot_read = || format!("cannot read {}", name(path));
    let input = open(path, &Arc::default()).with_context(cannot_read)?;
    let mut bytes = Vec::new();
    let mut reader = input.reader.take(max + 1);
    reader.read_to_end(&mut bytes).with_context(cannot_read)?;
    if bytes.len() as u64 > max {
        let reason = anyhow!("it is larger than {} MiB", max >> 20);
        return Err(reason).with_context(cannot_read);
    }
    let text = String::from_utf8(bytes).map_err(|_| anyhow!("it is not UTF-8"));
    let text = text.with_context(cannot_read)?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

impl Input {
    /// Reads data, which may be compressed.
    pub fn of(data: impl Read + Send + 'static) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(BLOCK, data);
        let mut start = Vec::new();
        (&mut reader).take(2).read_to_end(&mut start)?;
        let gzip = start == GZIP;
        let whole = io::Cursor::new(start).chain(reader);
        Ok(Self {
            reader: if gzip {
                Box::new(BufReader::with_capacity(BLOCK, MultiGzDecoder::new(whole)))
            } else {
                Box::new(whole)
            },
            gzip,
        })
    }
}

struct Counted {
    file: Box<dyn Read + Send>,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
