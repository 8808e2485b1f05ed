//! What is sent often: compressed once, in the encodings that clients take.

use std::io::Write as _;

use anyhow::Result;
use axum::body::Bytes;

/// The best trade of size for time on JSON and HTML of this size; it is paid once per content.
const BROTLI_QUALITY: i32 = 5;

/// The same content three times.
pub struct Encoded {
    pub plain: Bytes,
    pub brotli: Bytes,
    pub gzip: Bytes,
}

impl Encoded {
    /// # Errors
    /// Where it cannot be compressed.
    pub fn new(plain: Vec<u8>) -> Result<Self> {
        let mut brotli = Vec::with_capacity(plain.len() / 4);
        let parameters = brotli::enc::BrotliEncoderParams {
            quality: BROTLI_QUALITY,
            ..Default::default()
        };
        brotli::BrotliCompress(&mut plain.as_slice(), &mut brotli, &parameters)?;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&plain)?;
        Ok(Self {
            plain: plain.into(),
            brotli: brotli.into(),
            gzip: gzip.finish()?.into(),
        })
    }

    /// The memory that it takes.
    pub fn bytes(&self) -> usize {
        self.plain.len() + self.brotli.len() + self.gzip.len()
    }
}
