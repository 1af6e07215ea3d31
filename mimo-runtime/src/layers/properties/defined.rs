//! The layers by Keras's definition, regardless of speed.

use mimo_graph::layers::pooling::PoolKind;
use mimo_graph::layers::sliding::Padding;

use super::{Problem, Values};

/// The linear part of a layer: the products of inputs and kernel that its outputs are sums of.
pub(super) struct Products {
    /// Input values of a sample.
    pub(super) x: usize,
    pub(super) weights: usize,
    /// Output values of a sample.
    pub(super) y: usize,
    /// Indices of an input, a weight and the output to which their product is added.
    terms: Vec<[usize; 3]>,
}

/// One axis: the length of the output, and which input meets which output at which tap.
struct Along {
    output: usize,
    terms: Vec<[usize; 3]>,
}

/// A convolution of a zero-padded input: windows are wherever they fit.
fn convolved(n: usize, kernel: usize, stride: usize, dilation: usize, padding: Padding) -> Along {
    let extent = (kernel - 1) * dilation + 1;
    let (before, after) = match padding {
        Padding::Valid => (0, 0),
        Padding::Same => {
            let zeros = ((n.div_ceil(stride) - 1) * stride + extent).saturating_sub(n);
            (zeros / 2, zeros - zeros / 2)
        }
        Padding::Causal => (extent - 1, 0),
    };
    let starts: Vec<usize> =
        (0..).step_by(stride).take_while(|start| start + extent <= before + n + after).collect();
    let mut terms = vec![];
    for (output, start) in starts.iter().enumerate() {
        for tap in 0..kernel {
            let at = start + tap * dilation;
            if (before..before + n).contains(&at) {
                terms.push([at - before, tap, output]);
            }
        }
    }
    Along { output: starts.len(), terms }
}

/// The transpose, as section 1.5 of the reference defines it: each input is spread over a buffer, and the output is
/// cut from it.
fn spread(
    n: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    same: bool,
    output_padding: Option<usize>,
) -> Along {
    let extent = (kernel - 1) * dilation + 1;
    let (output, left) = match (same, output_padding) {
        (false, given) => {
            ((n - 1) * stride + extent + given.unwrap_or(stride.max(extent) - extent), extent - 1)
        }
        (true, None) => (n * stride, (stride + extent - 2).div_ceil(2).min(extent - 1)),
        (true, Some(given)) => {
            let around = extent + extent % 2 + given - 2;
            ((n - 1) * stride + extent % 2 + given, around.div_ceil(2).min(extent - 1))
        }
    };
    let cut = extent - 1 - left;
    let mut terms = vec![];
    for input in 0..n {
        for tap in 0..kernel {
            let at = input * stride + tap * dilation;
            if (cut..cut + output).contains(&at) {
                terms.push([input, tap, at - cut]);
            }
        }
    }
    Along { output, terms }
}

/// The products of a layer.
pub(super) fn products(problem: &Problem) -> Products {
    let axis = |i: usize| {
        let (n, kernel) = (problem.lens[i], problem.kernel[i]);
        let (stride, dilation) = (problem.strides[i], problem.dilation[i]);
        if problem.class.transposed() {
            let given = problem.output_padding.as_ref().map(|padding| padding[i]);
            spread(n, kernel, stride, dilation, problem.padding == Padding::Same, given)
        } else {
            convolved(n, kernel, stride, dilation, problem.padding)
        }
    };
    let width = axis(problem.lens.len() - 1);
    let height = if problem.lens.len() == 1 { Along { output: 1, terms: vec![[0; 3]] } } else { axis(0) };
    let (columns, taps) = (problem.lens[problem.lens.len() - 1], problem.kernel[problem.kernel.len() - 1]);
    let (channels, filters) = (problem.channels, problem.filters);
    let (inner, outer) = (channels / problem.groups, filters / problem.groups);
    let mut terms = vec![];
    for [top, down, below] in height.terms {
        for [from, right, to] in &width.terms {
            let (x, tap, y) = (top * columns + from, down * taps + right, below * width.output + to);
            for group in 0..problem.groups {
                for (i, o) in (0..inner).flat_map(|i| (0..outer).map(move |o| (i, o))) {
                    let (channel, filter) = (group * inner + i, group * outer + o);
                    let weight = match problem.class.transposed() {
                        true => (tap * filters + filter) * channels + channel,
                        false => (tap * inner + i) * filters + filter,
                    };
                    terms.push([x * channels + channel, weight, y * filters + filter]);
                }
            }
        }
    }
    Products {
        x: problem.lens.iter().product::<usize>() * channels,
        weights: problem.kernel.iter().product::<usize>() * inner * filters,
        y: height.output * width.output * filters,
        terms,
    }
}

impl Products {
    /// Output and gradients. The bias follows the kernel.
    pub(super) fn apply(&self, before: &Values, problem: &Problem) -> Values {
        let mut after = before.clone();
        let filters = problem.filters;
        after.y = (0..problem.rows * self.y).map(|i| before.params[self.weights + i % filters]).collect();
        if !problem.accumulate {
            after.dx.fill(0.0);
            after.gradient.fill(0.0);
        }
        for row in 0..problem.rows {
            for &[x, weight, y] in &self.terms {
                let (x, y) = (row * self.x + x, row * self.y + y);
                after.y[y] += before.x[x] * before.params[weight];
                after.dx[x] += before.dy[y] * before.params[weight];
                after.gradient[weight] += before.x[x] * before.dy[y];
            }
        }
        for (i, dy) in before.dy.iter().enumerate() {
            after.gradient[self.weights + i % filters] += dy;
        }
        after
    }
}

/// Indices of the real values in the window of each output.
pub(super) fn pools(
    image: [usize; 2],
    channels: usize,
    size: [usize; 2],
    strides: [usize; 2],
    same: bool,
) -> Vec<Vec<usize>> {
    let padding = if same { Padding::Same } else { Padding::Valid };
    let [height, width] = [0, 1].map(|axis| {
        let along = convolved(image[axis], size[axis], strides[axis], 1, padding);
        let inputs =
            |output: usize| along.terms.iter().filter(move |term| term[2] == output).map(|term| term[0]);
        (0..along.output).map(|output| inputs(output).collect::<Vec<_>>()).collect::<Vec<_>>()
    });
    let mut pools = vec![];
    for rows in &height {
        for columns in &width {
            for channel in 0..channels {
                let places =
                    rows.iter().flat_map(|row| columns.iter().map(move |column| row * image[1] + column));
                pools.push(places.map(|pixel| pixel * channels + channel).collect());
            }
        }
    }
    pools
}

/// Output and gradients of a pooling.
pub(super) fn pooled(kind: PoolKind, pools: &[Vec<usize>], before: &Values, accumulate: bool) -> Values {
    let mut after = before.clone();
    if !accumulate {
        after.dx.fill(0.0);
    }
    let rows = before.dy.len() / pools.len();
    let len = before.x.len() / rows;
    for (i, dy) in before.dy.iter().enumerate() {
        let start = i / pools.len() * len;
        let places: Vec<usize> = pools[i % pools.len()].iter().map(|place| start + place).collect();
        if kind == PoolKind::Average {
            let count = places.len() as f64;
            after.y.push(places.iter().map(|&place| before.x[place]).sum::<f64>() / count);
            places.iter().for_each(|&place| after.dx[place] += dy / count);
        } else {
            let mut largest = places[0];
            for &place in &places {
                if before.x[place] > before.x[largest] {
                    largest = place;
                }
            }
            after.y.push(before.x[largest]);
            after.dx[largest] += dy;
        }
    }
    after
}
