use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [STEPS, 3]);
        let h = MaxPooling1D(5)(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

const STEPS: usize = 4;

fn main() {}
