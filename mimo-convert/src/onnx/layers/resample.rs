//! Images and sequences that become larger or smaller: padding, cropping, up-sampling.

use mimo_graph::layers::frame::Frame;
use mimo_graph::layers::up_sampling::{Interpolation, UpSampling};

use super::known;
use crate::error::Error;
use crate::onnx::builder::int;
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::Attribute;

/// `ZeroPadding` and `Cropping`, where the tensor is: channels stay as they are.
pub(super) fn frame(cx: &mut Context<'_>, layer: &Frame, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let x = call.x()?;
    let first = cx.is_first(x);
    let value = if first { cx.first(x)? } else { cx.last(x)? };
    let from = if first { 2 } else { 1 };
    let edges = layer.edges.iter().skip(2_usize.saturating_sub(layer.axes));
    let edges = edges.map(|[before, after]| Ok([known(before)?, known(after)?]));
    let edges = edges.collect::<Result<Vec<_>, Error>>()?;
    let value = match layer.pads {
        true => {
            let rank = layer.axes + 2;
            let side = |side: usize| {
                let mut all = vec![0; rank];
                for (to, edge) in all.iter_mut().skip(from).zip(&edges) {
                    *to = int(edge[side]);
                }
                all
            };
            let pads = cx.out.ints(&[side(0), side(1)].concat());
            cx.out.node_with("Pad", &[&value, &pads], vec![("mode", Attribute::Text("constant".into()))])
        }
        false => {
            let shape = cx.shape(x)?;
            let axes: Vec<i64> = (from..from + edges.len()).map(int).collect();
            let starts: Vec<i64> = edges.iter().map(|[before, _]| int(*before)).collect();
            let ends: Vec<i64> =
                edges.iter().zip(&shape).map(|([_, after], &len)| int(len.saturating_sub(*after))).collect();
            let [starts, ends, axes] = [starts, ends, axes].map(|all| cx.out.ints(&all));
            cx.out.node("Slice", &[&value, &starts, &ends, &axes])
        }
    };
    match first {
        true => Ok(vec![cx.give_first(value, call.shape()?)]),
        false => cx.mapped(call, value),
    }
}

/// By whole factors. Centres stay where they are.
pub(super) fn up_sampling(
    cx: &mut Context<'_>,
    layer: &UpSampling,
    call: &Call<'_>,
) -> Result<Vec<Id>, Error> {
    let x = cx.first(call.x()?)?;
    let sizes = layer.size.iter().skip(2_usize.saturating_sub(layer.axes)).map(known);
    let sizes = sizes.collect::<Result<Vec<_>, _>>()?;
    let scales: Vec<f64> = [1.0, 1.0].into_iter().chain(sizes.iter().map(|&size| size as f64)).collect();
    let scales = cx.out.floats(&[scales.len()], &scales);
    let words = match layer.interpolation {
        Interpolation::Nearest => [("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric")],
        Interpolation::Bilinear => [("mode", "linear"), ("coordinate_transformation_mode", "half_pixel")],
    };
    let mut settings: Vec<_> =
        words.into_iter().map(|(name, word)| (name, Attribute::Text(word.into()))).collect();
    if layer.interpolation == Interpolation::Nearest {
        settings.push(("nearest_mode", Attribute::Text("floor".into())));
    }
    let [value] = cx.out.nodes("Resize", &[Some(&x), None, Some(&scales)], settings);
    Ok(vec![cx.give_first(value, call.shape()?)])
}
