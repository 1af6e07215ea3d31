use mimo::prelude::*;

model! {
    pub Net {
        fn block(x, stride) {
            let y = if stride == 2 { Dense(4)(x) };
            y
        }

        let x = Input(shape = [4]);
        let y = block(x, stride = 1);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
