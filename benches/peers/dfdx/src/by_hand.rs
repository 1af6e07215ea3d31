//! Two small nets with several heads, written by hand in dfdx: what mimo's generated code is held against.
//!
//! One call of a step is one training step at batch 32: forward, the weighted losses, backward, Adam,
//! and the total loss read as a float. Nets, data and first weights are those of `small_nets.py`, number
//! for number, so the losses of both programs can be compared.
//!
//! Written as dfdx's documentation teaches it, with what it offers for speed: sizes in the types,
//! allocations cached (feature `fast-alloc`), and the gradients' memory kept from step to step.

use dfdx::optim::Adam;
use dfdx::prelude::*;

/// Rows of a batch.
pub const BATCH: usize = 32;

/// Streams of [`uniform`]: weights are numbered from here in the order trunk, then heads.
const INPUT: u64 = 1;
const TARGETS: u64 = 2;
const WEIGHTS: u64 = 16;

/// What both nets share: two hidden layers.
type Trunk<const INPUTS: usize> = ((Linear<INPUTS, 64>, ReLU), (Linear<64, 32>, ReLU));
/// 100 → 64 → 32 → a number, and one of three classes.
type TwoHeads = (Trunk<100>, SplitInto<(Linear<32, 1>, Linear<32, 3>)>);
/// 10 → 64 → 32 → three numbers.
type ThreeHeads = (Trunk<10>, SplitInto<(Linear<32, 1>, Linear<32, 1>, Linear<32, 1>)>);

/// 100 → 64 → 32, and two heads: one unit with the squared error (weight 1), three with the
/// categorical cross-entropy (weight 0.5).
pub fn two_heads_step() -> impl FnMut() -> f32 {
    let device = Cpu::default();
    let mut model = device.build_module::<TwoHeads, f32>();
    set_trunk(&mut model.0);
    set(&mut model.1.0.0, 2);
    set(&mut model.1.0.1, 3);

    let input = batch::<100>(&device, INPUT);
    let value = batch::<1>(&device, TARGETS);
    let mut classes = vec![0.0; BATCH * 3];
    for row in 0..BATCH {
        classes[row * 3 + row % 3] = 1.0;
    }
    let class = device.tensor_from_vec(classes, (Const::<BATCH>, Const::<3>));

    let mut adam = Adam::new(&model, adam());
    let mut kept = Some(model.alloc_grads());
    move || {
        let gradients = kept.take().unwrap_or_else(|| model.alloc_grads());
        let (a, b) = model.forward(input.trace(gradients));
        let total = mse_loss(a, value.clone()) + cross_entropy_with_logits_loss(b, class.clone()) * 0.5;
        let loss = total.array();
        let mut gradients = total.backward();
        adam.update(&mut model, &gradients).expect("every weight has a gradient");
        model.zero_grads(&mut gradients);
        kept = Some(gradients);
        loss
    }
}

/// 10 → 64 → 32, and three heads of one unit with the squared error (weights 1, 0.5 and 0.25).
pub fn three_heads_step() -> impl FnMut() -> f32 {
    let device = Cpu::default();
    let mut model = device.build_module::<ThreeHeads, f32>();
    set_trunk(&mut model.0);
    set(&mut model.1.0.0, 2);
    set(&mut model.1.0.1, 3);
    set(&mut model.1.0.2, 4);

    let input = batch::<10>(&device, INPUT);
    let targets = [0, 1, 2].map(|head| batch::<1>(&device, TARGETS + head));

    let mut adam = Adam::new(&model, adam());
    let mut kept = Some(model.alloc_grads());
    move || {
        let gradients = kept.take().unwrap_or_else(|| model.alloc_grads());
        let (a, b, c) = model.forward(input.trace(gradients));
        let total = mse_loss(a, targets[0].clone())
            + mse_loss(b, targets[1].clone()) * 0.5
            + mse_loss(c, targets[2].clone()) * 0.25;
        let loss = total.array();
        let mut gradients = total.backward();
        adam.update(&mut model, &gradients).expect("every weight has a gradient");
        model.zero_grads(&mut gradients);
        kept = Some(gradients);
        loss
    }
}

/// The weights of the two nets.
pub const PARAMETERS: [usize; 2] =
    [100 * 64 + 64 + 64 * 32 + 32 + 32 * 4 + 4, 10 * 64 + 64 + 64 * 32 + 32 + 32 * 3 + 3];

fn adam() -> AdamConfig {
    AdamConfig { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-7, weight_decay: None }
}

fn set_trunk<const INPUTS: usize>(trunk: &mut <Trunk<INPUTS> as BuildOnDevice<Cpu, f32>>::Built) {
    set(&mut trunk.0.0, 0);
    set(&mut trunk.1.0, 1);
}

/// Glorot-uniform weights for layer `index`, and no bias.
fn set<const I: usize, const O: usize>(layer: &mut dfdx::nn::modules::Linear<I, O, f32, Cpu>, index: u64) {
    let limit = (6.0 / (I + O) as f64).sqrt() as f32;
    let weights: Vec<f32> = uniform(WEIGHTS + index, I * O).map(|x| x * limit).collect();
    layer.weight.copy_from(&weights);
    layer.bias.copy_from(&[0.0; O]);
}

fn batch<const N: usize>(device: &Cpu, stream: u64) -> Tensor<Rank2<BATCH, N>, f32, Cpu> {
    device.tensor_from_vec(uniform(stream, BATCH * N).collect(), (Const::<BATCH>, Const::<N>))
}

/// `count` reproducible numbers in -1..1: the top 24 bits of SplitMix64, exact in f32.
fn uniform(stream: u64, count: usize) -> impl Iterator<Item = f32> {
    (1..=count as u64).map(move |at| {
        let z = (at + (stream << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The losses at the first and the hundredth step, as `small_nets.py --framework eager` prints them.
    #[test]
    fn the_losses_are_those_of_pytorch() {
        let check = |mut step: Box<dyn FnMut() -> f32>, first: f32, hundredth: f32| {
            let losses: Vec<f32> = (0..100).map(|_| step()).collect();
            assert!((losses[0] - first).abs() < 2e-6, "{} is not {first}", losses[0]);
            assert!((losses[99] - hundredth).abs() < 2e-5, "{} is not {hundredth}", losses[99]);
        };
        check(Box::new(two_heads_step()), 1.080609, 0.018626);
        check(Box::new(three_heads_step()), 0.602928, 0.041534);
    }
}
