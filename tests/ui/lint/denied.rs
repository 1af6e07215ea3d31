use mimo::prelude::*;

model! {
    #[deny(mimo::unused_tensor)]
    pub Net {
        let x = Input(shape = [2]);
        let hidden = Dense(8)(x);
        #[allow(mimo::unused_tensor)]
        let probe = Dense(3)(x);
        #[warn(mimo::unused_tensor)]
        let other = Dense(3)(x);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
