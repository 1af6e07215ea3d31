use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(crate::UNITS(name = "units"))(x);
        let z = Dense(1)(y);
        Model(inputs = [x], outputs = [z])
    }
}

fn main() {}
