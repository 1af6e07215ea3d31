use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [6, 4]);
        let y = TimeDistributed(BatchNormalization())(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
