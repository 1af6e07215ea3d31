use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(2)(x);
        for i in range(3) {
            let y = Dense(2)(y);
        }
        for i, n in enumerate([4, 2]) {
            let y = Dense(n)(y);
        }
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
