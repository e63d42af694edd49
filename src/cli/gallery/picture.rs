//! Pictures for documents: a page is black on white, so one byte a point is enough, pressed as hard as PNG can.

use std::io::Cursor;

/// A PNG with colours as one in shades of grey; one that has real colours stays as it is.
pub(super) fn in_grey(png: &[u8]) -> Result<Vec<u8>, String> {
    let failed = |error: png::DecodingError| error.to_string();
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().map_err(failed)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or("a picture that is too large")?];
    let frame = reader.next_frame(&mut pixels).map_err(failed)?;
    let step = frame.color_type.samples();
    let is_grey = |pixel: &[u8]| pixel.len() > 3 && pixel[0] == pixel[1] && pixel[1] == pixel[2] && pixel[3] == 255;
    if frame.bit_depth != png::BitDepth::Eight || !pixels.chunks_exact(step).all(is_grey) {
        return Ok(png.to_vec());
    }
    let grey: Vec<u8> = pixels.chunks_exact(step).map(|pixel| pixel[0]).collect();
    let mut small = Vec::new();
    let mut encoder = png::Encoder::new(&mut small, frame.width, frame.height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&grey));
    written.map_err(|error| error.to_string())?;
    Ok(small)
}
