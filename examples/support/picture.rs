//! Small pictures: enlarging, rotating, and printing in characters.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

/// Interpolates the grey value of a square image bilinearly; integers are the centres of pixels, and outside of the
/// image is paper, 0.
pub fn grey(image: &[f32], side: usize, row: f32, column: f32) -> f32 {
    let pixel = |row: f32, column: f32| {
        let inside = |at: f32| (at >= 0.0 && at < side as f32).then_some(at as usize);
        match (inside(row), inside(column)) {
            (Some(row), Some(column)) => image.get(row * side + column).copied().unwrap_or(0.0),
            _ => 0.0,
        }
    };
    let (top, left) = (row.floor(), column.floor());
    let (down, right) = (row - top, column - left);
    let upper = pixel(top, left) * (1.0 - right) + pixel(top, left + 1.0) * right;
    let lower = pixel(top + 1.0, left) * (1.0 - right) + pixel(top + 1.0, left + 1.0) * right;
    upper * (1.0 - down) + lower * down
}

/// Scales a square image bilinearly.
pub fn scaled(image: &[f32], side: usize, to: usize) -> Vec<f32> {
    let scale = side as f32 / to as f32;
    let place = |at: usize| (at as f32 + 0.5) * scale - 0.5;
    (0..to * to).map(|at| grey(image, side, place(at / to), place(at % to))).collect()
}

/// Prints square images side by side in characters. A character is twice as high as wide, so two rows of pixels are
/// one line.
pub fn draw(images: &[&[f32]], side: usize) -> String {
    let mut text = String::new();
    for row in (0..side).step_by(2) {
        for image in images {
            text.push_str("  ");
            for column in 0..side {
                let at = |row: usize| image.get(row * side + column).copied().unwrap_or(0.0);
                let grey = (at(row) + at((row + 1).min(side - 1))) / 2.0;
                text.push([' ', '.', ':', 'o', 'O', '#'][(grey.clamp(0.0, 1.0) * 5.0).round() as usize]);
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}
