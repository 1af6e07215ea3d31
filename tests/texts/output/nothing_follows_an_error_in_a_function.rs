use mimo::prelude::*;

fn main() {
    model! {
        Net {
            let x = Input(shape = [8]);
            let y = Dens(1)(x);
            Model(inputs = [x], outputs = [y])
        }
    }

    let net = Net::new(7).unwrap();
    let outputs: NetOutputs = net.forward(NetInputs { x: [1.0; 8] }).unwrap();
    println!("{}", outputs.y.array()[0][0]);
}

