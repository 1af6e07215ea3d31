use mimo::prelude::*;

model! {
    pub Net {
        let a = Input(shape = [4, 6]);
        let b = Input(shape = [6, 5]);
        let words = Input(shape = [6], dtype = int32);
        let c = einsum("bij,bik->bjk", a, b);
        let d = einsum("bijh,bjk->bik", a, b);
        let e = einsum("...jk->...kj", einsum("bi,bj->bij", Flatten()(a), Flatten()(b)));
        let f = einsum("bii->bi", a);
        let g = einsum("bi,bi->b", words, words);
        let y = concatenate([Flatten()(c), Flatten()(d), Flatten()(e), f, Reshape([1])(g)]);
        Model(inputs = [a, b, words], outputs = [y])
    }
}

fn main() {}
