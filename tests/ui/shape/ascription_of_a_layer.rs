use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h: [4] = Dense(4);
        let y = h(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
