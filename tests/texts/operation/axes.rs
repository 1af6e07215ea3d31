use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4, 6]);
        let a = softmax(x, axis = 0);
        let b = softmax(x, axis = 3);
        let c = argmax(x, axis = (1, 2));
        let d = cumsum(x);
        let e = norm(x, ord = 1, axis = -1);
        let f = var(x, axis = 0);
        let g = logsumexp(x, -1, keepdims = 2);
        let h = gelu(x, approx = true);
        let i = leaky_relu(x, negative_slope = x);
        let j = threshold(x, 0.5);
        let k = gelu(2.0);
        let y = concatenate([a, b, c, d, e, f, g, h, i, j, k]);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
