use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let heads = for i in 0..3 { Dense(8)(x) };
        let y = heads + x;
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
