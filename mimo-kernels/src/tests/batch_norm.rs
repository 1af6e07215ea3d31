use super::{Source, cases, every_table, tolerance};
use crate::batch_norm::{
    BLOCK, ChannelBlock, channel_affine, channel_gradient, channel_gradient_sums, channel_squares,
    channel_sums,
};
use crate::element::Element;

/// Compares every loop on samples `[3, channels, inner]`, channel by channel, with the definitions.
fn check<E: Element>(table: &str) {
    let mut source = Source::new(4);
    let all = [(1, 1), (7, 1), (BLOCK, 1), (2 * BLOCK + 3, 1), (5, 4), (BLOCK + 1, 3)];
    for &(channels, inner) in cases(&all, &[(7, 1), (5, 3)]) {
        let len = 3 * channels * inner;
        let [x, dy]: [Vec<E>; 2] = std::array::from_fn(|_| source.values(len));
        let before: Vec<E> = source.values(len);
        let (mut y, mut dx, mut added) = (before.clone(), before.clone(), before.clone());
        let mut seen = 0;
        for block in ChannelBlock::all(channels, inner) {
            seen += block.len;
            let by_channel: [[E; BLOCK]; 4] =
                std::array::from_fn(|_| std::array::from_fn(|_| source.next::<E>()));
            let [mean, scale, slope, shift] = by_channel;
            let means: Vec<f64> = mean.iter().map(|mean| mean.f64()).collect();
            let (mut sums, mut squares) = (vec![0.5; block.len], vec![0.5; block.len]);
            let mut gradient_sums = [[0.5; BLOCK]; 2];
            channel_sums(block, &x, &mut sums);
            channel_squares(block, &x, &means[..block.len], &mut squares);
            channel_affine(block, &[mean, scale, shift], &x, &mut y);
            channel_gradient_sums(block, &[mean, scale], &x, &dy, &mut gradient_sums);
            channel_gradient(block, &by_channel, &x, &dy, &mut dx, false);
            channel_gradient(block, &by_channel, &x, &dy, &mut added, true);
            for c in 0..block.len {
                let near = |found: f64, wanted: f64, what: &str| {
                    let bound = tolerance::<E>() * (1.0 + wanted.abs());
                    assert!((found - wanted).abs() < bound, "{table}, {what}: {found} instead of {wanted}");
                };
                let [mean, scale, slope, shift] = [mean, scale, slope, shift].map(|values| values[c].f64());
                let mut wanted = [0.5; 4];
                for at in (0..len).filter(|at| at / inner % channels == block.first + c) {
                    let (x, dy, centred) = (x[at].f64(), dy[at].f64(), x[at].f64() - mean);
                    let terms = [x, centred * centred, dy, dy * centred * scale];
                    wanted.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                    near(y[at].f64(), centred * scale + shift, "affine");
                    let gradient = dy * scale + centred * slope + shift;
                    near(dx[at].f64(), gradient, "gradient");
                    near(added[at].f64(), before[at].f64() + gradient, "added gradient");
                }
                let found = [sums[c], squares[c], gradient_sums[0][c], gradient_sums[1][c]];
                found.into_iter().zip(wanted).for_each(|(found, wanted)| near(found, wanted, "sums"));
            }
        }
        assert_eq!(seen, channels);
    }
}

#[test]
fn loops_over_channels() {
    every_table(check::<f32>, || check::<f64>("double"));
}
