//! Convolutions. ONNX has channels before the axes that kernels slide over, and mimo after them.

use mimo_graph::value::ValueKind;

use super::activation::floats;
use super::array::Array;
use super::layout::list;
use super::net::{int, ints, text};
use super::state::{Importer, Weighted, first_output, name_of};
use super::tensor::{Atom, Axis, Placed, Value};
use crate::onnx::model::Node;
use crate::source::{keyword, value, whole, word};

/// Windows along one axis: lengths, stride, dilation and padding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slide {
    pub(super) input: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    pub(super) before: usize,
    pub(super) after: usize,
    /// Number of windows.
    pub(super) output: usize,
}

impl Slide {
    /// From the first tap to the last.
    pub(super) fn extent(&self) -> usize {
        self.kernel.saturating_sub(1).saturating_mul(self.dilation).saturating_add(1)
    }

    /// Number of padded values after the end that windows read.
    pub(super) fn end(&self) -> usize {
        let end = self.output.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.extent());
        end.saturating_sub(self.input.saturating_add(self.before))
    }

    /// Whether it is Keras's `padding = "same"`.
    pub(super) fn is_same(&self) -> bool {
        let output = self.input.div_ceil(self.stride.max(1));
        let end = output.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.extent());
        let total = end.saturating_sub(self.input);
        self.output == output && self.before == total / 2 && self.end() == total - total / 2
    }

    /// Whether nothing is padded.
    pub(super) fn is_valid(&self) -> bool {
        self.before == 0 && self.end() == 0
    }
}

/// A length of a window has to be a number above zero that a shape may have.
fn lengths(node: &Node, name: &str, rank: usize) -> Result<Vec<usize>, String> {
    let Some(all) = ints(node, name) else { return Ok(vec![1; rank]) };
    let all: Option<Vec<usize>> = all.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n > 0)).collect();
    all.filter(|all| all.len() == rank).ok_or_else(|| format!("`{name}` is not {rank} numbers above 0"))
}

/// The windows of a convolution or a pooling over axes of these lengths.
pub(super) fn slides(node: &Node, input: &[usize], kernel: &[usize]) -> Result<Vec<Slide>, String> {
    let rank = input.len();
    let (strides, dilations) = (lengths(node, "strides", rank)?, lengths(node, "dilations", rank)?);
    let pads: Vec<usize> = match ints(node, "pads") {
        Some(pads) => pads
            .iter()
            .map(|&n| usize::try_from(n))
            .collect::<Result<_, _>>()
            .map_err(|_| "`pads` has a number below 0")?,
        None => vec![0; 2 * rank],
    };
    if pads.len() != 2 * rank {
        return Err(format!("`pads` has {} numbers, and not {}", pads.len(), 2 * rank));
    }
    let up = int(node, "ceil_mode").unwrap_or(0) != 0;
    let mut all = vec![];
    for (axis, (&input, &kernel)) in input.iter().zip(kernel).enumerate() {
        let at = |all: &[usize], axis: usize| all.get(axis).copied().unwrap_or_default();
        let (before, after) = (at(&pads, axis), at(&pads, axis + rank));
        let mut it = Slide {
            input,
            kernel,
            stride: at(&strides, axis),
            dilation: at(&dilations, axis),
            before,
            after,
            output: 0,
        };
        match text(node, "auto_pad") {
            "SAME_UPPER" | "SAME_LOWER" => {
                it.output = input.div_ceil(it.stride.max(1));
                let end = it.output.saturating_sub(1).saturating_mul(it.stride).saturating_add(it.extent());
                let total = end.saturating_sub(input);
                it.before =
                    if text(node, "auto_pad") == "SAME_UPPER" { total / 2 } else { total - total / 2 };
                it.after = total - it.before;
            }
            auto => {
                if auto == "VALID" {
                    (it.before, it.after) = (0, 0);
                }
                let whole = input.saturating_add(it.before).saturating_add(it.after);
                let room = whole.checked_sub(it.extent()).ok_or("a window is larger than its input")?;
                it.output = if up { room.div_ceil(it.stride.max(1)) } else { room / it.stride.max(1) } + 1;
                // A window that would begin in the padding after the end is none.
                if up && (it.output - 1).saturating_mul(it.stride) >= input.saturating_add(it.before) {
                    it.output -= 1;
                }
            }
        }
        all.push(it);
    }
    Ok(all)
}

/// One number for all axes, or a list.
pub(super) fn each(numbers: impl Iterator<Item = usize>) -> mimo_graph::value::Value {
    list(numbers)
}

/// The class of a layer for images or sequences.
pub(super) fn class(
    rank: usize,
    of_sequences: &'static str,
    of_images: &'static str,
) -> Result<&'static str, String> {
    match rank {
        1 => Ok(of_sequences),
        2 => Ok(of_images),
        _ => Err(format!("mimo's windows slide over one axis or two, and not over {rank}")),
    }
}

