use mimo::data::Dataset;
use mimo::prelude::*;

model! {
    pub Net {
        const WIDTH: usize = 8;
        let x = Input(shape = [WIDTH]);
        let word = Input(shape = [1], dtype = "int32");
        let h = Dense(4, activation = rleu)(x);
        let y_hat = Dense(1)(h);
        let kind = Dense(3, activation = softmax)(h);
        Model(inputs = [x, word], outputs = [y_hat, kind])
            .compile(loss = { y_hat: mse, kind: categorical_crossentropy }, metrics = { y_hat: [mae] })
    }
}

trait Named {
    const NAME: &'static str;
    fn parts(&self) -> usize;
}

impl Named for Net {
    const NAME: &'static str = "net";

    fn parts(&self) -> usize {
        self.dense.kernel.array().len() + Self::PARAMETERS + Net::WIDTH
    }
}

impl Net {
    fn twice(&self, inputs: &NetInputs) -> Result<[NetOutputs; 2]> {
        Ok([self.forward(inputs)?, self.forward(inputs)?])
    }
}

impl Default for NetPerOutput<f64> {
    fn default() -> Self {
        NetPerOutput { y_hat: 1.0, kind: 0.5 }
    }
}

struct Best<'m> {
    trainer: Trainer<'m, Net>,
    logs: Option<NetLogs>,
    of_y: Option<NetYHatLogs>,
    predictor: Predictor<Net>,
}

fn train<M: Trainable>(model: &mut M, data: &impl Dataset<M>) -> Result<()> {
    Trainer::new(model)?.fit(data, FitOptions::default()).map(drop)
}

fn batch<const N: usize>(inputs: NetInputs<Const<N>>, targets: &NetTargets<Const<N>>) -> NetInputs<Const<N>> {
    let NetTargets { y_hat, kind } = targets;
    let _ = (y_hat.array()[0][0], kind.array());
    NetInputs { x: inputs.x, ..inputs }
}

fn loss(logs: &NetLogs) -> f64 {
    logs.loss + logs.y_hat.mae + logs.kind.loss
}

fn main() -> Result<()> {
    let mut net: Net = Net::new(7);
    let wide = Net::<f64>::build(7);
    println!("{} {}", Net::summary(), wide.twice(&NetInputs { x: [0.0; 8], word: [1] })?.len());
    let targets = NetTargets { y_hat: [1.0], kind: [0.0, 1.0, 0.0] };
    train(&mut net, &(NetInputs { x: [0.0; 8], word: [1] }, targets))?;
    let mut trainer = Trainer::new(&mut net)?;
    trainer.set_loss_weights(&NetPerOutput::default())?;
    for epoch in 0..3 {
        let logs = trainer.evaluate((&NetInputs { x: [0.0; 8], word: [epoch] }, &targets), 32)?;
        println!("{}", loss(&logs) + logs.y_hat.loss);
    }
    let outputs = Predictor::new(&net)?.predict(&NetInputs { x: [0.0; 8], word: [1] })?;
    println!("{:?} {}", outputs.kind, outputs.y_hat.array()[0][0]);
    let sample = NetSample { x: &[0.0; 8], word: &[1] };
    let prediction: NetPrediction = Predictor::new(&net)?.predict_one(&sample)?;
    println!("{:?} {}", prediction.kind, prediction.y_hat[0]);
    Ok(())
}
