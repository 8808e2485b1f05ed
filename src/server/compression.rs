//! Content that is sent often: compressed once per encoding, on first use.

use std::{io::Write as _, sync::OnceLock};

use axum::{body::Bytes, http::HeaderValue};
use brotli::enc::BrotliEncoderParams;

/// The trade-off between the time and the size of a compression.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// For content that a client waits for: a quarter of the time, a tenth more bytes.
    Fast,
    /// For large content, mostly compressed in advance.
    Small,
}

impl Level {
    /// The quality of brotli.
    const fn quality(self) -> i32 {
        match self {
            Self::Fast => 3,
            Self::Small => 5,
        }
    }

    /// The logarithm of the window for so many bytes: setting up a wider one takes longer than compressing
    /// small content.
    fn window(self, bytes: usize) -> i32 {
        // Brotli reserves 16 bytes.
        let bits = usize::BITS - (bytes + 16).leading_zeros();
        let narrowest = self.narrowest_window();
        bits.clamp(narrowest, WIDEST_WINDOW).cast_signed()
    }

    /// The logarithm of the narrowest window. From quality 5 on, the crate needs tens of megabytes for a
    /// narrower one.
    const fn narrowest_window(self) -> u32 {
        match self {
            Self::Fast => 10,
            Self::Small => 17,
        }
    }
}

/// The logarithm of the widest window: a wider one does not make large content smaller.
const WIDEST_WINDOW: u32 = 20;
const INFALLIBLE: &str = "writing to memory does not fail";

/// Content in the encodings that clients accept.
pub struct Encoded {
    /// Identifies the content.
    tag: String,
    level: Level,
    plain: Variant,
    brotli: OnceLock<Variant>,
    gzip: OnceLock<Variant>,
}

/// The content in one encoding.
pub struct Variant {
    pub bytes: Bytes,
    /// `None` for the plain content.
    pub encoding: Option<HeaderValue>,
    pub etag: HeaderValue,
}

impl Encoded {
    /// `tag` identifies the content, in characters allowed in a header.
    pub fn new(plain: Vec<u8>, tag: String, level: Level) -> Self {
        Self {
            plain: Variant::new(plain, None, &tag),
            tag,
            level,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    pub const fn plain(&self) -> &Variant {
        &self.plain
    }

    pub fn brotli(&self) -> &Variant {
        self.brotli.get_or_init(|| {
            let plain = &*self.plain.bytes;
            let mut bytes = Vec::with_capacity(plain.len() / 4);
            let parameters = BrotliEncoderParams {
                quality: self.level.quality(),
                lgwin: self.level.window(plain.len()),
                size_hint: plain.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*plain, &mut bytes, &parameters).expect(INFALLIBLE);
            Variant::new(bytes, Some("br"), &self.tag)
        })
    }

    pub fn gzip(&self) -> &Variant {
        self.gzip.get_or_init(|| {
            let gzip_level = flate2::Compression::default();
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), gzip_level);
            gzip.write_all(&self.plain.bytes).expect(INFALLIBLE);
            let bytes = gzip.finish().expect(INFALLIBLE);
            Variant::new(bytes, Some("gzip"), &self.tag)
        })
    }

    /// Compresses the content into the encodings that `like` was sent in.
    pub fn prepare(&self, like: &Self) {
        if like.brotli.get().is_some() {
            self.brotli();
        }
        if like.gzip.get().is_some() {
            self.gzip();
        }
    }

    /// The approximate memory use, including encodings that may be added later.
    pub fn bytes(&self) -> usize {
        let plain = self.plain.bytes.len();
        plain + plain / 3
    }
}

impl Variant {
    fn new(bytes: Vec<u8>, encoding: Option<&'static str>, tag: &str) -> Self {
        let etag = format!("\"{tag}-{}\"", encoding.unwrap_or("plain"));
        Self {
            bytes: bytes.into(),
            encoding: encoding.map(HeaderValue::from_static),
            etag: HeaderValue::try_from(etag).expect("tags consist of plain characters"),
        }
    }
}
