use mimo::prelude::*;

model! {
    pub Net {
        fn block(x, units, name) {
            if units { Dense(units)(x) } else { x }
        }

        fn other(x, stride) {
            if striide == 2 { Dense(4)(x) } else { x }
        }

        let x = Input(shape = [4]);
        let y = other(block(x, 3, none), 2);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
