use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = clip(x, 0.0, max = 1.0);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
