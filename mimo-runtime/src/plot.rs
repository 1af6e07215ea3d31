//! Pictures: learning curves, confusion matrices, weights and gradients over time, the graph of a model. Feature `plot`; PNG needs
//! the feature `png`.
//!
//! Every picture is drawn once, as SVG; PNG is the same SVG in pixels. The font of PNG files is built in, so that they are the same on
//! every machine. It has the letters of Latin, Greek and Cyrillic scripts.

pub(crate) mod curves;
mod graph;
pub(crate) mod heat;
mod matrix;
#[cfg(feature = "png")]
mod png;
pub(crate) mod scale;
#[cfg(test)]
mod tests;

use std::path::Path;

pub(crate) use mimo_graph::picture::svg;

use crate::data::spec;
use crate::error::Error;
use crate::file::replace::replace;
use crate::history::History;
use crate::model::{Model, Trainable};

pub use heat::{Of, Statistic};
pub(crate) use matrix::confusion_matrix;

/// A picture, which is written as SVG or PNG.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    width: f64,
    height: f64,
    /// Name for screen readers.
    title: String,
    body: String,
}

impl Picture {
    fn new((width, height): (f64, f64), title: impl Into<String>, canvas: svg::Canvas) -> Self {
        Picture { width, height, title: title.into(), body: canvas.body }
    }

    /// Width and height in CSS pixels.
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    /// The text of an SVG file.
    pub fn to_svg(&self) -> String {
        let [width, height] = [self.width, self.height].map(svg::Number);
        let style = format!(
            "<style>{}</style>\n<rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n",
            svg::STYLE
        );
        self.svg(&format!(" width=\"{width}\" height=\"{height}\""), &style)
    }

    /// The element that a page contains, which outputs it its colours.
    #[cfg(feature = "report")]
    pub(crate) fn inline(&self) -> String {
        let width = svg::Number(self.width);
        // Of a picture that is wider than the page, the letters get smaller before it has to be scrolled.
        let least = svg::Number(self.width * 0.6);
        self.svg(&format!(" style=\"width:{width}px;min-width:{least}px\""), "")
    }

    fn svg(&self, attributes: &str, first: &str) -> String {
        let [width, height] = [self.width, self.height].map(svg::Number);
        let title = svg::escape(&self.title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"{attributes} role=\"img\" \
             aria-label=\"{title}\">\n{first}{}</svg>\n",
            self.body
        )
    }

    /// The bytes of a PNG file, with so many pixels per CSS pixel. Feature `png`.
    ///
    /// In a debug build a large picture takes seconds, because the renderer is not optimized then;
    /// `[profile.dev.package."*"] opt-level = 3` helps.
    ///
    /// # Errors
    /// [`Other`](Error::Other) if the picture would have more than 100 million pixels, or none.
    #[cfg(feature = "png")]
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, Error> {
        png::render(self, scale)
    }

    /// Writes the picture to a file: PNG with two pixels per CSS pixel if its name ends in `.png`, SVG if it ends in `.svg`. The file is created or
    /// replaced in the way of [`save`](crate::file::save).
    ///
    /// # Errors
    /// [`File`](Error::File) if the file cannot be written or is not a regular file, for a name with another ending, and for `.png` without the feature `png`; those of
    /// [`to_png`](Self::to_png).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let ends = |ending: &str| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending));
        let is_png = ends("png");
        if !is_png && !ends("svg") {
            let text = "the name of a picture ends in `.svg` or `.png`";
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, text);
            return Err(Error::File { path: path.into(), source });
        }
        #[cfg(feature = "png")]
        let bytes = if is_png { self.to_png(2.0)? } else { self.to_svg().into_bytes() };
        #[cfg(not(feature = "png"))]
        let bytes = if is_png {
            let text =
                "PNG needs the feature `png` of mimo; write a file that ends in `.svg`, or add the feature";
            let source = std::io::Error::new(std::io::ErrorKind::Unsupported, text);
            return Err(Error::File { path: path.into(), source });
        } else {
            self.to_svg().into_bytes()
        };
        replace(path, &bytes).map_err(|source| Error::File { path: path.into(), source })
    }
}

/// Draws the graph of a model, from top to bottom: a box per call of a layer with its name, class, settings and parameters, and a line per
/// tensor with the shape of one sample. Inputs are blue and outputs orange; an output names its loss.
///
/// A nested model is one box. In a graph with more than 40 boxes, or wider than 1100 pixels, layers that follow each other without a branch share
/// one, with a line for each, and many inputs or outputs stand in several rows.
///
/// Keras: [`plot_model`](https://keras.io/api/utils/model_plotting_utils/)
pub fn model_graph<M: Model>() -> Picture {
    graph::draw(spec::<M>(), M::GRAPH)
}

impl<M: Trainable> History<M> {
    /// Draws the [learning curves](Self::learning_curves) into a file: PNG if its name ends in `.png`, else SVG. Feature `plot`.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if there was no epoch; those of [`Picture::save`].
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.learning_curves()?.save(path)
    }

    /// The learning curves as the text of an SVG file. Feature `plot`.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if there was no epoch.
    pub fn to_svg(&self) -> Result<String, Error> {
        Ok(self.learning_curves()?.to_svg())
    }

    /// The learning curves: for the total loss and for each output a panel of its loss and of each metric, in which a solid line is training
    /// and a dashed one validation. Outputs with few values share a row. The epoch that was best, by validation if there was one, has a ring.
    /// Values that are NaN or infinite leave a gap. Feature `plot`.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if there was no epoch.
    pub fn learning_curves(&self) -> Result<Picture, Error> {
        if self.epochs().is_empty() {
            return Err(Error::NoData);
        }
        Ok(curves::draw(&curves::of(self)))
    }
}
