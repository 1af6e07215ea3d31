//! The nine nets in burn, from the same numbers as everywhere.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv1d, Conv1dConfig, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::{relu, sigmoid, tanh};
use burn::tensor::module::{max_pool1d, max_pool2d};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, TensorData};

/// How an output is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    Class,
    Labels,
    Pixels,
}

/// The values of a sample of every input, by net.
pub fn inputs(net: usize) -> &'static [&'static [usize]] {
    match net {
        1 => &[&[128, 128, 3], &[100, 1]],
        2 => &[&[100, 1]],
        3 => &[&[256, 1], &[1]],
        5 => &[&[28, 28, 1]],
        7 => &[&[10]],
        8 => &[&[32, 32, 3]],
        9 => &[&[100, 50]],
        _ => &[&[100]],
    }
}

/// Length, kind and loss weight of every output, by net.
pub fn outputs(net: usize) -> &'static [(usize, Kind, f64)] {
    use Kind::{Class, Labels, Number, Pixels};
    match net {
        1 => &[(1, Labels, 1.0)],
        2 => &[(1, Number, 1.0), (1, Number, 0.8), (1, Number, 0.5)],
        3 => &[(3, Class, 1.0), (1, Labels, 0.5)],
        4 => &[(1, Number, 1.0), (3, Class, 1.0)],
        5 => &[(10, Labels, 1.0), (784, Pixels, 1.0)],
        6 => &[(1, Number, 1.0), (5, Class, 1.0)],
        7 => &[(1, Number, 1.0), (1, Number, 1.0), (1, Number, 1.0)],
        8 => &[(10, Class, 1.0), (1, Number, 1.0)],
        _ => &[(50, Number, 1.0), (20, Class, 1.0)],
    }
}

/// An LSTM whose gates are one matrix. Inputs are multiplied step by step: to cut one product of all of them into steps
/// costs more, for the backward pass of a slice makes a gradient of the whole.
#[derive(Module, Debug)]
pub struct Lstm {
    kernel: Param<Tensor<2>>,
    recurrent: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Lstm {
    /// `[rows, steps, features]` to the last step's `[rows, units]`.
    fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let [rows, steps, features] = x.dims();
        let width = self.bias.dims()[0];
        let units = width / 4;
        let (kernel, recurrent) = (self.kernel.val(), self.recurrent.val());
        let bias = self.bias.val().reshape([1, width]);
        let mut state: Option<(Tensor<2>, Tensor<2>)> = None;
        for step in 0..steps {
            let x = x.clone().slice([0..rows, step..step + 1]).reshape([rows, features]);
            let mut z = x.matmul(kernel.clone()) + bias.clone();
            if let Some((h, _)) = &state {
                z = z + h.clone().matmul(recurrent.clone());
            }
            // Keras's order: input, forget, candidate, output. The two sigmoids that are neighbours are one.
            let open = sigmoid(z.clone().slice([0..rows, 0..2 * units]));
            let candidate = tanh(z.clone().slice([0..rows, 2 * units..3 * units]));
            let out = sigmoid(z.slice([0..rows, 3 * units..width]));
            let new = open.clone().slice([0..rows, 0..units]) * candidate;
            let c = match state {
                Some((_, c)) => open.slice([0..rows, units..2 * units]) * c + new,
                None => new,
            };
            state = Some((out * tanh(c.clone()), c));
        }
        state.expect("a step").0
    }
}

/// Any of the nets: the layers that it has, in the order in which its numbers are drawn.
#[derive(Module, Debug)]
pub struct Net {
    conv1d: Option<Conv1d>,
    conv2d: Vec<Conv2d>,
    lstm: Option<Lstm>,
    dense: Vec<Linear>,
    transposed: Vec<ConvTranspose2d>,
    heads: Vec<Linear>,
}

/// What the layers are filled with: weights in the order of mimo's fields.
struct Weights {
    net: usize,
    next: u64,
    device: Device,
}

impl Weights {
    fn kernel(&mut self, shape: &[usize]) -> Vec<f32> {
        let receptive: usize = shape[..shape.len() - 2].iter().product();
        let (inputs, units) = (shape[shape.len() - 2], shape[shape.len() - 1]);
        let limit = (6.0 / (receptive * (inputs + units)) as f64).sqrt() as f32;
        let values = uniform(WEIGHT + self.next, shape.iter().product());
        self.next += 1;
        values.into_iter().map(|x| x * limit).collect()
    }