impl Importer<'_> {
    /// A tensor with channels last, and the lengths of the other axes.
    pub(super) fn image(&mut self, node: &Node) -> Result<(Placed, Vec<usize>), String> {
        let x = self.tensor(node, 0)?;
        let rank = x.axes.len();
        if rank < 3 {
            return Err(format!(
                "it slides over a tensor of {rank} axes, and needs a batch, channels and at least one more"
            ));
        }
        let order: Vec<usize> = (2..rank).chain([1]).collect();
        let x = self.arranged(&x, &order)?;
        let mut shape = self.shape(&x.name)?;
        shape.pop();
        Ok((x, shape))
    }

    /// Zeros around an image.
    pub(super) fn padded(&mut self, x: &Placed, pads: &[[usize; 2]]) -> Result<Placed, String> {
        let class = class(pads.len(), "ZeroPadding1D", "ZeroPadding2D")?;
        let padding = match pads {
            [[before, after]] => list([*before, *after]),
            pads => value(ValueKind::List(pads.iter().map(|pair| list(pair.iter().copied())).collect())),
        };
        let name = self.plain(class, vec![keyword("padding", padding)], &[x])?;
        Ok(Placed { nonnegative: x.nonnegative, ..x.renamed(name) })
    }

    /// A convolution of images or sequences.
    pub(super) fn conv(&mut self, node: &Node) -> Result<(), String> {
        let (mut x, input) = self.image(node)?;
        let rank = input.len();
        let kernel = floats(&*self.needed(node, 1)?)?;
        let taps = kernel
            .shape
            .get(2..)
            .filter(|taps| taps.len() == rank)
            .ok_or("the kernel does not fit the input")?
            .to_vec();
        if taps.contains(&0) {
            return Err("the kernel has an axis of length 0".into());
        }
        let [filters, inner] = kernel
            .shape
            .get(..2)
            .and_then(|it| it.try_into().ok())
            .ok_or("the kernel does not fit the input")?;
        let channels = self.shape(&x.name)?.last().copied().unwrap_or(0);
        let groups = usize::try_from(int(node, "group").unwrap_or(1))
            .ok()
            .filter(|&n| n > 0)
            .ok_or("`group` is not valid")?;
        if inner.checked_mul(groups) != Some(channels) || !filters.is_multiple_of(groups) {
            return Err(format!(
                "the kernel {:?} in {groups} groups does not fit {channels} channels",
                kernel.shape
            ));
        }
        let slides = slides(node, &input, &taps)?;
        let padding = if slides.iter().all(Slide::is_valid) {
            None
        } else if slides.iter().all(Slide::is_same) {
            Some("same")
        } else if let ([one], false) = (&slides[..], groups == channels && groups > 1)
            && one.stride == 1
            && one.end() == 0
            && one.before + 1 == one.extent()
        {
            Some("causal")
        } else {
            let pads: Vec<[usize; 2]> = slides.iter().map(|it| [it.before, it.after]).collect();
            x = self.padded(&x, &pads)?;
            None
        };
        let is_depthwise = groups == channels && groups > 1;
        // What slides first, then inputs and outputs.
        let order: Vec<usize> = (2..2 + rank).chain([1, 0]).collect();
        let kernel = match is_depthwise {
            false => kernel.transposed(&order),
            // Filters of one channel follow each other.
            true => kernel
                .reshaped([&[channels, filters / groups], &taps[..]].concat())
                .and_then(|it| it.transposed(&(2..2 + rank).chain([0, 1]).collect::<Vec<_>>())),
        };
        let kernel = kernel.ok_or("the kernel does not fit the input")?;
        let size = |n: usize| whole(i64::try_from(n).unwrap_or(i64::MAX));
        let mut args = vec![keyword("kernel_size", each(taps.iter().copied()))];
        let class = match is_depthwise {
            false => {
                args.insert(0, keyword("filters", size(filters)));
                args.push(keyword("groups", size(groups)));
                class(rank, "Conv1D", "Conv2D")?
            }
            true => {
                args.push(keyword("depth_multiplier", size(filters / groups)));
                class(rank, "DepthwiseConv1D", "DepthwiseConv2D")?
            }
        };
        args.push(keyword("strides", each(slides.iter().map(|it| it.stride))));
        args.push(keyword("dilation_rate", each(slides.iter().map(|it| it.dilation))));
        args.extend(padding.map(|it| keyword("padding", word(it))));
        self.convolved(node, &x, class, args, kernel, filters)
    }

    /// The layer of a convolution with its bias and its activation.
    fn convolved(
        &mut self,
        node: &Node,
        x: &Placed,
        class: &'static str,
        mut args: Vec<mimo_graph::value::Arg>,
        kernel: Array,
        filters: usize,
    ) -> Result<(), String> {
        let mut arrays = vec![Array { name: None, ..kernel }];
        match self.known(node, 2)? {
            Some(bias) if bias.shape == [filters] => arrays.push(Array { name: None, ..floats(&bias)? }),
            Some(_) => return Err("the bias is not one number for each filter".into()),
            None => args.push(keyword("use_bias", value(ValueKind::Bool(false)))),
        }
        let mut output = first_output(node)?;
        let mut nonnegative = false;
        if !self.is_shared(name_of(node, 1), &node.op) {
            let (activation, made) = self.activation_after(&output, 1, x.axes.len());
            nonnegative = activation.as_ref().is_some_and(|it| {
                matches!(&it.kind, ValueKind::Ident { text, .. } if ["relu", "relu6", "sigmoid", "softplus"].contains(&text.as_str()))
            });
            args.extend(activation.map(|it| keyword("activation", it)));
            output = made;
        }
        let weight = name_of(node, 1).to_owned();
        let name = self.call(Weighted { class, args, arrays, weight }, x, node)?;
        self.define(&output, Value::Tensor(Placed { nonnegative, ..x.renamed(name) }));
        Ok(())
    }

    /// A transposed convolution: what `pads` take away is cropped, unless it is `padding = "same"`.
    pub(super) fn conv_transpose(&mut self, node: &Node) -> Result<(), String> {
        let (x, input) = self.image(node)?;
        let rank = input.len();
        let kernel = floats(&*self.needed(node, 1)?)?;
        let taps = kernel
            .shape
            .get(2..)
            .filter(|taps| taps.len() == rank)
            .ok_or("the kernel does not fit the input")?
            .to_vec();
        let filters = *kernel.shape.get(1).ok_or("the kernel does not fit the input")?;
        let channels = self.shape(&x.name)?.last().copied().unwrap_or(0);
        if int(node, "group").unwrap_or(1) != 1 || kernel.shape.first() != Some(&channels) {
            return Err("mimo's transposed convolutions have one group of channels".into());
        }
        if !["", "NOTSET"].contains(&text(node, "auto_pad")) || node.attributes.contains_key("output_shape") {
            return Err("mimo reads the padding of a transposed convolution from `pads` only, not from `auto_pad` or `output_shape`".into());
        }
        let (strides, dilations) = (lengths(node, "strides", rank)?, lengths(node, "dilations", rank)?);
        let further = |name: &str, count: usize| match ints(node, name) {
            Some(all) if all.len() == count => all
                .iter()
                .map(|&n| usize::try_from(n))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| format!("`{name}` has a number below 0")),
            Some(_) => Err(format!("`{name}` does not have {count} numbers")),
            None => Ok(vec![0; count]),
        };
        let (pads, added) = (further("pads", 2 * rank)?, further("output_padding", rank)?);
        let mut crops = vec![];
        let mut is_same = true;
        for (axis, (&len, &kernel)) in input.iter().zip(&taps).enumerate() {
            let at = |all: &[usize], axis: usize| all.get(axis).copied().unwrap_or_default();
            let (stride, dilation, before) = (at(&strides, axis), at(&dilations, axis), at(&pads, axis));
            let extent = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
            // Keras's full result has at least a stride for each position.
            let full = len.saturating_sub(1).saturating_mul(stride).saturating_add(extent.max(stride));
            let output = (len.saturating_sub(1).saturating_mul(stride))
                .saturating_add(extent)
                .saturating_add(at(&added, axis))
                .checked_sub(before.saturating_add(at(&pads, axis + rank)))
                .filter(|&len| len > 0)
                .ok_or("`pads` take everything away")?;
            let after = full
                .checked_sub(before.saturating_add(output))
                .ok_or("`output_padding` is longer than what `pads` take away, which mimo does not have")?;
            let total = extent.saturating_sub(stride);
            is_same &= Some(output) == len.checked_mul(stride) && before == total / 2;
            crops.push([before, after]);
        }
        let is_valid = crops.iter().all(|crop| *crop == [0, 0]);
        let order: Vec<usize> = (2..2 + rank).chain([1, 0]).collect();
        let kernel = kernel.transposed(&order).ok_or("the kernel does not fit the input")?;
        let mut args = vec![
            keyword("filters", whole(i64::try_from(filters).unwrap_or(i64::MAX))),
            keyword("kernel_size", each(taps.iter().copied())),
            keyword("strides", each(strides.iter().copied())),
            keyword("dilation_rate", each(dilations.iter().copied())),
        ];
        let class = class(rank, "Conv1DTranspose", "Conv2DTranspose")?;
        if is_valid || is_same {
            if is_same && !is_valid {
                args.push(keyword("padding", word("same")));
            }
            return self.convolved(node, &x, class, args, kernel, filters);
        }
        self.convolved(node, &x, class, args, kernel, filters)?;
        // The activation, if there is one, is of single values or over channels: cropping may come after it.
        let made = self.last_output(node)?;
        let Value::Tensor(whole) = self.value(&made)? else { return Ok(()) };
        let cropping = match &crops[..] {
            [crop] => list(crop.iter().copied()),
            crops => value(ValueKind::List(crops.iter().map(|crop| list(crop.iter().copied())).collect())),
        };
        let class = self::class(rank, "Cropping1D", "Cropping2D")?;
        let name = self.plain(class, vec![keyword("cropping", cropping)], &[&whole])?;
        self.define(&made, Value::Tensor(Placed { nonnegative: whole.nonnegative, ..whole.renamed(name) }));
        Ok(())
    }

    /// The value that a layer made, which is that of its activation if it has one.
    fn last_output(&self, node: &Node) -> Result<String, String> {
        let own = first_output(node)?;
        if self.values.contains_key(&own) {
            return Ok(own);
        }
        let reader = self.only_reader(&own).ok_or("the layer has no output")?;
        first_output(reader.1)
    }

    /// Nearest and linear enlargement of an image by integers.
    pub(super) fn resize(&mut self, node: &Node) -> Result<(), String> {
        let (x, input) = self.image(node)?;
        let rank = input.len();
        // `Upsample` and version 10 of `Resize` have scales as their second input, later versions as the third.
        let at = if self.net.opset < 11 || node.op == "Upsample" { 1 } else { 2 };
        let scales = self.known(node, at)?.and_then(|it| it.to_floats()).filter(|it| !it.is_empty());
        let sizes = self.known(node, 3)?.map(|it| (it.to_whole(), it));
        let mut factors = vec![];
        for (axis, &len) in input.iter().enumerate() {
            let factor = match (&scales, &sizes) {
                (Some(scales), _) => {
                    scales.get(scales.len().saturating_sub(rank) + axis).copied().map(f64::from)
                }
                (None, Some((_, sizes))) => match &sizes.numbers {
                    super::array::Numbers::Whole(all) => {
                        let size = all.get(all.len().saturating_sub(rank) + axis).and_then(|it| it.known());
                        size.map(|size| size as f64 / len.max(1) as f64)
                    }
                    super::array::Numbers::Float(_) => None,
                },
                (None, None) => None,
            };
            match factor {
                Some(factor) if factor >= 1.0 && factor.fract() == 0.0 && factor < 1e6 => {
                    factors.push(factor as usize)
                }
                _ => return Err("mimo enlarges images by integers only".into()),
            }
        }
        let mode = text(node, "coordinate_transformation_mode");
        let interpolation = match text(node, "mode") {
            "" | "nearest" => {
                let is_exact = match mode {
                    "asymmetric" => {
                        ["floor", ""].contains(&text(node, "nearest_mode"))
                            && node.attributes.contains_key("nearest_mode")
                    }
                    "" | "half_pixel" | "pytorch_half_pixel" => {
                        ["", "round_prefer_floor"].contains(&text(node, "nearest_mode"))
                    }
                    _ => false,
                };
                if !is_exact && node.op != "Upsample" && self.net.opset >= 11 {
                    return Err("it rounds positions otherwise than `UpSampling2D`".into());
                }
                "nearest"
            }
            "linear" if ["", "half_pixel", "pytorch_half_pixel"].contains(&mode) && self.net.opset >= 11 => {
                "bilinear"
            }
            mode => {
                return Err(format!(
                    "mimo enlarges images by `nearest` and `linear` with half pixels, and this is `{mode}`"
                ));
            }
        };
        let mut args = vec![keyword("size", each(factors.iter().copied()))];
        let class = class(rank, "UpSampling1D", "UpSampling2D")?;
        if interpolation == "bilinear" {
            if rank == 1 {
                return Err("`UpSampling1D` repeats steps, and does not interpolate".into());
            }
            args.push(keyword("interpolation", word(interpolation)));
        }
        let name = self.plain(class, args, &[&x])?;
        self.output(node, Placed { nonnegative: x.nonnegative, ..x.renamed(name) })
    }
}

/// Axes of a tensor with channels last: ONNX has channels second.
pub(super) fn channels_last(rank: usize) -> Vec<Axis> {
    let channels = rank.saturating_sub(2);
    let sliding = (0..channels).map(|axis| vec![Atom::Of(axis)]);
    [vec![Atom::Batch], vec![Atom::Of(channels)]].into_iter().chain(sliding).collect()
}
