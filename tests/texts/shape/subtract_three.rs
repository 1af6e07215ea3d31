use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let g = Dense(8)(x);
        let h = subtract([x, g, x]);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
