//! Two inputs of different sizes cannot be swapped.

use mimo::prelude::*;

model! {
    pub Net {
        let ecg = Input(shape = [256]);
        let pressure = Input(shape = [1]);
        let x = concatenate([ecg, pressure]);
        let y = Dense(1)(x);
        Model(inputs = [ecg, pressure], outputs = [y])
    }
}

fn main() {
    let ecg: Tensor<(usize, Const<256>), f32, Cpu> = tensor(vec![0.0; 256]).unwrap();
    let pressure: Tensor<(usize, Const<1>), f32, Cpu> = tensor(vec![0.0]).unwrap();
    let _ = NetInputs { ecg: pressure, pressure: ecg };
}
