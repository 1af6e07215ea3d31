use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 3]);
        let shared = GRU(8);
        let a = shared(x);
        let b = shared(Dense(4)(x));
        let y = Dense(1)(a + b);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
