//! Pixels of a picture.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::Picture;
use crate::error::Error;

/// DejaVu Sans with the letters of Latin, Greek and Cyrillic scripts; see `fonts/README.md`.
const FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");
/// The same, bold.
const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold-subset.ttf");

const MOST_PIXELS: f64 = 1e8;

/// The bytes of a PNG file.
pub(super) fn render(picture: &Picture, scale: f32) -> Result<Vec<u8>, Error> {
    let (width, height) = picture.size();
    let [wide, high] = [width, height].map(|length| (length * f64::from(scale)).ceil());
    // NaN fails, too.
    if !(wide >= 1.0 && high >= 1.0 && wide * high <= MOST_PIXELS) {
        return Err(Error::other(format!(
            "a picture of {wide} × {high} pixels cannot be made: at least 1 and at most 100 million are possible"
        )));
    }
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    let options =
        Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".into(), ..Options::default() };
    let tree = Tree::from_str(&picture.to_svg(), &options).map_err(Error::other)?;
    let Some(mut pixels) = Pixmap::new(wide as u32, high as u32) else {
        return Err(Error::Memory { values: wide as usize * high as usize });
    };
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(Error::other)
}
