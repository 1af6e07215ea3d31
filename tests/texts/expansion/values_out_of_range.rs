use mimo::prelude::*;

model! {
    pub Net {
        const DEPTHS: [usize; 2] = [3, 4];

        fn block(x, i) {
            Dense(2 * DEPTHS[i])(x)
        }

        let x = Input(shape = [4]);
        let h = block(x, 2);
        let y = Dense(x.shape[0])(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
