use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        #[deny(mimo::unused_tensor)]
        let heads = for i in 0..3 { Dense(10)(x) };
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
