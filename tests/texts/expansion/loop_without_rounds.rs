use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        for i in 0..0 {
            let h = Dense(8)(x);
        }
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
