use mimo::prelude::*;

model! {
    #[deny(mimo::zero_loss_weight, mimo::negative_loss_weight)]
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        add_loss(mean(square(y), axis = -1), weight = 0.0);
        add_loss(mean(abs(y), axis = -1), weight = -0.5, name = "size");
        Model(inputs = [x], outputs = [y]).compile(loss = mse)
    }
}

fn main() {}
