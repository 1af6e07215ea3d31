//! Parts of files and of models, by name.

use std::path::Path;

use super::format::{self, Layout, Subject};
use super::{read, replace};
use crate::error::Error;
use crate::model::Model;
use crate::weights::named;

/// The file of a part that is a nested model equals the one that the model itself saves, except that it has no graph.
pub fn save_part<M: Model>(model: &M, part: &str, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    named(Subject::of::<M>().spec, part)?;
    let bytes = format::encode(model, part, None)?;
    replace::replace(path, &bytes).map_err(|source| Error::File { path: path.into(), source })
}

/// Loads a part of a model's weights from a part of a file. `""` is the whole of either.
///
/// ```ignore
/// // An encoder out of the file of a model that nests it.
/// file::load_part(&mut encoder, "", "siamese.safetensors", "encoder")?;
/// // An encoder from a file of its own, or from a checkpoint of its training.
/// file::load_part(&mut siamese, "encoder", "encoder.safetensors", "")?;
/// // The encoder of one model out of the file of another.
/// file::load_part(&mut siamese, "encoder", "triplets.safetensors", "encoder")?;
/// ```
///
/// The part of the file must have all weights of the part of the model and no others. Everything else in the file is
/// ignored, and the other weights of the model are unchanged.
///
/// # Errors
/// The model is unchanged after an error: [`NoSuchPart`](Error::NoSuchPart) if the model has no such part, with a similar name;
/// [`File`](Error::File) if the file cannot be read or is not a regular file; [`WeightsFile`](Error::WeightsFile) with all differences if
/// the part of the file does not hold these weights.
pub fn load_part<M: Model>(
    model: &mut M,
    part: &str,
    path: impl AsRef<Path>,
    part_of_file: &str,
) -> Result<(), Error> {
    let subject = Subject::of::<M>();
    if !part.is_empty() {
        named(subject.spec, part)?;
    }
    let check = |header: &[u8], bytes| Layout::check_part(subject, [part, part_of_file], header, bytes);
    // The file may be that of a larger model, or a checkpoint.
    let limit = subject.header_limit().saturating_mul(8);
    let (layout, data) = read(subject, path.as_ref(), limit, &check)?;
    layout.write(model, &data);
    Ok(())
}
