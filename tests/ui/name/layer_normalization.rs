use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = LayerNormalization()(x);
        let y = Lambda(f)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
