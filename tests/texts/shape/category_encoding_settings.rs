use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [10, 4], dtype = "int32");
        let v = Input(shape = [4]);
        let a = CategoryEncoding(5)(x);
        let b = CategoryEncoding(5)(v);
        let c = CategoryEncoding(5, output_mode = binary)(x);
        let d = CategoryEncoding()(x);
        let e = CategoryEncoding(5, sparse = true)(x);
        Model(inputs = [x, v], outputs = [a, b, c, d, e])
    }
}

fn main() {}
