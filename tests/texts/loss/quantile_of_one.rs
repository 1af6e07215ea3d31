use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = adam, loss = Quantile(1.0))
    }
}

fn main() {}
