use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        for i in 0..3 { Model(inputs = [x], outputs = [y]) }
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
