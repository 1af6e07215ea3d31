use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [STEPS, 3]);
        let g = Permute((2, 1))(x);
        let h = Dot(axes = 1)([x, g]);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

const STEPS: usize = 4;

fn main() {}
