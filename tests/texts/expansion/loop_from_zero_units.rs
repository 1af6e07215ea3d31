use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4)(x);
        for i in 0..3 { let y = Dense(i)(y); }
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
