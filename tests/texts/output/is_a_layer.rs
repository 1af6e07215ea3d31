use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dense(4)(x);
        let y = Dense(1)(h);
        let head = Dense(1);
        Model(inputs = [x], outputs = [head])
    }
}

fn main() {}
