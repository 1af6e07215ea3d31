use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [2]);
        #[expect(mimo::unused_tensor)]
        let probe = Dense(3)(x);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
