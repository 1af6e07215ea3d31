use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [20, 6]);
        let a = expand_dims(x, axis = 0);
        let b = expand_dims(x, axis = 4);
        let c = squeeze(x, axis = 2);
        let d = squeeze(x[..1], axis = 0);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
