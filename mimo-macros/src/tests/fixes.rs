//! Shape errors: how the tensors came about, and what would make them fit.

use super::*;

#[test]
fn look() {
    for lines in [
        "let x = Input(shape = [100]); let h = LSTM(64)(x);",
        "let x = Input(shape = [100], dtype = \"int32\"); let h = LSTM(64)(x);",
        "let x = Input(shape = [100]); let y = Dense(50)(x); let h = GRU(64)(y);",
        "let x = Input(shape = [10, 3]); let a = LSTM(64)(x); let h = LSTM(32)(a);",
        "let x = Input(shape = [10, 3]); let a = LSTM(64)(x); let a = Dropout(0.5)(a); let h = LSTM(32)(a);",
        "let x = Input(shape = [10, 3]); let a = Bidirectional(LSTM(64))(x); let h = LSTM(32)(a);",
        "let x = Input(shape = [28, 28, 1]); let a = Conv2D(32, 3)(x); let b = Conv2D(32, 3, padding = same)(x); let h = add([a, b]);",
        "let x = Input(shape = [28, 28, 32]); let a = Conv2D(32, 3)(x); let h = add([x, a]);",
        "let x = Input(shape = [28, 28, 1]); let a = Conv2D(32, 3, strides = 2, padding = same)(x); let b = Conv2D(32, 3, padding = same)(x); let h = a + b;",
        "let x = Input(shape = [28, 28, 32]); let a = Conv2D(32, 3, strides = 2, padding = same)(x); let a = ReLU()(a); let h = a + x;",
        "let x = Input(shape = [1568]); let h = Reshape([7, 7, 31])(x);",
        "let x = Input(shape = [8]); let h = Reshape([3, 3])(x);",
        "let x = Input(shape = [8]); let a = Dense(32)(x); let b = Dense(64)(x); let h = multiply([a, b]);",
        "let x = Input(shape = [28, 28]); let h = Conv2D(8, 3)(x);",
        "let x = Input(shape = [784]); let h = Conv2D(8, 3)(x);",
        "let x = Input(shape = [784]); let h = Conv1D(8, 3)(x);",
        "let x = Input(shape = [4, 6, 3]); let h = MaxPooling2D(5)(x);",
        "let x = Input(shape = [4, 4, 1]); let h = Conv2D(8, 5)(x);",
        "let x = Input(shape = [6, 2]); let h = Conv1D(8, 4, dilation_rate = 2)(x);",
        "let x = Input(shape = [8, 8, 6]); let h = Conv2D(8, 3, groups = 4)(x);",
        "let x = Input(shape = [8, 8, 4]); let h = DepthwiseConv1D(3)(x);",
        "let x = Input(shape = [8, 8, 4]); let h = GlobalMaxPooling1D()(x);",
        "let x = Input(shape = [28, 28, 3]); let h = GRU(64)(x);",
        "let x = Input(shape = [28]); let h = TimeDistributed(Dense(4))(x);",
        "let x = Input(shape = [10, 28, 28, 3]); let h = Conv2D(4, 3)(x);",
        "let s = Input(shape = [10, 8]); let v = Input(shape = [4]); let h = concatenate([s, v]);",
        "let i = Input(shape = [7, 7, 32]); let v = Input(shape = [4]); let h = concatenate([i, v]);",
        "let a = Input(shape = [4, 6]); let b = Input(shape = [5, 6]); let h = concatenate([a, b]);",
        "let a = Input(shape = [4, 6]); let b = Input(shape = [6, 4]); let h = dot([a, b], axes = 2);",
        "let x = Input(shape = [100]); let h = Embedding(1000, 64)(x);",
        "let x = Input(shape = [100], dtype = \"int32\"); let h = Dense(64)(x);",
        "let x = Input(shape = [4, 6]); let h = RepeatVector(3)(x);",
        "let x = Input(shape = [10, 3]); let g = GRU(8); let a = g(x); let h = g(Dense(4)(x));",
        "let x = Input(shape = [10, 3]); let (_y, s) = GRU(32, return_state = true)(x); let h = GRU(64)(x, initial_state = s);",
        "let x = Input(shape = [28, 28, 1]); let a = Conv2D(32, 3)(x); let a = MaxPooling2D(2)(a); let h: [14, 14, 32] = a;",
        "let x = Input(shape = [28, 28, 1]); let x = Conv2D(8, 3)(x); let x = Conv2D(8, 3)(x); let x = Conv2D(8, 3)(x); let x = Conv2D(8, 3)(x); let x = MaxPooling2D(2)(x); let x = Conv2D(8, 3)(x); let x = Dropout(0.5)(x); let h = LSTM(3)(x);",
        "let x = Input(shape = [8]); let y = Input(shape = [4]); let m = concatenate([x, y]); let n = Dense(3)(m); let h = add([m, n]);",
        "let a = Input(shape = [8, 8, 4]); let b = Input(shape = [2]); let h = Permute((2, 1))(b); let g = Permute((2, 1))(a);",
        "let a = Input(shape = [4, 4, 4]); let b = Cropping2D(2)(a);",
        "let a = Input(shape = [4, 3]); let e = Dense(3); let b = e(a); let c = e(b); let d = e(Flatten()(a));",
    ] {
        println!("{lines}");
        for told in told(&format!("pub Net {{ {lines} Model(inputs = [], outputs = [h]) }}")) {
            if !told.contains("at least one input") && !told.contains("cannot find") {
                println!("    {}", told.replace("\n", "\n    "));
            }
        }
    }
}
