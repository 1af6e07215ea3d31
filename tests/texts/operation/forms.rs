use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 4]);
        let n = Input(shape = [3], dtype = "int32");
        let listed = matmul([x, x]);
        let last = einsum(x, x, "bij,bkj->bik");
        let three = einsum("bij,bjk,bkl->bil", x, x, x);
        let alone = maximum(x);
        let lengths = Weight([n]);
        let missing = where(x > 0.0);
        Model(inputs = [x, n], outputs = [x])
    }
}

fn main() {}
