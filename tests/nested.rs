//! Models as layers of others: what they compute, whose weights they have, and where they may stand.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Model as _, Trainer, model};

model! {
    /// Vision.
    Encoder {
        const UNITS: usize = 5;
        let image = Input(shape = [6, 6, 1]);
        let x = Conv2D(3, 3, activation = relu)(image);
        let x = MaxPooling2D(2)(x);
        let x = Flatten()(x);
        let features = Dense(UNITS, activation = tanh)(x);
        Model(inputs = [image], outputs = [features])
    }
}

model! {
    Siamese {
        use Encoder;

        let left = Input(shape = [6, 6, 1]);
        let right = Input(shape = [6, 6, 1]);
        let encode = Encoder();
        let a: [5] = encode(left);
        let b = encode(right);
        let distance = subtract([a, b]);
        let same = Dense(1, activation = sigmoid)(distance);
        Model(inputs = [left, right], outputs = [same])
            .compile(optimizer = SGD(0.1), loss = binary_crossentropy)
    }
}

fn image(seed: u64, rows: usize) -> Tensor<(usize, Const<6>, Const<6>, Const<1>), f32, Cpu> {
    let value = |i: usize| ((i as u64 * 7919 + seed * 104_729) % 997) as f32 / 997.0 - 0.5;
    Cpu::default().tensor_from_vec((0..rows * 36).map(value).collect(), (rows, Const, Const, Const))
}

#[test]
fn what_is_nested_computes_what_it_computes_alone() {
    let siamese = Siamese::new(3);
    let (left, right) = (image(1, 4), image(2, 4));
    let found = siamese.forward(&SiameseInputs { left: left.clone(), right: right.clone() }).expect("outputs");
    let encoder = siamese.encoder.clone();
    let a = encoder.forward(&EncoderInputs { image: left }).expect("features").features;
    let b = encoder.forward(&EncoderInputs { image: right }).expect("features").features;
    let head = &siamese.same;
    let (weights, bias) = (head.kernel.as_vec(), head.bias.as_vec());
    let (a, b) = (a.as_vec(), b.as_vec());
    let by_hand = a.chunks(5).zip(b.chunks(5)).map(|(a, b)| {
        let sum: f32 = a.iter().zip(b).zip(&weights).map(|((a, b), w)| (a - b) * w).sum();
        1.0 / (1.0 + (-(sum + bias[0])).exp())
    });
    let found = found.same.as_vec();
    for (found, wanted) in found.iter().zip(by_hand) {
        assert!((found - wanted).abs() < 1e-6, "{found} is not {wanted}");
    }
}
