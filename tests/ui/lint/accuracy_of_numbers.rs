use mimo::prelude::*;

model! {
    #[deny(mimo::accuracy_of_numbers)]
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(loss = mse, metrics = [accuracy])
    }
}

fn main() {}
