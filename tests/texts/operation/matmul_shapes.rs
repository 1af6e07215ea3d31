use mimo::prelude::*;

model! {
    pub Net {
        let a = Input(shape = [4, 6]);
        let b = Input(shape = [5, 6]);
        let c = Input(shape = [2, 6, 3]);
        let d = Input(shape = [3, 4, 6]);
        let one = Input(shape = []);
        let e = matmul(a, b);
        let f = matmul(d, c);
        let g = matmul(a, one);
        let h = matmul(a, 2.0);
        let i = matmul(a);
        let y = concatenate([Flatten()(e), Flatten()(f), Flatten()(g), Flatten()(h), Flatten()(i)]);
        Model(inputs = [a, b, c, d, one], outputs = [y])
    }
}

fn main() {}
