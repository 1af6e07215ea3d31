use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 8]);
        let h = Dense(4)(x);
        let y = h[.., 4];
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
