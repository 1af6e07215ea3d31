use super::rounds;
use crate::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

/// Runs `tasks` tasks and asserts that each ran once.
fn run_once_each(pool: &Pool, tasks: usize) {
    let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
    pool.run(tasks, &|i| {
        counts[i].fetch_add(1, Ordering::Relaxed);
    });
    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{tasks} tasks");
}

#[test]
fn every_task_runs_once() {
    for threads in [0, 1, 2, 3, 8] {
        let pool = Pool::new(threads);
        for round in 0..rounds(300) {
            run_once_each(&pool, round % 20);
        }
        // More tasks than there are units, with a short last unit.
        if !cfg!(miri) {
            run_once_each(&pool, 200_001);
        }
    }
}

#[test]
fn tasks_run_on_several_threads() {
    let pool = Pool::new(2);
    // Neither task can finish before the other has started.
    let barrier = Barrier::new(2);
    pool.run(2, &|_| {
        barrier.wait();
    });
}

#[test]
fn results_are_visible_after_the_run() {
    let pool = Pool::new(4);
    let mut total = 0;
    let rounds = rounds(200);
    for round in 0..rounds {
        let parts: Vec<Mutex<usize>> = (0..9).map(|_| Mutex::new(0)).collect();
        pool.run(9, &|i| *parts[i].lock().unwrap() = i + round);
        total += parts.into_iter().map(|part| part.into_inner().unwrap()).sum::<usize>();
    }
    assert_eq!(total, rounds * 36 + 9 * (0..rounds).sum::<usize>());
}

#[test]
fn a_panic_reaches_the_caller_after_all_tasks() {
    for threads in [2, 3] {
        let pool = Pool::new(threads);
        // The pool leaks what a second panic carries, which Miri reports: there, one task panics.
        for bad in if cfg!(miri) { 5..6 } else { 0..10 } {
            let ran = AtomicUsize::new(0);
            let run = || {
                pool.run(10, &|i| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    assert!(i != bad && i != 5, "task {i}");
                });
            };
            let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
            let text = panic.downcast_ref::<String>().unwrap();
            assert!(*text == format!("task {bad}") || text == "task 5", "{text}");
            assert_eq!(ran.load(Ordering::Relaxed), 10);
            run_once_each(&pool, 10);
        }
    }
}

#[test]
fn a_panic_passes_through_a_pool_of_one() {
    let pool = Pool::new(1);
    assert!(catch_unwind(AssertUnwindSafe(|| pool.run(3, &|i| assert_ne!(i, 1)))).is_err());
    run_once_each(&pool, 3);
}

#[test]
fn runs_nest() {
    let pool = Pool::new(3);
    let count = AtomicUsize::new(0);
    pool.run(5, &|_| {
        pool.run(7, &|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(count.load(Ordering::Relaxed), 35);
}

#[test]
fn runs_from_several_threads_at_once() {
    let pool = Pool::new(2);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..rounds(200)).for_each(|_| run_once_each(&pool, 6)));
        }
    });
}

#[test]
fn sleeping_workers_wake() {
    let pool = Pool::new(2);
    for _ in 0..rounds(20) + 1 {
        // Long enough for the workers to sleep; if they do not, the test still holds.
        thread::sleep(std::time::Duration::from_millis(2));
        let barrier = Barrier::new(2);
        pool.run(2, &|_| {
            barrier.wait();
        });
    }
}
