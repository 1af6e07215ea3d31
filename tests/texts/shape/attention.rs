use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8, 4]);
        let y = Input(shape = [6, 4]);
        let z = Input(shape = [6, 3]);
        let image = Input(shape = [8, 8, 4]);
        let words = Input(shape = [8], dtype = "int32");
        let m = Input(shape = [6]);
        let a = MultiHeadAttention(4)(x, y);
        let b = MultiHeadAttention(4, 16)(x);
        let c = MultiHeadAttention(4, 16)(x, y, mask = m);
        let d = MultiHeadAttention(4, 16)(x, y, query_mask = m);
        let e = MultiHeadAttention(4, 16)(x, y, attention_mask = m);
        let f = MultiHeadAttention(4, 16)(x, y, x);
        let g = MultiHeadAttention(4, 16)(x, image);
        let h = MultiHeadAttention(4, 16)(image, image, use_causal_mask = true);
        let i = MultiHeadAttention(4, 16, attention_axes = 2)(x, y);
        let j = MultiHeadAttention(4, 16, flash_attention = true)(x, y);
        let k = MultiHeadAttention(4, 16)(words, words);
        let l = MultiHeadAttention(4, 16)(x, y, return_attention_scores = 1);
        let n = GroupQueryAttention(4, 6, 4)(x, y);
        let o = Attention()(x);
        let p = Attention()([x, z]);
        let q = Attention()([x, y], mask = [m, m]);
        let r = Attention(score_mode = general)([x, y]);
        let s = AdditiveAttention(1.5)([x, y]);
        Model(inputs = [x, y, z, image, words, m], outputs = [a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q, r, s])
    }
}

fn main() {}
