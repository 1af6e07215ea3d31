//! Models with features missing in examples and random models: a name, and the content of `model! { … }`. Code in
//! front of the macro is before the line `---`.

/// Name and source of each model.
pub const MODELS: &[(&str, &str)] = &[
    (
        "masked_text",
        "let words = Input(shape = [7], dtype = \"int32\");
         let x = Embedding(9, 4, mask_zero = true)(words);
         let s = LSTM(3, return_sequences = true)(x);
         let y = GRU(2)(s);
         let z = SimpleRNN(3, go_backwards = true)(s);
         let w = LSTM(3, go_backwards = true, zero_output_for_mask = true, return_sequences = true)(s);
         let m = GlobalAveragePooling1D()(x);
         let a = Bidirectional(GRU(2, return_sequences = true))(x);
         Model(inputs = [words], outputs = [y, z, w, m, a])",
    ),
    (
        "added_loss",
        "let x = Input(shape = [4]);
         let h = Dense(3, activation = tanh, activity_regularizer = L2(0.1))(x);
         add_loss(sum(square(h), axis = -1), weight = 0.1);
         let y = ActivityRegularization(l1 = 0.1)(Dense(2)(h));
         Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)",
    ),
    (
        "masking",
        "let x = Input(shape = [6, 2]);
         let h = relu(x);
         let m = Masking()(h);
         let y = LSTM(3)(m);
         let z = BatchNormalization()(m);
         let c = Concatenate()([m, z]);
         let p = multiply([m, z]);
         let q = Maximum()([m, z]);
         Model(inputs = [x], outputs = [y, z, c, p, q])",
    ),
    (
        "encoder_decoder",
        "let source = Input(shape = [5, 3]);
         let target = Input(shape = [4, 2]);
         let (e, h, c) = LSTM(3, return_state = true)(source);
         let d = LSTM(3, return_sequences = true)(target, initial_state = [h, c]);
         let (g, s) = GRU(3, return_state = true, return_sequences = true)(source, initial_state = h);
         let u = SimpleRNN(3)(target, initial_state = s);
         Model(inputs = [source, target], outputs = [e, d, g, s, u])",
    ),
    (
        "recurrent_settings",
        "let x = Input(shape = [5, 3]);
         let a = GRU(3, reset_after = false, return_sequences = true)(x);
         let b = LSTM(2, activation = relu, recurrent_activation = hard_sigmoid)(x);
         let c = SimpleRNN(4, activation = softsign, use_bias = false)(x);
         let d = GRU(3, use_bias = false, go_backwards = true, return_sequences = true)(x);
         let e = LSTM(3, use_bias = false, return_sequences = true)(x);
         let f = GRU(2, activation = elu)(x);
         Model(inputs = [x], outputs = [a, b, c, d, e, f])",
    ),
    (
        "bidirectional",
        "let x = Input(shape = [5, 3]);
         let a = Bidirectional(LSTM(3, return_sequences = true), merge_mode = sum)(x);
         let b = Bidirectional(GRU(3), merge_mode = mul)(x);
         let c = Bidirectional(SimpleRNN(3, return_sequences = true), merge_mode = ave)(x);
         let (d, e) = Bidirectional(LSTM(2, return_sequences = true), merge_mode = none)(x);
         let f = Bidirectional(LSTM(2, return_sequences = true, go_backwards = true))(x);
         let g = Bidirectional(LSTM(2), backward_layer = GRU(3, go_backwards = true))(x);
         let (y, h1, c1, h2, c2) = Bidirectional(LSTM(2, return_state = true))(x);
         Model(inputs = [x], outputs = [a, b, c, d, e, f, g, y, h1, c1, h2, c2])",
    ),
    (
        "stateful",
        "let x = Input(shape = [5, 3]);
         let h = LSTM(3, stateful = true, return_sequences = true)(x);
         let y = GRU(2, stateful = true)(h);
         Model(inputs = [x], outputs = [y])",
    ),
    (
        "nested",
        "mimo::model! { pub Encoder {
             let image = Input(shape = [6, 5, 2]);
             let x = Conv2D(3, 3, activation = relu)(image);
             let x = LayerNormalization()(x);
             let features = Dense(4, activation = tanh)(Flatten()(MaxPooling2D(2)(x)));
             Model(inputs = [image], outputs = [features])
         } }