    fn bias(&mut self, units: usize) -> Param<Tensor<1>> {
        self.next += 1;
        parameter(vec![0.0; units], [units], &self.device)
    }

    /// A convolution; the kernel of net 5 is mirrored, as its images are.
    fn conv2d(&mut self, channels: usize, filters: usize) -> Conv2d {
        let shape = [3, 3, channels, filters];
        let kernel = rearranged(&self.kernel(&shape), &shape, &[3, 2, 0, 1], self.mirrored());
        let mut layer = Conv2dConfig::new([channels, filters], [3, 3]).init(&self.device);
        layer.weight = parameter(kernel, [filters, channels, 3, 3], &self.device);
        layer.bias = Some(self.bias(filters));
        layer
    }

    /// A transposed convolution. With this padding it is the mirror image of Keras's, so net 5 sees and makes mirror
    /// images, with mirrored kernels.
    fn transposed(&mut self, channels: usize, filters: usize) -> ConvTranspose2d {
        let shape = [3, 3, filters, channels];
        let kernel = rearranged(&self.kernel(&shape), &shape, &[3, 2, 0, 1], self.mirrored());
        let config = ConvTranspose2dConfig::new([channels, filters], [3, 3]).with_stride([2, 2]);
        let mut layer = config.with_padding([1, 1]).with_padding_out([1, 1]).init(&self.device);
        layer.weight = parameter(kernel, [channels, filters, 3, 3], &self.device);
        layer.bias = Some(self.bias(filters));
        layer
    }

    fn conv1d(&mut self, channels: usize, filters: usize) -> Conv1d {
        let shape = [3, channels, filters];
        let kernel = rearranged(&self.kernel(&shape), &shape, &[2, 1, 0], &[]);
        let mut layer = Conv1dConfig::new(channels, filters, 3).init(&self.device);
        layer.weight = parameter(kernel, [filters, channels, 3], &self.device);
        layer.bias = Some(self.bias(filters));
        layer
    }

    fn dense(&mut self, inputs: usize, units: usize) -> Linear {
        let kernel = self.kernel(&[inputs, units]);
        self.linear(kernel, inputs, units)
    }

    /// A dense layer on a flattened image and, perhaps, something else. Images are flattened by channels first here, so
    /// rows of the kernel are in another order.
    fn dense_on(&mut self, image: &[usize], rest: usize, units: usize) -> Linear {
        let places: usize = image.iter().product();
        let kernel = self.kernel(&[places + rest, units]);
        let (on_image, on_rest) = kernel.split_at(places * units);
        let shape = [image, &[units]].concat();
        let axes: &[usize] = if image.len() == 3 { &[2, 0, 1, 3] } else { &[1, 0, 2] };
        let kernel = [&rearranged(on_image, &shape, axes, self.mirrored())[..], on_rest].concat();
        self.linear(kernel, places + rest, units)
    }

    fn linear(&mut self, kernel: Vec<f32>, inputs: usize, units: usize) -> Linear {
        let mut layer = LinearConfig::new(inputs, units).init(&self.device);
        layer.weight = parameter(kernel, [inputs, units], &self.device);
        layer.bias = Some(self.bias(units));
        layer
    }

    fn lstm(&mut self, features: usize, units: usize) -> Lstm {
        let kernel = self.kernel(&[features, 4 * units]);
        let recurrent = self.kernel(&[units, 4 * units]);
        Lstm {
            kernel: parameter(kernel, [features, 4 * units], &self.device),
            recurrent: parameter(recurrent, [units, 4 * units], &self.device),
            bias: self.bias(4 * units),
        }
    }

    fn mirrored(&self) -> &'static [usize] {
        mirrored(self.net)
    }
}

/// Axes along which the images of a net are mirrored.
pub fn mirrored(net: usize) -> &'static [usize] {
    if net == 5 { &[0, 1] } else { &[] }
}

