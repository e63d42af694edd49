//! The signature image of a request: base64, PNG, of a sane size.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::failure::{Finding, Severity};

const POINTER: &str = "/paper/signing/signature_image";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The largest picture in pixels: 4,000 × 4,000 decode to 64 MB.
const MOST_PIXELS: u64 = 16_000_000;

/// The picture's bytes, if the request has one.
pub fn image(request: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(request.pointer(POINTER)?.as_str()?.trim()).ok()
}

/// Whether the picture can be used (Decree 30/2020, Annex I, II.7.d: PNG).
pub(super) fn check(request: &Value) -> Option<Finding> {
    let text = request.pointer(POINTER)?.as_str()?;
    let size = STANDARD.decode(text.trim()).ok().and_then(|bytes| png_size(&bytes));
    match size {
        Some((width, height)) if width > 0 && height > 0 && width * height <= MOST_PIXELS => None,
        Some(_) | None => Some(
            Finding::new(
                "signature-image",
                Severity::Error,
                POINTER,
                "Ảnh chữ ký không phải PNG hợp lệ hoặc quá lớn.",
                "The signature image is not a PNG of an acceptable size.",
            )
            .expected("ảnh PNG mã hóa base64, nhiều nhất 16 triệu điểm ảnh")
            .law("Nghị định 30/2020/NĐ-CP, Phụ lục I, phần I, II.7.d"),
        ),
    }
}

/// Width and height from the header (PNG 1.2, 11.2.2).
fn png_size(bytes: &[u8]) -> Option<(u64, u64)> {
    let header = bytes.strip_prefix(PNG)?;
    let number = |at: usize| Some(u64::from(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?)));
    (header.get(4..8)? == b"IHDR").then_some((number(8)?, number(12)?))
}
