use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 6]);
        let g = Input(shape = [5, 6]);
        let h = concatenate([x, g]);
        let y = Dense(1)(h);
        Model(inputs = [x, g], outputs = [y])
    }
}

fn main() {}
