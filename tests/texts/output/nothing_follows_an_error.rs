use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = Dens(4)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
    }
}


struct Holder {
    net: Net,
}

impl Holder {
    fn risk(&self, inputs: NetInputs<usize>) -> f32 {
        let outputs: NetOutputs<usize> = self.net.forward(&inputs).unwrap();
        outputs.y.array()[0][0] + Net::WIDTH as f32
    }
}

fn targets() -> NetTargets {
    NetTargets { y: [1.0] }
}

fn main() {
    let mut net = Net::new(7).unwrap();
    let mut trainer = Trainer::new(&mut net).unwrap();
    trainer.set_loss_weights(&NetPerOutput { y: 0.5 }).unwrap();
    let NetTargets { y, .. } = targets();
    println!("{:?} {}", y, Net::PARAMETERS);
}
