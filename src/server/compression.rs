//! What is sent often: compressed once, when somebody first asks for it so.

use std::{io::Write as _, sync::OnceLock};

use axum::{body::Bytes, http::HeaderValue};
use brotli::enc::BrotliEncoderParams;

/// How long it may take to make content small: it is paid once.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// For what somebody waits for: a quarter of the time, for a tenth more bytes.
    Fast,
    /// For what is large, and mostly made before it is asked for.
    Small,
}

impl Level {
    /// Brotli's quality.
    const fn quality(self) -> i32 {
        match self {
            Self::Fast => 3,
            Self::Small => 5,
        }
    }

    /// The logarithm of a window for so many bytes: whatever is wider than they are is made ready in
    /// vain, which takes longer than to compress a small content.
    fn window(self, bytes: usize) -> i32 {
        // Brotli keeps 16 for itself.
        let bits = usize::BITS - (bytes + 16).leading_zeros();
        let narrowest = self.narrowest_window();
        bits.clamp(narrowest, WIDEST_WINDOW).cast_signed()
    }

    /// The logarithm of the narrowest window. From a quality of 5 on, the crate takes tens of megabytes for one
    /// that is narrower than this.
    const fn narrowest_window(self) -> u32 {
        match self {
            Self::Fast => 10,
            Self::Small => 17,
        }
    }
}

/// The logarithm of how far back repetitions are found: with more, large contents are not smaller.
const WIDEST_WINDOW: u32 = 18;
const NO_MEMORY_FAILS: &str = "memory takes whatever is written to it";

/// The same content in the encodings that clients take.
pub struct Encoded {
    /// What names the content.
    tag: String,
    effort: Level,
    plain: Variant,
    brotli: OnceLock<Variant>,
    gzip: OnceLock<Variant>,
}

/// The content in one encoding.
pub struct Variant {
    pub bytes: Bytes,
    /// None of the plain content.
    pub encoding: Option<HeaderValue>,
    pub etag: HeaderValue,
}

impl Encoded {
    /// `tag` names the content, in characters that a header may have.
    pub fn new(plain: Vec<u8>, tag: String, effort: Level) -> Self {
        Self {
            plain: Variant::new(plain, None, &tag),
            tag,
            effort,
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
                quality: self.effort.quality(),
                lgwin: self.effort.window(plain.len()),
                size_hint: plain.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*plain, &mut bytes, &parameters).expect(NO_MEMORY_FAILS);
            Variant::new(bytes, Some("br"), &self.tag)
        })
    }

    pub fn gzip(&self) -> &Variant {
        self.gzip.get_or_init(|| {
            let level = flate2::Compression::default();
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
            gzip.write_all(&self.plain.bytes).expect(NO_MEMORY_FAILS);
            let bytes = gzip.finish().expect(NO_MEMORY_FAILS);
            Variant::new(bytes, Some("gzip"), &self.tag)
        })
    }

    /// Compresses it as another content was sent.
    pub fn prepare(&self, like: &Self) {
        if like.brotli.get().is_some() {
            self.brotli();
        }
        if like.gzip.get().is_some() {
            self.gzip();
        }
    }

    /// The memory that it takes, about, with what may be made of it later.
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
            etag: HeaderValue::try_from(etag).expect("tags are of plain characters"),
        }
    }
}
