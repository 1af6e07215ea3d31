use mimo::prelude::*;

model! {
    pub Net {
        const DEEP: bool = false;

        let x = Input(shape = [4]);
        if DEEP {
            let h = Dense(4)(x);
        }
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
