//! What is sent often: compressed once, when somebody first asks for it so.

use std::{io::Write as _, sync::OnceLock};

use axum::body::Bytes;
use brotli::enc::BrotliEncoderParams;

/// The best trade of size for time on JSON and HTML of this size; it is paid once per content.
const BROTLI_QUALITY: i32 = 5;
/// The logarithm of how far back repetitions are found: with more, small contents take half as long
/// again, and large ones are not smaller.
const BROTLI_WINDOW: i32 = 18;
const NO_MEMORY_FAILS: &str = "memory takes whatever is written to it";

/// The same content in the encodings that clients take.
pub struct Encoded {
    plain: Bytes,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl Encoded {
    pub fn new(plain: Vec<u8>) -> Self {
        Self {
            plain: plain.into(),
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    pub const fn plain(&self) -> &Bytes {
        &self.plain
    }

    pub fn brotli(&self) -> &Bytes {
        self.brotli.get_or_init(|| {
            let mut bytes = Vec::with_capacity(self.plain.len() / 4);
            let parameters = BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                lgwin: BROTLI_WINDOW,
                size_hint: self.plain.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*self.plain, &mut bytes, &parameters)
                .expect(NO_MEMORY_FAILS);
            bytes.into()
        })
    }

    pub fn gzip(&self) -> &Bytes {
        self.gzip.get_or_init(|| {
            let level = flate2::Compression::default();
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
            gzip.write_all(&self.plain).expect(NO_MEMORY_FAILS);
            gzip.finish().expect(NO_MEMORY_FAILS).into()
        })
    }

    /// The memory that it takes, about, with what may be made of it later.
    pub fn bytes(&self) -> usize {
        self.plain.len() + self.plain.len() / 3
    }
}
