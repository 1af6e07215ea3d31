use mimo::prelude::*;

const STEPS: usize = 7;

model! {
    pub Net {
        let x = Input(shape = [9, 4]);
        let a = EinsumDense("abc,cd", [none, 2])(x);
        let b = EinsumDense("abc;cd->abd", [none, 2])(x);
        let c = EinsumDense("ab c,cd->abd", [none, 2])(x);
        let d = EinsumDense("abc,cd->abdd", [none, 2, 2])(x);
        let e = EinsumDense("abc,ce->abd", [none, 2])(x);
        let f = EinsumDense("abc,cd->bad", [9, 2])(x);
        let g = EinsumDense("abc,cd->abd", [none, none])(x);
        let h = EinsumDense("abc,cd->abd", 2)(x);
        let i = EinsumDense("abc,cd->abd", [none, 2], bias_axes = "c")(x);
        let j = EinsumDense("ab,bc->ac", 2)(x);
        let k = EinsumDense("abc,cd->abd", [8, 2])(x);
        let l = EinsumDense("abc,cd->abd", [STEPS, 2])(x);
        let m = EinsumDense("...c,cd->d", 2)(x);
        let n = EinsumDense("abc,cd->abd", [none, 2], lora_rank = 4)(x);
        let o = EinsumDense(2)(x);
        Model(inputs = [x], outputs = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o])
    }
}

fn main() {}
