use mimo::prelude::*;

model! {
    #[deny(mimo::nothing_trained)]
    pub Net {
        let x = Input(shape = [4]);
        let y = sum(x, axis = -1, keepdims = true);
        Model(inputs = [x], outputs = [y]).compile(loss = mse)
    }
}

model! {
    #[deny(mimo::nothing_trained)]
    pub Frozen {
        let x = Input(shape = [4]);
        let y = Dense(1, trainable = false)(x);
        Model(inputs = [x], outputs = [y]).compile(loss = mse)
    }
}

fn main() {}
