use super::*;
use crate::layers::check::{Bench, check, gradient_of};
use crate::program::{GradientTarget, Read, Written};

const KINDS: [PoolKind; 3] = [PoolKind::Max, PoolKind::SharedMax, PoolKind::Average];

fn pooling(bench: &mut Bench, kind: PoolKind, op: &Shape, gap: usize, accumulate: bool) -> Pooling {
    let Shape { image, size, strides, padding } = *op;
    let Windows { count: [down, right], .. } = op.windows();
    let [x, dx] = std::array::from_fn(|_| bench.value(image.iter().product(), gap));
    let [y, dy] = std::array::from_fn(|_| bench.value(down * right * image[2], gap));
    let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
    let (x, y) = (Read::new(x, Some(target)), Written::new(y, Some(dy)));
    Pooling { kind, image, size, strides, padding, x, y }
}

/// Windows of an operation.
#[derive(Clone, Copy)]
struct Shape {
    image: [usize; 3],
    size: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
}

impl Shape {
    fn windows(&self) -> Windows {
        let [height, width, channels] = self.image;
        match self.padding {
            Padding::Same => Windows::same([height, width], channels, self.size, self.strides),
            Padding::Valid => Windows::valid([height, width], channels, self.size, self.strides),
        }
    }
}

/// Random windows, half of them over the edges, a few of height 1.
fn some_windows(key: u64) -> Shape {
    let mut drawn = 0;
    let mut draw = |to: usize| {
        drawn += 1;
        1 + (kernels::uniform(key, drawn) * to as f64) as usize
    };
    let image = [draw(6), draw(6)];
    let channels = [1, 2, 5, 67][draw(4) - 1];
    let strides = [draw(3), draw(3)];
    let (same, size) = (draw(2) == 1, [draw(4), draw(4)]);
    let padding = if same { Padding::Same } else { Padding::Valid };
    let size = if same { size } else { [size[0].min(image[0]), size[1].min(image[1])] };
    Shape { image: [image[0], image[1], channels], size, strides, padding }
}

#[test]
fn gradients() {
    for key in 0..60 {
        let windows = some_windows(key);
        for kind in KINDS {
            let mut bench = Bench::new(1 + (key % 2) as usize);
            let op = pooling(&mut bench, kind, &windows, (key % 3) as usize, key % 4 == 3);
            check(&bench, &op, &[(op.x.view, op.x.gradient)], op.y.view, gradient_of(&op.y));
        }
    }
}

/// Values of every window and channel, by the definition: windows in a padded image, without the padding.
fn values(windows: &Windows, x: &[f64]) -> Vec<Vec<f64>> {
    let mut all = vec![];
    for (down, right) in (0..windows.count[0]).flat_map(|i| (0..windows.count[1]).map(move |j| (i, j))) {
        for channel in 0..windows.channels {
            let mut found = vec![];
            for (i, j) in (0..windows.size[0]).flat_map(|i| (0..windows.size[1]).map(move |j| (i, j))) {
                let row = (down * windows.strides[0] + i) as i64 - windows.before[0] as i64;
                let column = (right * windows.strides[1] + j) as i64 - windows.before[1] as i64;
                let [height, width] = windows.image.map(|n| n as i64);
                if (0..height).contains(&row) && (0..width).contains(&column) {
                    found.push(x[(row * width + column) as usize * windows.channels + channel]);
                }
            }
            all.push(found);
        }
    }
    all
}

#[test]
fn results_are_those_of_the_definition() {
    for key in 0..200 {
        let shape = some_windows(key);
        let windows = shape.windows();
        for kind in KINDS {
            let mut bench = Bench::new(1);
            let op = pooling(&mut bench, kind, &shape, 1, false);
            let mut arena = bench.arena::<f64>();
            bench.fill(&mut arena, op.x.view, key);
            bench.forward(&op, &mut arena);
            let wanted =
                values(&windows, &bench.read(&arena, op.x.view)).into_iter().map(|values| match kind {
                    PoolKind::Average => values.iter().sum::<f64>() / values.len() as f64,
                    PoolKind::Max | PoolKind::SharedMax => {
                        values.into_iter().fold(f64::NEG_INFINITY, f64::max)
                    }
                });
            for (found, wanted) in bench.read(&arena, op.y.view).into_iter().zip(wanted) {
                assert!(
                    (found - wanted).abs() < 1e-12,
                    "{kind:?} of {windows:?}: {found} instead of {wanted}"
                );
            }
        }
    }
}

#[test]
fn equal_values_share_or_the_first_takes_all() {
    let gradient = |kind| {
        let mut bench = Bench::new(1);
        let shape = Shape { image: [1, 4, 1], size: [1, 4], strides: [1, 1], padding: Padding::Valid };
        let op = pooling(&mut bench, kind, &shape, 0, false);
        let mut arena = bench.arena::<f32>();
        bench.write(&mut arena, op.x.view, &[1.0, 3.0, 2.0, 3.0]);
        bench.write(&mut arena, gradient_of(&op.y), &[8.0]);
        bench.forward(&op, &mut arena);
        bench.backward(&op, &mut arena);
        bench.read(&arena, op.x.gradient.expect("a gradient_target").view)
    };
    assert_eq!(gradient(PoolKind::Max), [0.0, 8.0, 0.0, 0.0]);
    assert_eq!(gradient(PoolKind::SharedMax), [0.0, 4.0, 0.0, 4.0]);
    assert_eq!(gradient(PoolKind::Average), [2.0, 2.0, 2.0, 2.0]);
}

#[test]
fn windows_are_counted_and_moved_as_in_keras() {
    let same = |n, size, stride| {
        let windows = Windows::same([1, n], 1, [1, size], [1, stride]);
        (windows.count[1], windows.before[1])
    };
    assert_eq!(same(5, 2, 2), (3, 0));
    assert_eq!(same(4, 3, 2), (2, 0));
    assert_eq!(same(5, 3, 2), (3, 1));
    assert_eq!(same(4, 3, 1), (4, 1));
    assert_eq!(same(3, 1, 5), (1, 0));
    assert_eq!(Windows::valid([5, 4], 1, [2, 4], [2, 1]).count, [2, 1]);
}
