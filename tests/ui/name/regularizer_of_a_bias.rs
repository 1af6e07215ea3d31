use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [9, 4]);
        let a = Dense(2, bias_regularizer = OrthogonalRegularizer(0.1))(x);
        let b = Conv1D(2, 3, kernel_regularizer = orthogonal_regularizer)(x);
        let c = Dense(2, kernel_regularizer = OrthogonalRegularizer(mode = "diagonal"))(x);
        let d = Dense(2, activity_regularizer = OrthogonalRegularizer(0.1))(x);
        let e = TimeDistributed(ActivityRegularization(0.1))(x);
        let f = ActivityRegularization(-0.1)(x);
        let g = TimeDistributed(Dense(2, activity_regularizer = L2(0.1)))(x);
        Model(inputs = [x], outputs = [a, b, c, d, e, f, g])
    }
}

fn main() {}
