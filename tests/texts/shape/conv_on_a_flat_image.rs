use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [784]);
        let h = Conv2D(8, 3)(x);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
