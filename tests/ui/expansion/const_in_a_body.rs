use mimo::prelude::*;

const WIDTH: usize = 5;

model! {
    pub Net {
        fn residual(x, units) {
            let h = Dense(units * 2)(x);
            add([x, h])
        }

        let x = Input(shape = [8]);
        let y = residual(x, WIDTH);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
