use mimo::prelude::*;

model! {
    #[deny(mimo::dropout_after_head)]
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(16, activation = relu)(x);
        let y = Dropout(0.5)(Dense(1)(h));
        Model(inputs = [x], outputs = [y]).compile(loss = mse)
    }
}

fn main() {}