impl Net {
    /// The first weights.
    pub fn new(net: usize, device: &Device) -> Self {
        let mut w = Weights { net, next: 0, device: device.clone() };
        let mut made = Net {
            conv1d: None,
            conv2d: vec![],
            lstm: None,
            dense: vec![],
            transposed: vec![],
            heads: vec![],
        };
        match net {
            1 => {
                made.conv2d = vec![w.conv2d(3, 32)];
                made.lstm = Some(w.lstm(1, 64));
                made.heads = vec![w.dense_on(&[63, 63, 32], 64, 1)];
            }
            2 => {
                made.lstm = Some(w.lstm(1, 64));
                made.heads = (0..3).map(|_| w.dense(64, 1)).collect();
            }
            3 => {
                made.conv1d = Some(w.conv1d(1, 32));
                made.heads = vec![w.dense_on(&[127, 32], 1, 3), w.dense_on(&[127, 32], 1, 1)];
            }
            4 => {
                made.dense = vec![w.dense(100, 64), w.dense(64, 32)];
                made.heads = vec![w.dense(32, 1), w.dense(32, 3)];
            }
            5 => {
                made.conv2d = vec![w.conv2d(1, 32)];
                made.dense = vec![w.dense_on(&[13, 13, 32], 0, 64)];
                made.heads = vec![w.dense(64, 10)];
                let shape = [64, 7, 7, 32];
                let kernel = rearranged(&w.kernel(&[64, 7 * 7 * 32]), &shape, &[0, 3, 1, 2], &[1, 2]);
                made.dense.push(w.linear(kernel, 64, 7 * 7 * 32));
                made.transposed = vec![w.transposed(32, 32), w.transposed(32, 1)];
            }
            6 => {
                made.dense = vec![w.dense(100, 64), w.dense(64, 32), w.dense(64, 32)];
                made.heads = vec![w.dense(32, 1), w.dense(32, 5)];
            }
            7 => {
                made.dense = vec![w.dense(10, 64), w.dense(64, 32)];
                made.heads = (0..3).map(|_| w.dense(32, 1)).collect();
            }
            8 => {
                made.conv2d = vec![w.conv2d(3, 32), w.conv2d(32, 64)];
                made.dense = vec![w.dense_on(&[6, 6, 64], 0, 128), w.dense_on(&[6, 6, 64], 0, 64)];
                made.heads = vec![w.dense(128, 10), w.dense(64, 1)];
            }
            _ => {
                made.lstm = Some(w.lstm(50, 128));
                made.dense = vec![w.dense(128, 64), w.dense(128, 64)];
                made.heads = vec![w.dense(64, 50), w.dense(64, 20)];
            }
        }
        made
    }

    /// What the sigmoid or softmax of a head is made from, as burn's losses want it.
    pub fn forward(&self, net: usize, mut inputs: Vec<Input>) -> Vec<Tensor<2>> {
        let second = (inputs.len() > 1).then(|| inputs.remove(1));
        let first = inputs.remove(0);
        let dense = |at: usize, x: &Tensor<2>| relu(self.dense[at].forward(x.clone()));
        match net {
            1 => {
                let image = pooled(self.conv2d[0].forward(first.image())).flatten::<2>(1, 3);
                let text = self.lstm().forward(second.expect("a series").series());
                vec![self.heads[0].forward(Tensor::cat(vec![image, text], 1))]
            }
            2 => self.on_all_heads(&self.lstm().forward(first.series())),
            3 => {
                let conv = self.conv1d.as_ref().expect("a convolution");
                let options = MaxPoolOptions::new([2]);
                let x = max_pool1d(relu(conv.forward(first.series())), options).flatten::<2>(1, 2);
                self.on_all_heads(&Tensor::cat(vec![x, second.expect("a number").flat()], 1))
            }
            4 | 7 => self.on_all_heads(&dense(1, &dense(0, &first.flat()))),
            5 => {
                let x = pooled(self.conv2d[0].forward(first.image())).flatten::<2>(1, 3);
                let x = dense(0, &x);
                let rows = x.dims()[0];
                let y = dense(1, &x).reshape([rows, 32, 7, 7]);
                let y = self.transposed[1].forward(relu(self.transposed[0].forward(y)));
                vec![self.heads[0].forward(x), y.flatten(1, 3)]
            }
            6 => {
                let x = dense(0, &first.flat());
                vec![self.heads[0].forward(dense(1, &x)), self.heads[1].forward(dense(2, &x))]
            }
            8 => {
                let x = pooled(self.conv2d[0].forward(first.image()));
                let x = pooled(self.conv2d[1].forward(x)).flatten::<2>(1, 3);
                vec![self.heads[0].forward(dense(0, &x)), self.heads[1].forward(dense(1, &x))]
            }
            _ => {
                let x = self.lstm().forward(first.series());
                vec![self.heads[0].forward(dense(0, &x)), self.heads[1].forward(dense(1, &x))]
            }
        }
    }

