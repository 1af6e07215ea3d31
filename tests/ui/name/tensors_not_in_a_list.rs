use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let g = Dense(8)(x);
        let y = concatenate(x, g);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
