use mimo::prelude::*;

model! {
    pub Net {
        let a = Input(shape = [4, 6]);
        let b = Input(shape = [6, 5]);
        let c = einsum("bij,bjk", a, b);
        let d = einsum("bij,bjk->ik", a, b);
        let e = einsum("bij,bjk->ikb", a, b);
        let f = einsum("bij,ijk->bk", a, b);
        let g = einsum("bij,bjk->bil", a, b);
        let h = einsum("bij,bjk->bi", a);
        let i = einsum("bij,bjk,bkl->bil", a, b, a);
        let j = einsum("b.j,bjk->bjk", a, b);
        let k = einsum(bij, a);
        let y = Flatten()(concatenate([c, d, e, f, g, h, i, j, k]));
        Model(inputs = [a, b], outputs = [y])
    }
}

fn main() {}
