//! Pooling and reductions over axes.

use super::constants::{axes, position};
use super::conv::{Slide, class, each, slides};
use super::layout::list;
use super::net::{int, ints};
use super::state::Importer;
use super::tensor::{Atom, Axis, Placed};
use crate::onnx::model::Node;
use crate::source::{keyword, word};

impl Importer<'_> {
    /// `MaxPool` and `AveragePool`.
    pub(super) fn pool(&mut self, node: &Node) -> Result<(), String> {
        if node.outputs.iter().skip(1).any(|name| {
            !name.is_empty() && (self.readers.contains_key(name) || self.net.outputs.contains(name))
        }) {
            return Err("places of the largest values have no counterpart in mimo".into());
        }
        let (x, input) = self.image(node)?;
        let sizes: Option<Vec<usize>> = ints(node, "kernel_shape")
            .and_then(|all| all.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n > 0)).collect());
        let sizes = sizes
            .filter(|all| all.len() == input.len())
            .ok_or("`kernel_shape` is missing or does not fit the input")?;
        let slides = slides(node, &input, &sizes)?;
        if slides.iter().any(|it| it.dilation != 1) {
            return Err("mimo's pooling windows have no dilation".into());
        }
        match node.op.as_str() {
            "MaxPool" => self.max_pool(node, &x, &slides),
            _ => self.average_pool(node, &x, &slides),
        }
    }

    fn max_pool(&mut self, node: &Node, x: &Placed, slides: &[Slide]) -> Result<(), String> {
        let class = class(slides.len(), "MaxPooling1D", "MaxPooling2D")?;
        let strides: Vec<usize> = slides.iter().map(|it| it.stride).collect();
        let sizes: Vec<usize> = slides.iter().map(|it| it.kernel).collect();
        if slides.iter().all(Slide::is_valid) {
            return self.windows(node, x, class, &sizes, &strides, None);
        }
        if slides.iter().all(Slide::is_same) {
            return self.windows(node, x, class, &sizes, &strides, Some("same"));
        }
        if slides.iter().any(|it| it.before >= it.kernel || it.end() >= it.kernel) {
            return Err("a window lies in the padding only".into());
        }
        if x.nonnegative {
            // No zero is larger than what a window has.
            let pads: Vec<[usize; 2]> = slides.iter().map(|it| [it.before, it.after.max(it.end())]).collect();
            let padded = self.padded(x, &pads)?;
            return self.windows(node, &padded, class, &sizes, &strides, None);
        }
        // All windows, and then every so many of them.
        let is_centered = |it: &Slide| {
            let all = it.input.saturating_sub(1) / it.stride.max(1) + 1;
            it.before == (it.kernel - 1) / 2 && it.output == all
        };
        if !slides.iter().all(is_centered) {
            return Err("its padding is other than that of Keras, and values may be below zero".into());
        }
        let ones = vec![1; slides.len()];
        let args = vec![
            keyword("pool_size", each(sizes.iter().copied())),
            keyword("strides", each(ones.iter().copied())),
            keyword("padding", word("same")),
        ];
        let name = self.plain(class, args, &[x])?;
        self.windows(node, &x.renamed(name), class, &ones, &strides, None)
    }

    fn average_pool(&mut self, node: &Node, x: &Placed, slides: &[Slide]) -> Result<(), String> {
        let class = class(slides.len(), "AveragePooling1D", "AveragePooling2D")?;
        let strides: Vec<usize> = slides.iter().map(|it| it.stride).collect();
        let sizes: Vec<usize> = slides.iter().map(|it| it.kernel).collect();
        let counts_zeros = int(node, "count_include_pad").unwrap_or(0) != 0;
        if slides.iter().all(Slide::is_valid) {
            return self.windows(node, x, class, &sizes, &strides, None);
        }
        if !counts_zeros && slides.iter().all(Slide::is_same) {
            return self.windows(node, x, class, &sizes, &strides, Some("same"));
        }
        // What `ceil_mode` adds to the end is not counted.
        if counts_zeros && slides.iter().all(|it| it.end() <= it.after) {
            let pads: Vec<[usize; 2]> = slides.iter().map(|it| [it.before, it.after]).collect();
            let padded = self.padded(x, &pads)?;
            return self.windows(node, &padded, class, &sizes, &strides, None);
        }
        Err("its padding is other than that of Keras".into())
    }

    fn windows(
        &mut self,
        node: &Node,
        x: &Placed,
        class: &str,
        sizes: &[usize],
        strides: &[usize],
        padding: Option<&str>,
    ) -> Result<(), String> {
        let mut args = vec![keyword("pool_size", each(sizes.iter().copied()))];
        if sizes != strides {
            args.push(keyword("strides", each(strides.iter().copied())));
        }
        args.extend(padding.map(|it| keyword("padding", word(it))));
        let name = self.plain(class, args, &[x])?;
        self.output(node, Placed { nonnegative: x.nonnegative, ..x.renamed(name) })
    }

    /// Pooling over whole images.
    pub(super) fn global_pool(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let all: Vec<usize> = (2..x.axes.len()).collect();
        let word = if node.op == "GlobalAveragePool" { "mean" } else { "max" };
        self.reduced(node, &x, &all, word, true)
    }

    /// Reductions by their axes.
    pub(super) fn reduce(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let rank = x.axes.len();
        let word = match node.op.as_str() {
            "ReduceMean" => "mean",
            "ReduceSum" => "sum",
            "ReduceMax" => "max",
            "ReduceMin" => "min",
            "ReduceProd" => "prod",
            "ReduceL2" => "norm",
            "ReduceLogSumExp" => "logsumexp",
            _ => return Err("mimo has no such reduction".into()),
        };
        let known = self.known(node, 1)?;
        let over = match axes(node, known.as_deref()) {
            Some(axes) if !axes.is_empty() => axes
                .into_iter()
                .map(|axis| position(axis, rank).ok_or_else(|| format!("there is no axis {axis}")))
                .collect::<Result<Vec<_>, _>>()?,
            _ if int(node, "noop_with_empty_axes").unwrap_or(0) != 0 => return self.output(node, x),
            _ => (0..rank).collect(),
        };
        self.reduced(node, &x, &over, word, int(node, "keepdims").unwrap_or(1) != 0)
    }

    /// A reduction; axes of one value that stay need no axis in mimo.
    fn reduced(
        &mut self,
        node: &Node,
        x: &Placed,
        over: &[usize],
        word: &str,
        keeps: bool,
    ) -> Result<(), String> {
        let of = |at: usize| x.axes.get(at).cloned().unwrap_or_default();
        if over.iter().any(|&at| of(at).contains(&Atom::Batch)) {
            return Err("it goes over samples, and mimo computes with one sample at a time".into());
        }
        let mut gone: Vec<usize> = over.iter().flat_map(|&at| super::tensor::owned(&of(at))).collect();
        gone.sort_unstable();
        let name = if gone.is_empty() { x.name.clone() } else { self.reduction(x, &gone, word)? };
        let moved = |own: usize| own - gone.iter().filter(|&&it| it < own).count();
        let axes: Vec<Axis> = (0..x.axes.len())
            .filter(|at| keeps || !over.contains(at))
            .map(|at| {
                let atoms = of(at).into_iter().filter_map(|atom| match atom {
                    Atom::Batch => Some(Atom::Batch),
                    Atom::Of(own) if gone.contains(&own) => None,
                    Atom::Of(own) => Some(Atom::Of(moved(own))),
                });
                atoms.collect()
            })
            .collect();
        let nonnegative = word == "norm" || x.nonnegative && word != "logsumexp";
        self.output(node, Placed { name, axes, nonnegative })
    }

    fn reduction(&mut self, x: &Placed, gone: &[usize], word: &str) -> Result<String, String> {
        let rank = x.rank();
        let is_sliding = gone.iter().copied().eq(0..rank.saturating_sub(1));
        let class = match (word, rank) {
            ("mean", 2) => Some("GlobalAveragePooling1D"),
            ("mean", 3) => Some("GlobalAveragePooling2D"),
            ("max", 2) => Some("GlobalMaxPooling1D"),
            ("max", 3) => Some("GlobalMaxPooling2D"),
            _ => None,
        };
        if let Some(class) = class.filter(|_| is_sliding) {
            return self.plain(class, vec![], &[x]);
        }
        let axis = match gone {
            [one] => crate::source::whole(i64::try_from(one + 1).unwrap_or(i64::MAX)),
            several => list(several.iter().map(|own| own + 1)),
        };
        self.operation(word, &[x], vec![(Some("axis"), axis)], word)
    }

    /// The place of the largest or smallest value.
    pub(super) fn arg_reduce(&mut self, node: &Node) -> Result<(), String> {
        let x = self.tensor(node, 0)?;
        let at = position(int(node, "axis").unwrap_or(0), x.axes.len()).ok_or("there is no such axis")?;
        if int(node, "select_last_index").unwrap_or(0) != 0 {
            return Err("`select_last_index` is set, and mimo finds the first place".into());
        }
        let (x, own) = self.with_axis(&x, at, false)?;
        let word = if node.op == "ArgMax" { "argmax" } else { "argmin" };
        let keeps = int(node, "keepdims").unwrap_or(1) != 0;
        let axis = crate::source::whole(i64::try_from(own + 1).unwrap_or(i64::MAX));
        let name = self.operation(word, &[&x], vec![(Some("axis"), axis)], word)?;
        let axes = x.axes.iter().enumerate().filter(|(axis, _)| keeps || *axis != at).map(|(axis, atoms)| {
            let atoms = atoms.iter().filter(|_| axis != at).map(|atom| match atom {
                Atom::Of(it) if *it > own => Atom::Of(it - 1),
                other => *other,
            });
            atoms.collect()
        });
        self.output(node, Placed { name, axes: axes.collect(), nonnegative: true })
    }
}
