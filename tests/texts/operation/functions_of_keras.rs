use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 6]);
        let a = cbrt(x);
        let b = sort(x, axis = -1);
        let c = tril(x);
        let d = tensordot(x, x, axes = 1);
        let e = layer_normalization(x);
        let y = Flatten()(a + b + c + d + e);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
