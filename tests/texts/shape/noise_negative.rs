use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = GaussianNoise(-0.1)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
