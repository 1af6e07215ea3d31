use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 6]);
        let h = Permute((1, 1))(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
