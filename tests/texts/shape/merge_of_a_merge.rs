use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let z = Input(shape = [4]);
        let both = concatenate([x, z]);
        let h = Dense(10, activation = relu)(both);
        let y = Dense(1)(subtract([both, h]));
        Model(inputs = [x, z], outputs = [y])
    }
}

fn main() {}
