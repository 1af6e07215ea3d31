//! Parts of tensors, of floats and of integers, of lengths that only const evaluation knows, and in nested models.

use mimo::prelude::*;

mod config {
    pub(super) const STEPS: usize = 6;
}

model! {
    pub Last {
        let steps = Input(shape = [config::STEPS, 3]);
        let last = steps[-1];
        Model(inputs = [steps], outputs = [last])
    }
}

model! {
    pub Net {
        use Last;

        const N: usize = 2;
        let words = Input(shape = [8], dtype = "int32");
        let steps = Input(shape = [config::STEPS, 3]);
        let first: [2, 5] = Embedding(50, 5)(words[..N]);
        let rest: [6, 5] = Embedding(60, 5)(words[N..]);
        let h = concatenate([Flatten()(first), rest[-1], rest[0][1..-1], Last()(steps), (steps * 0.5)[-2.., 0]]);
        let all: [config::STEPS, 3] = h[..3] * steps[..];
        let y = Dense(1)(Flatten()(all));
        Model(inputs = [words, steps], outputs = [y]).compile(optimizer = Adam(), loss = mse)
    }
}

#[test]
fn compiles() {
    let _ = Net::new(0);
    assert_eq!(Net::INPUTS[0].shape, [8]);
}
