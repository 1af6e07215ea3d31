use mimo::prelude::*;

model! {
    #[deny(mimo::lost_mask)]
    Net {
        let ids = Input(shape = [8], dtype = "int32");
        let h = Embedding(9, 4, mask_zero = true)(ids);
        let a = Flatten()(h);
        let b = Conv1D(3, 3)(h);
        let c = GlobalMaxPooling1D()(h);
        let d = MaxPooling1D(2)(h);
        let e = Reshape([4, 8])(h);
        let f = Permute([2, 1])(h);
        let g = ZeroPadding1D(1)(h);
        let i = UpSampling1D(2)(h);
        let j = h[0..4];
        let k = sum(h, axis = 1);
        let l = RMSNormalization()(h);
        let m = EinsumDense("abc,cd->abd", [8, 3])(h);
        let n = matmul(h, transpose(h, axes = [0, 2, 1]));
        let o = flip(h, axis = 1);
        let others = Input(shape = [8], dtype = "int32");
        let other = Embedding(9, 4, mask_zero = true)(others);
        let class_token = h[0];
        let both = stack([h, other], axis = -1);
        let one = stack([h, Embedding(9, 4)(ids)], axis = -1);
        let attended = matmul(matmul(h, Weight([4, 8])), h);
        #[allow(mimo::lost_mask)]
        let p = Flatten()(h);
        let q = Flatten()(LSTM(3)(h));
        let r = GlobalAveragePooling1D()(h);
        let s = Dropout(0.5)(Dense(3)(h));
        Model(inputs = [ids, others], outputs = [class_token, both, one, attended, a, b, c, d, e, f, g, i, j, k, l, m, n, o, p, q, r, s])
    }
}

fn main() {}