    fn lstm(&self) -> &Lstm {
        self.lstm.as_ref().expect("an LSTM")
    }

    fn on_all_heads(&self, x: &Tensor<2>) -> Vec<Tensor<2>> {
        self.heads.iter().map(|head| head.forward(x.clone())).collect()
    }
}

fn pooled(x: Tensor<4>) -> Tensor<4> {
    max_pool2d(relu(x), MaxPoolOptions::new([2, 2]))
}

/// A batch of one input.
#[derive(Clone, Debug)]
pub enum Input {
    Image(Tensor<4>),
    Series(Tensor<3>),
    Flat(Tensor<2>),
}

impl Input {
    /// From rows in Keras's layout: images become channels first, and so does the series of net 3.
    pub fn new(net: usize, values: &[f32], rows: usize, shape: &[usize], device: &Device) -> Self {
        match *shape {
            [height, width, channels] => {
                let mirrored: Vec<usize> = mirrored(net).iter().map(|axis| axis + 1).collect();
                let values = rearranged(values, &[rows, height, width, channels], &[0, 3, 1, 2], &mirrored);
                Input::Image(tensor(values, [rows, channels, height, width], device))
            }
            [steps, features] if net == 3 => {
                Input::Series(tensor(values.to_vec(), [rows, features, steps], device))
            }
            [steps, features] => Input::Series(tensor(values.to_vec(), [rows, steps, features], device)),
            _ => Input::Flat(tensor(values.to_vec(), [rows, values.len() / rows], device)),
        }
    }

    /// Some rows.
    pub fn select(&self, rows: &Tensor<1, burn::tensor::Int>) -> Self {
        match self.clone() {
            Input::Image(x) => Input::Image(x.select(0, rows.clone())),
            Input::Series(x) => Input::Series(x.select(0, rows.clone())),
            Input::Flat(x) => Input::Flat(x.select(0, rows.clone())),
        }
    }

    fn image(self) -> Tensor<4> {
        if let Input::Image(x) = self { x } else { unreachable!("every net has its own inputs") }
    }

    fn series(self) -> Tensor<3> {
        if let Input::Series(x) = self { x } else { unreachable!("every net has its own inputs") }
    }

    fn flat(self) -> Tensor<2> {
        if let Input::Flat(x) = self { x } else { unreachable!("every net has its own inputs") }
    }
}

/// Streams of [`uniform`]: inputs, targets and weights are numbered from these, in order.
pub const INPUT: u64 = 1;
pub const TARGET: u64 = 101;
const WEIGHT: u64 = 201;

/// `count` reproducible numbers in -1..1: the top 24 bits of SplitMix64, exact in `f32`.
pub fn uniform(stream: u64, count: usize) -> Vec<f32> {
    let number = |at: u64| {
        let z = (at + (stream << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (1..=count as u64).map(number).collect()
}

/// Values of a shape with their axes in another order, and mirrored along some axes of that shape.
pub fn rearranged(values: &[f32], shape: &[usize], axes: &[usize], mirrored: &[usize]) -> Vec<f32> {
    let stride = |axis: usize| shape[axis + 1..].iter().product::<usize>();
    let place = |mut at: usize| {
        let mut place = 0;
        for &axis in axes.iter().rev() {
            let index = at % shape[axis];
            at /= shape[axis];
            place += stride(axis) * if mirrored.contains(&axis) { shape[axis] - 1 - index } else { index };
        }
        place
    };
    (0..values.len()).map(|at| values[place(at)]).collect()
}

pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn parameter<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Param::from_tensor(tensor(values, shape, device))
}
