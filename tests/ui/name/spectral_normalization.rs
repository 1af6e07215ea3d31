use mimo::prelude::*;

model! {
    Encoder {
        let x = Input(shape = [6, 4]);
        let y = SpectralNormalization(Dense(4))(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    pub Net {
        use Encoder;

        let x = Input(shape = [6, 4]);
        let frames = Input(shape = [3, 6, 4]);
        let a = SpectralNormalization(LSTM(8))(x);
        let b = SpectralNormalization(SeparableConv1D(8, 3))(x);
        let c = SpectralNormalization(SpectralNormalization(Dense(8)))(x);
        let d = SpectralNormalization(TimeDistributed(Conv1D(8, 3)))(frames);
        let e = SpectralNormalization(Dense(8, trainable = false))(x);
        let f = SpectralNormalization(Dense(8), power_iterations = 0)(x);
        let g = SpectralNormalization(Dense(8), 1.5)(x);
        let h = SpectralNormalization(Encoder())(x);
        let i = TimeDistributed(SpectralNormalization(Conv1D(8, 3)))(frames);
        let j = TimeDistributed(Encoder())(frames);
        let k = Bidirectional(SpectralNormalization(LSTM(8)))(x);
        let l = SpectralNormalization(Conv2D(8, 3))(x);
        let m = SpectralNormalization()(x);
        let n = SpectralNormalization(dense(8))(x);
        Model(inputs = [x, frames], outputs = [a, b, c, d, e, f, g, h, i, j, k, l, m, n])
    }
}

fn main() {}
