use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let a = add([x, b]);
        let b = Dense(8)(a);
        let y = Dense(1)(b);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
