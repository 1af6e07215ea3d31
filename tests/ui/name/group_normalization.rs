use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = GroupNormalization()(x);
        let y = Lambda(f)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
