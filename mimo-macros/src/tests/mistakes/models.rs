//! Valid models with every form of the grammar.

pub(super) const MODELS: &[&str] = &[
    "pub Diagnosis {
        const FILTERS: usize = 32;
        let ecg = Input(shape = [256, 1]);
        let blood_pressure = Input(shape = [1]);
        let wave = Conv1D(FILTERS, 3, activation = relu)(ecg);
        let pooled: [127, 32] = MaxPooling1D(pool_size = 2)(wave);
        let flat = Flatten()(pooled);
        let features = concatenate([flat, blood_pressure]);
        let diagnosis = Dense(3, activation = softmax)(features);
        let risk = Dense(1, activation = sigmoid)(features);
        Model(inputs = [ecg, blood_pressure], outputs = [diagnosis, risk]).compile(
            optimizer = Adam(learning_rate = 1e-3),
            loss = { diagnosis: categorical_crossentropy, risk: binary_crossentropy },
            loss_weights = { diagnosis: 1.0, risk: 0.5 },
            metrics = { diagnosis: [accuracy], risk: [accuracy, auc] },
        )
    }",
    "pub Digits {
        let image = Input(shape = [28, 28, 1]);
        let first = Conv2D(16, (3, 3), activation = relu, padding = same)(image);
        let halved = MaxPooling2D(2)(first);
        let second = Conv2D(32, kernel_size = 3, strides = 2, padding = same)(halved);
        let third = Conv2D(filters = 32, kernel_size = 1, strides = 2)(halved);
        let joined = add([second, third]);
        let mean = GlobalAveragePooling2D()(joined);
        let digit = Dense(10, activation = softmax, name = \"head\")(mean);
        let even = Dense(1, activation = sigmoid)(mean);
        Model(inputs = image, outputs = [digit, even]).compile(
            optimizer = SGD(0.1, momentum = 0.9),
            loss = { digit: sparse_categorical_crossentropy, even: binary_crossentropy },
            metrics = { digit: accuracy },
        )
    }",
    "pub Siamese {
        let left = Input(shape = [12, 4]);
        let right = Input(shape = [12, 4]);
        let encoder = LSTM(16);
        let one = encoder(left);
        let two = encoder(right);
        let apart = subtract([one, two]);
        let near = Dense(8, activation = relu)(apart);
        let same = Dense(1, activation = sigmoid)(near);
        Model(inputs = [left, right], outputs = [same]).compile(optimizer = adam, loss = binary_crossentropy)
    }",
    "Reader {
        let words = Input(shape = [20], dtype = \"int32\");
        let vectors = Embedding(500, 8)(words);
        let both = Bidirectional(GRU(6, return_sequences = true))(vectors);
        let steps = TimeDistributed(Dense(5, activation = tanh))(both);
        let last = GRU(units = 7)(steps);
        let topic = Dense(4, activation = softmax)(last);
        let tags = Dense(3, activation = softmax)(both);
        Model(inputs = [words], outputs = [topic, tags]).compile(
            optimizer = RMSprop(learning_rate = 0.01, rho = 0.9),
            loss = { topic: categorical_crossentropy, tags: categorical_crossentropy },
            loss_weights = [1.0, 0.2],
        )
    }",
    "pub(crate) Translator {
        let source = Input(shape = [9, 3]);
        let target = Input(shape = [7, 2]);
        let (_read, hidden, cell) = LSTM(11, return_state = true)(source);
        let written = LSTM(11, return_sequences = true)(target, initial_state = [hidden, cell]);
        let noisy = Dropout(rate = 0.3)(written);
        let next = Dense(units = 5, activation = softmax)(noisy);
        Model(inputs = [source, target], outputs = { next: next }).compile(
            optimizer = \"adam\", loss = categorical_crossentropy, metrics = [accuracy],
        )
    }",
    "Autoencoder {
        let picture = Input(shape = [16, 16, 3]);
        let small = Conv2D(8, 3, strides = (2, 2), padding = same, activation = elu)(picture);
        let smaller: [4, 4, 4] = Conv2D(4, 3, strides = 2, padding = \"same\")(small);
        let larger = Conv2DTranspose(8, 3, strides = 2, padding = same)(smaller);
        let whole = UpSampling2D(size = 2)(larger);
        let restored = Conv2D(3, 3, padding = same, activation = sigmoid)(whole);
        let class = Dense(2, activation = softmax)(Flatten()(smaller));
        Model(inputs = [picture], outputs = [restored, class]).compile(
            optimizer = Adam(learning_rate = 1e-3, beta_1 = 0.8),
            loss = { restored: mse, class: categorical_crossentropy },
            loss_weights = { class: 0.1 },
            metrics = { restored: [mae] },
        )
    }",
    "Prices {
        const WIDTH: usize = 12;
        const TWICE: usize = WIDTH * 2;
        let house = Input(shape = (6,));
        let district = Input(shape = [2]);
        let wide = Dense(TWICE, activation = \"relu\", kernel_regularizer = L2(1e-4))(house);
        let narrow = Dense(WIDTH, activation = relu)(wide);
        let gate = Dense(WIDTH, activation = sigmoid)(district);
        let gated = narrow * gate;
        let price = Dense(1, name = \"price_head\")(gated);
        let rent = Dense(1)(gated);
        let days = Dense(1)(gated);
        Model(inputs = [house, district], outputs = [price, rent, days]).compile(
            optimizer = Adam(), loss = { price: mse, rent: mae, days: Huber(delta = 2.0) }, loss_weights = [1.0, 0.5, 0.1],
        )
    }",
    "Residual {
        let signal = Input(shape = [64, 8]);
        let a1 = Conv1D(8, 3, padding = causal)(signal);
        let a2 = LeakyReLU(0.1)(a1);
        let a3 = Conv1D(8, 3, padding = same)(a2);
        let s1 = a3 + signal;
        let b1 = Conv1D(8, 5, padding = same, use_bias = false)(s1);
        let s2 = maximum([b1, s1]);
        let pooled = GlobalMaxPooling1D()(s2);
        let level = Dense(1)(pooled);
        let kind = Dense(5, activation = softmax)(pooled);
        Model(inputs = [signal], outputs = { level: level, kind: kind }).compile(
            optimizer = nadam, loss = { level: mse, kind: categorical_crossentropy }, metrics = { kind: [accuracy] },
        )
    }",
    "Twins {
        let eye = Conv2D(4, 3, activation = relu);
        let flatten = Flatten();
        let left = Input(shape = [10, 10, 1]);
        let right = Input(shape = [10, 10, 1]);
        let lhs = flatten(eye(left));
        let rhs = flatten(eye(right));
        let depth = dot([lhs, rhs], axes = 1);
        let far = Dense(1, activation = sigmoid)(depth);
        let side = Dense(2, activation = softmax)(concatenate([lhs, rhs]));
        Model(inputs = [left, right], outputs = [far, side]).compile(
            optimizer = Adam(learning_rate = 0.001),
            loss = { far: binary_crossentropy, side: categorical_crossentropy },
        )
    }",
    "Station {
        let weather = Input(shape = [30, 5]);
        let place = Input(shape = [3]);
        let cropped = Cropping1D((2, 0))(weather);
        let padded = ZeroPadding1D(padding = 1)(cropped);
        let series = SimpleRNN(10, dropout = 0.1)(padded);
        let spread = RepeatVector(n = 4)(place);
        let turned = Permute((2, 1))(spread);
        let shaped = Reshape([6, 2])(turned);
        let map = Flatten()(shaped);
        let everything = concatenate([series, map]);
        let rain = Dense(1, activation = sigmoid)(everything);
        let wind = Dense(1, activation = softplus)(everything);
        let cloud = Dense(9, activation = softmax)(everything);
        Model(inputs = [weather, place], outputs = [rain, wind, cloud]).compile(
            optimizer = Adagrad(learning_rate = 0.05),
            loss = { rain: binary_crossentropy, wind: mse, cloud: none },
            metrics = { rain: [auc, precision], wind: [mae] },
        )
    }",
    "Noise {
        let sound = Input(shape = [40, 2]);
        let clean = GaussianNoise(0.1)(sound);
        let parts = SeparableConv1D(12, 5, padding = same, activation = relu)(clean);
        let deep = DepthwiseConv1D(3, depth_multiplier = 2)(parts);
        let mean = AveragePooling1D(pool_size = 2)(deep);
        let up = UpSampling1D(2)(mean);
        let top = GlobalAveragePooling1D()(up);
        let loud = Dense(1, kernel_initializer = he_normal)(top);
        Model(inputs = [sound], outputs = [loud]).compile(optimizer = lion, loss = mse, metrics = [mae, mse])
    }",
    "Coder {
        let picture = Input(shape = [16]);
        let words = Input(shape = [6, 4]);
        let hidden = Dense(12, activation = relu)(picture / 255.0 - 0.5);
        let both = Dense(8)(hidden);
        let (center, spread) = split(both, 2, axis = -1);
        let code = center + exp(0.5 * spread) * random_normal(center);
        let divergence = -0.5 * sum(1.0 + spread - square(center) - exp(spread), axis = -1);
        add_loss(divergence, weight = 0.1, name = \"kl\");
        let query = words[0];
        let keys = words[1..];
        let score = einsum(\"bd,btd->bt\", query, keys);
        let read = matmul(softmax(score, axis = -1), keys);
        let scale = Weight([4], initializer = ones);
        let gate = where(read > 0.0, read, 0.1 * read) * scale;
        let copy = Dense(16, activation = sigmoid)(code);
        let label = Dense(3, activation = softmax)(concatenate([code, gate]));
        Model(inputs = [picture, words], outputs = [copy, label]).compile(
            optimizer = Adam(1e-3), loss = { copy: binary_crossentropy, label: categorical_crossentropy },
        )
    }",
];
