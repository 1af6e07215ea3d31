use mimo::prelude::*;

model! {
    pub Net {
        const A: usize = B * B;
        const B: usize = C * C;
        const C: usize = D * D;
        const D: usize = E * E;
        const E: usize = F * F;
        const F: usize = G * G;
        const G: usize = H * H;
        const H: usize = I * I;
        const I: usize = J * J;
        const J: usize = K * K;
        const K: usize = L * L;
        const L: usize = M * M;
        const M: usize = N * N;
        const N: usize = O * O;
        const O: usize = config::SIZE;
        let x = Input(shape = [8]);
        let y = Dense(A)(x);
        Model(inputs = [x], outputs = [y])
    }
}

mod config {
    pub const SIZE: usize = 1;
}

fn main() {}
