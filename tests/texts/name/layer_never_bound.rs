use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let a = encoder(x);
        let b = encoder(a);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
