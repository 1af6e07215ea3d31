use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4)(x);
        for units in [4, 5, 6] { let h = Dense(units)(x); let y = add([y, h]); }
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