---
         use Encoder;
         let left = Input(shape = [6, 5, 2]);
         let right = Input(shape = [6, 5, 2]);
         let clip = Input(shape = [3, 6, 5, 2]);
         let encode = Encoder();
         let distance = encode(left) - encode(right);
         let steps = TimeDistributed(encode)(clip);
         let y = LSTM(2)(steps);
         Model(inputs = [left, right, clip], outputs = [distance, steps, y])",
    ),
    (
        "distributed",
        "let x = Input(shape = [3, 6, 5, 2]);
         let s = Input(shape = [3, 4, 5]);
         let a = TimeDistributed(Conv2D(3, 2, activation = softmax))(x);
         let b = TimeDistributed(GlobalAveragePooling2D())(a);
         let c = TimeDistributed(Bidirectional(LSTM(2, return_sequences = true)))(s);
         let d = TimeDistributed(TimeDistributed(Dense(2)))(s);
         let e = TimeDistributed(Flatten())(s);
         let f = TimeDistributed(LayerNormalization())(s);
         Model(inputs = [x, s], outputs = [a, b, c, d, e, f])",
    ),
    (
        "heads",
        "let q = Input(shape = [4, 6]);
         let v = Input(shape = [5, 6]);
         let k = Input(shape = [5, 6]);
         let m = Input(shape = [4, 5]);
         let mask = m > 0.3;
         let vm = sum(v, axis = -1) > 0.0;
         let a = MultiHeadAttention(2, 3)(q, v);
         let b = MultiHeadAttention(2, 3, value_dim = 2, output_shape = 5, use_bias = false)(q, v, k);
         let (c, scores) = MultiHeadAttention(2, 3)(q, v, attention_mask = mask, return_attention_scores = true);
         let d = MultiHeadAttention(3, 2, use_gate = true)(q, q, use_causal_mask = true);
         let e = MultiHeadAttention(2, 2)(q, v, value_mask = vm, attention_mask = mask);
         let f = GroupQueryAttention(3, 4, 2)(q, v);
         let g = GroupQueryAttention(3, 4, 2, sliding_window = 2)(q, q, use_causal_mask = true);
         Model(inputs = [q, v, k, m], outputs = [a, b, c, scores, d, e, f, g])",
    ),
    (
        "heads_of_images",
        "let x = Input(shape = [2, 3, 4, 5]);
         let a = MultiHeadAttention(2, 3)(x, x);
         let b = MultiHeadAttention(2, 3, attention_axes = 2)(x, x);
         let c = MultiHeadAttention(2, 3, attention_axes = [1, 2], output_shape = [2, 3])(x, x);
         Model(inputs = [x], outputs = [a, b, c])",
    ),
    (
        "attention",
        "let q = Input(shape = [4, 6]);
         let v = Input(shape = [5, 6]);
         let qm = sum(q, axis = -1) > 0.0;
         let vm = sum(v, axis = -1) > 0.0;
         let a = Attention()([q, v]);
         let b = Attention(use_scale = true)([q, v], mask = [qm, vm]);
         let c = Attention(score_mode = concat, use_scale = true)([q, v, v]);
         let d = AdditiveAttention()([q, v], value_mask = vm);
         let e = AdditiveAttention(use_scale = false)([q, q], use_causal_mask = true);
         let (f, scores) = Attention()([q, q], return_attention_scores = true);
         Model(inputs = [q, v], outputs = [a, b, c, d, e, f, scores])",
    ),
    (
        "masked_attention",
        "let words = Input(shape = [6], dtype = \"int32\");
         let x = Embedding(5, 4, mask_zero = true)(words);
         let a = Attention()([x, x]);
         let b = MultiHeadAttention(2, 2)(x, x);
         let c = MultiHeadAttention(2, 2, dropout = 0.1)(x, x);
         Model(inputs = [words], outputs = [a, b, c])",
    ),
    (
        "convolutions",
        "let x = Input(shape = [9, 8, 4]);
         let s = Input(shape = [9, 4]);
         let a = Conv2D(6, 3, strides = 2, padding = same, groups = 2)(x);
         let b = Conv2D(2, [2, 3], dilation_rate = 2, padding = same, activation = gelu)(x);
         let c = Conv1D(3, 3, padding = causal, dilation_rate = 2)(s);
         let d = Conv2DTranspose(3, 2, strides = 3)(x);
         let e = Conv2DTranspose(3, 4, strides = 2, padding = same)(x);
         let f = Conv2DTranspose(3, 3, strides = 2, padding = same, output_padding = 1)(x);
         let g = Conv1DTranspose(2, 3, strides = 2, dilation_rate = 1)(s);
         let h = DepthwiseConv2D(3, strides = 2, padding = same, depth_multiplier = 2, activation = relu)(x);
         let i = DepthwiseConv1D(3, depth_multiplier = 3)(s);
         let j = SeparableConv2D(5, 3, depth_multiplier = 2, padding = same)(x);
         let k = SeparableConv1D(5, 3, strides = 2)(s);
         let l = Conv2DTranspose(2, 3, dilation_rate = 2)(x);
         let m = Conv2DTranspose(2, 3, dilation_rate = 2, padding = same)(x);
         let n = Conv2DTranspose(2, 1, strides = 2, padding = same)(x);
         Model(inputs = [x, s], outputs = [a, b, c, d, e, f, g, h, i, j, k, l, m, n])",
    ),
    (
        "images",
        "let x = Input(shape = [11, 9, 3]);
         let a = MaxPooling2D(3, strides = 2, padding = same)(x);
         let b = AveragePooling2D([2, 3], strides = 2, padding = same)(x);
         let c = AdaptiveAveragePooling2D([4, 5])(x);
         let d = AdaptiveMaxPooling2D([3, 3])(x);
         let e = UpSampling2D([2, 3], interpolation = bilinear)(x);
         let f = UpSampling2D(2)(x);
         let g = ZeroPadding2D([[1, 2], [0, 3]])(x);
         let h = Cropping2D([[1, 2], [0, 3]])(x);
         let i = GlobalMaxPooling2D(keepdims = true)(x);
         let j = BatchNormalization(axis = 1)(x);
         let k = GroupNormalization(3)(x);
         let l = LayerNormalization(axis = [1, 3])(x);
         let m = LayerNormalization(axis = [2, 3], scale = false)(x);
         let n = UnitNormalization(axis = [1, 2])(x);
         let o = RMSNormalization(axis = [1, 3])(x);
         let p = PReLU(shared_axes = [1, 2])(x);
         let q = Normalization(axis = [2, 3])(x);
         Model(inputs = [x], outputs = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q])",
    ),
    (
        "residual",
        "let x = Input(shape = [12, 10, 3]);
         let s = Conv2D(4, 3, padding = same)(x);
         let s = BatchNormalization()(s);
         let s = ReLU()(s);
         let r = DepthwiseConv2D(3, padding = same)(ZeroPadding2D(1)(s));
         let r = Cropping2D(1)(BatchNormalization(scale = false)(r));
         let t = Add()([s, r]);
         let u = concatenate([t, s]);
         let u = Concatenate(axis = 1)([u, u]);
         let u = Dropout(0.5)(MaxPooling2D(2)(u));
         let v = UpSampling2D(2)(u) * 0.5;
         let g = GlobalAveragePooling2D()(u);
         let y = Dense(3, activation = softmax)(g);
         Model(inputs = [x], outputs = [y, v])",
    ),
    (
        "sequences",
        "let x = Input(shape = [7, 3]);
         let a = AveragePooling1D(3, strides = 2, padding = same)(x);
         let b = AdaptiveAveragePooling1D(3)(x);
         let c = UpSampling1D(2)(x);
         let d = Cropping1D([1, 2])(ZeroPadding1D([3, 1])(x));
         let e = BatchNormalization()(x);
         let f = GroupNormalization(-1, axis = 1)(x);
         let g = GlobalMaxPooling1D(keepdims = true)(x);
         let h = RepeatVector(3)(GlobalAveragePooling1D()(x));
         Model(inputs = [x], outputs = [a, b, c, d, e, f, g, h])",
    ),
    (
        "products",
        "let a = Input(shape = [4, 5]);
         let b = Input(shape = [5, 3]);
         let v = Input(shape = [5]);
         let t = Input(shape = [2, 4, 5]);
         let c = matmul(a, b);
         let d = matmul(v, b);
         let e = matmul(a, v);
         let f = matmul(t, b);
         let g = Dot(axes = (2, 1))([a, b]);
         let h = Dot(axes = 1, normalize = true)([v, v]);
         let i = einsum(\"bij,bjk->bik\", a, b);
         let j = einsum(\"b...ij,bj->b...i\", t, v);
         let k = einsum(\"...i,...i->...\", v, v);
         let l = einsum(\"bhij,bkj->bihk\", t, a);
         let m = einsum(\"bij->bji\", a);
         let n = einsum(\"bij->bj\", a);
         let o = matmul(v, v);
         let p = EinsumDense(\"abcd,cde->abe\", [none, 6], bias_axes = \"e\", activation = relu)(t);
         let q = EinsumDense(\"...d,de->...e\", 3, bias_axes = \"e\")(t);
         let w = matmul(a, Weight([5, 2]));
         Model(inputs = [a, b, v, t], outputs = [c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, w])",
    ),
    (
        "weights",
        "let x = Input(shape = [4, 3]);
         let w = Weight([4, 3]);
         let bias = Weight([3]);
         let a = x * w + bias;
         let b = concatenate([x, w]);
         let c = x + tanh(bias);
         let d = stack([x, w], axis = 1);
         let e = softmax(w, axis = 1) * x;
         Model(inputs = [x], outputs = [a, b, c, d, e])",
    ),
    (
        "parts",
        "let x = Input(shape = [5, 6]);
         let a = x[-1];
         let b = x[1..3, 2];
         let c = x[.., -3..];
         let d = x[1..-1, 0..-2];
         let e = flip(x, axis = [1, 2]);
         let f = repeat(x, 2, axis = 1);
         let g = tile(x, [2, 3]);
         let h = transpose(x, axes = [0, 2, 1]);
         let i = expand_dims(x, axis = [1, -1]);
         let j = squeeze(i, axis = 1);
         let (k, l) = split(x, 2, axis = -1);
         let m = unstack(x, axis = 1);
         let n = stack([a, a], axis = -1);
         let o = cumsum(x, axis = 1);
         let p = m[2] * 2.0;
         Model(inputs = [x], outputs = [a, b, c, d, e, f, g, h, i, j, k, l, n, o, p])",
    ),
    (
        "reductions",
        "let x = Input(shape = [3, 4, 5]);
         let a = sum(x, axis = [1, 3]);
         let b = var(x, axis = 2, keepdims = true);
         let c = std(x, axis = [2, 3]);
         let d = logsumexp(x, axis = [1, 2], keepdims = true);
         let e = norm(x, axis = [1, 2]);
         let f = prod(x, axis = -1);
         let g = softmax(x, axis = [1, 3]);
         let h = log_softmax(x, axis = 2);
         let i = sparsemax(x, axis = 1);
         let j = cast(argmax(x, axis = 2), float32);
         let k = cast(argmin(x, axis = -1, keepdims = true), float32);
         let l = any(x > 1.5, axis = 1);
         let m = all(x > -1.5, axis = [1, 2, 3]);
         Model(inputs = [x], outputs = [a, b, c, d, e, f, g, h, i, j, k, l, m])",
    ),
    (
        "values",
        "let x = Input(shape = [4, 3]);
         let y = Input(shape = [3]);
         let n = Input(shape = [3], dtype = \"int32\");
         let s = Input(shape = []);
         let a = where(x > y, x, 2.0 * y);
         let b = x % y;
         let c = floor_divide(x, 0.3);
         let d = arctan2(x, y);
         let e = clip(x, y, 1.0);
         let f = n * 2 + 1;
         let g = cast(f, float32) * y;
         let h = x * s;
         let i = s * 2.0;
         let j = in_train_phase(x, x * 3.0);
         let k = logical_and(x > 0.0, y);
         let l = round(x * 3.0) + trunc(x * 2.0) + sign(x);
         let m = power(maximum(x, y), 2.0);
         let o = Embedding(4, 2)(n % 4);
         Model(inputs = [x, y, n, s], outputs = [a, b, c, d, e, g, h, i, j, k, l, m, o])",
    ),
    (
        "ports",
        "let x = Input(shape = [4]);
         let n = Input(shape = [2], dtype = \"int32\");
         let y = Dense(3)(x);
         let same = y;
         let c = cast(argmax(y, axis = 1) + n[0], float32);
         let one = y + 1.0;
         Model(inputs = [x, n], outputs = [y, x, c, one])",
    ),
    (
        "categories",
        "let n = Input(shape = [5], dtype = \"int32\");
         let one = Input(shape = [1], dtype = \"int32\");
         let a = CategoryEncoding(6, output_mode = one_hot)(n);
         let b = CategoryEncoding(6)(n);
         let c = CategoryEncoding(6, output_mode = count)(n);
         let d = CategoryEncoding(6, output_mode = one_hot)(one);
         Model(inputs = [n, one], outputs = [a, b, c, d])",
    ),
    (
        "scaled",
        "let x = Input(shape = [4, 3]);
         let m = Input(shape = [4, 3]);
         let a = Rescaling([0.5, 2.0, -1.0], offset = [1.0, 0.0, -0.5])(x);
         let b = Normalization(mean = [0.5, 2.0, -1.0], variance = [0.25, 4.0, 0.0])(x);
         let c = Normalization(mean = [0.5, 2.0, -1.0], variance = [0.25, 4.0, 1.0], invert = true)(x);
         let d = Normalization(axis = 1)(x);
         let e = Softmax()(x, mask = m > 0.0);
         let f = SpectralNormalization(Dense(3))(x);
         let g = Activation(glu)(concatenate([x, x]));
         Model(inputs = [x, m], outputs = [a, b, c, d, e, f, g])",
    ),
];
