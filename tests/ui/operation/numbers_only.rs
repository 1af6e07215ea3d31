use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = maximum(1.0, 2.0) * x;
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
