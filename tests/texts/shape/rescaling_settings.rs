use mimo::prelude::*;

const BYTE: f64 = 255.0;

model! {
    pub Net {
        let x = Input(shape = [4, 3]);
        let a = Rescaling()(x);
        let b = Rescaling(1 / 255)(x);
        let c = Rescaling([0.5, 0.25])(x);
        let d = Rescaling(0.5, offset = [])(x);
        let e = Rescaling(1.0 / BYTE)(x);
        let f = Rescaling("0.5", offset = [1.0, none, 2.0])(x);
        Model(inputs = [x], outputs = [a, b, c, d, e, f])
    }
}

fn main() {}
