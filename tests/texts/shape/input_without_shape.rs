use mimo::prelude::*;

model! {
    pub Net {
        let x = Input();
        let h = Dense(4)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
