use mimo::prelude::*;

model! {
    #[deny(mimo::unused_layer)]
    pub Net {
        let x = Input(shape = [8]);
        let encoder = Dense(4);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
