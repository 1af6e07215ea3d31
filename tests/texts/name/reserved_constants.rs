use mimo::prelude::*;

model! {
    pub Net {
        const INPUTS: usize = 4;
        const PARAMETERS: usize = 3;
        const forward: usize = 2;
        const __LEN: usize = 2;
        let x = Input(shape = [INPUTS]);
        let h = Dense(PARAMETERS)(x);
        let y = Dense(forward * __LEN)(h);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {
    let _ = Net::new(1).forward(&NetInputs { x: tensor(vec![0.0; 4]).unwrap() });
}
