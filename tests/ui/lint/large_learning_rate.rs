use mimo::prelude::*;

model! {
    #[deny(mimo::large_learning_rate)]
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(learning_rate = 3), loss = mse)
    }
}

fn main() {}
