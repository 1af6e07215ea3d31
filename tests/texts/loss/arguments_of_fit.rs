use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8], dtype = int64);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
            .compile(optimizer = Adam(), loss = mse, epochs = 3, class_weight = { y: 2.0 }, early_stopping = true)
    }
}

fn main() {}
