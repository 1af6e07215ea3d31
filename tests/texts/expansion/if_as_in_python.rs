use mimo::prelude::*;

model! {
    pub Net {
        fn block(x, stride, skip = none) {
            if stride == 2 and skip is not None { Dense(4)(x) } elif stride == 3 { x } else { x }
        }

        let x = Input(shape = [4]);
        let y = block(x, stride = 1);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
