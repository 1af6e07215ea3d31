use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let encoder = Dense(4);
        let g = encoder(x);
        let h = encodr(g);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
