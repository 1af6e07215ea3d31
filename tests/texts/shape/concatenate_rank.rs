use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let g = Input(shape = [2, 4]);
        let h = concatenate([x, g]);
        let y = Dense(1)(h);
        Model(inputs = [x, g], outputs = [y])
    }
}

fn main() {}
