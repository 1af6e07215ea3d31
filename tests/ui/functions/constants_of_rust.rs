use mimo::prelude::*;

const WIDTH: usize = 8;

model! {
    Encoder {
        let x = Input(shape = [WIDTH]);
        let y = Dense(2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

functions! {
    use Encoder;

    const DOUBLE: usize = 2 * crate::WIDTH;

    pub fn dense(x, units) {
        let h = Dense(WIDTH)(x);
        let h = Dense(WIDTH / 2)(h * SCALE);
        let h = Dense(units * WIDTH)(h);
        Encoder()(h) + Dense(DOUBLE)(x)
    }
}

model! {
    Net {
        use dense;

        let x = Input(shape = [4]);
        let y = dense(x, 3);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
