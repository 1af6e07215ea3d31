use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = concatenate(for i in 0..3 { Dense(4)(x) });
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
