use crate::{AlignedVec, AllocationError, Claims, Pieces};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

#[test]
fn aligned_buffers_are_zeroed_aligned_and_cloned() {
    for len in [0, 1, 15, 16, 1000] {
        let mut buffer = AlignedVec::<f32>::try_zeroed(len).unwrap();
        assert_eq!(buffer.len(), len);
        assert_eq!(buffer.as_ptr().addr() % 64, 0);
        assert!(buffer.iter().all(|&x| x == 0.0));
        buffer.fill(2.0);
        let copy = buffer.clone();
        buffer.fill(3.0);
        assert!(copy.iter().all(|&x| x == 2.0));
        assert_eq!(copy.as_ptr().addr() % 64, 0);
    }
}

#[test]
fn impossible_buffers_are_errors() {
    for len in [usize::MAX, usize::MAX / 4, usize::MAX / 8] {
        assert_eq!(AlignedVec::<f32>::try_zeroed(len).unwrap_err(), AllocationError { len });
    }
}

#[test]
fn pieces_are_taken_once() {
    let mut values: Vec<f32> = (0..10u8).map(f32::from).collect();
    let mut claims = Claims::new(4);
    let bounds = [1, 3, 3, 9];
    for round in 0..2 {
        let pieces = Pieces::new(&mut values, &bounds, &mut claims);
        assert_eq!(pieces.len(), 3);
        let (a, b, c) = (pieces.take(0).unwrap(), pieces.take(1).unwrap(), pieces.take(2).unwrap());
        assert_eq!((a.len(), b.len(), c.len()), (2, 0, 6), "round {round}");
        assert!((0..4).all(|i| pieces.take(i).is_none()), "round {round}");
        a[0] += 1.0;
        c[5] += 1.0;
    }
    assert_eq!(values, [0.0, 3.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 10.0, 9.0]);
}

#[test]
fn pieces_outlive_the_cut_and_cross_threads() {
    let mut values = vec![0u32; 1000];
    let mut claims = Claims::new(100);
    let bounds: Vec<usize> = (0..=100).map(|i| i * 10).collect();
    let pieces = Pieces::new(&mut values, &bounds, &mut claims);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for i in 0..100 {
                    for value in pieces.take(i).into_iter().flatten() {
                        *value += i as u32 + 1;
                    }
                }
            });
        }
    });
    assert!(values.iter().enumerate().all(|(i, &value)| value == i as u32 / 10 + 1));
}

#[test]
fn bad_bounds_are_refused() {
    let refused = |bounds: &[usize], claims: usize| {
        let mut claims = Claims::new(claims);
        let mut values = [0.0f32; 10];
        catch_unwind(AssertUnwindSafe(|| Pieces::new(&mut values, bounds, &mut claims).len())).is_err()
    };
    assert!(!refused(&[0, 10], 1) && !refused(&[], 0) && !refused(&[3], 0));
    assert!(refused(&[0, 11], 1), "outside");
    assert!(refused(&[5, 4], 1), "descending");
    assert!(refused(&[0, 4, 8], 1), "more pieces than claims");
}
