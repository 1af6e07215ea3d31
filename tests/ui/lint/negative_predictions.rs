use mimo::prelude::*;

model! {
    #[deny(mimo::negative_predictions)]
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(loss = poisson)
    }
}

fn main() {}
