//! Splits of rows into parts: shuffled, stratified by class, by whole groups, and k-fold.
//!
//! Each function returns indices of rows in ascending order. The same seed returns the same split.

use std::collections::BTreeMap;

use super::Random;
use crate::error::Error;

/// The rows of a training part and of a held-out part.
pub type Parts = (Vec<usize>, Vec<usize>);

/// Holds out a fraction of `rows` rows, drawn at random. The number is that of `validation_split`: all but `⌊rows ·
/// (1 − fraction)⌋`.
///
/// # Errors
/// [`ValidationSplit`](Error::ValidationSplit) if the fraction is not between 0 and 1, or one part would be empty.
pub fn shuffled(rows: usize, fraction: f64, seed: u64) -> Result<Parts, Error> {
    let held_out = held_out(rows, fraction)?;
    let mut order: Vec<usize> = (0..rows).collect();
    Random::new(seed).shuffle(&mut order);
    Ok(parts(rows, &order[..held_out]))
}

/// Holds out a fraction of the rows of each class: the number for a class is rounded up or down, such that the total
/// is that of [`shuffled`]. `classes` has one key per row.
///
/// # Errors
/// Those of [`shuffled`].
pub fn stratified<C: Ord>(classes: &[C], fraction: f64, seed: u64) -> Result<Parts, Error> {
    let wanted = held_out(classes.len(), fraction)?;
    let mut random = Random::new(seed);
    let mut members = by_key(classes);
    // Largest remainders: each class gets the integer part of its fraction, and those with the largest remainders get
    // one more.
    let shares = members.iter().map(|rows| rows.len() as f64 * wanted as f64 / classes.len() as f64);
    let mut counts: Vec<usize> = shares.clone().map(|share| share as usize).collect();
    let mut order: Vec<(usize, f64)> = shares.map(f64::fract).enumerate().collect();
    // Ties are broken at random, independent of the order of the classes.
    random.shuffle(&mut order);
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let left = wanted.saturating_sub(counts.iter().sum());
    for (class, _) in order.into_iter().take(left) {
        counts[class] += 1;
    }
    let mut chosen = Vec::with_capacity(wanted);
    for (rows, count) in members.iter_mut().zip(counts) {
        random.shuffle(rows);
        chosen.extend(rows.iter().take(count));
    }
    Ok(parts(classes.len(), &chosen))
}

/// Holds out whole groups, drawn at random, such that their number of rows is as near to the fraction as possible. No
/// group is in both parts: the rows of one patient, or of one day, are all in the training part or all held out.
/// `groups` has one key per row.
///
/// # Errors
/// Those of [`shuffled`]; a single group cannot be split.
pub fn grouped<G: Ord>(groups: &[G], fraction: f64, seed: u64) -> Result<Parts, Error> {
    let rows = groups.len();
    let wanted = held_out(rows, fraction)?;
    let mut members = by_key(groups);
    if members.len() < 2 {
        return Err(Error::ValidationSplit { fraction, rows });
    }
    Random::new(seed).shuffle(&mut members);
    let (mut chosen, mut groups) = (Vec::new(), 0);
    for rows in &members {
        let (now, then) = (chosen.len(), chosen.len() + rows.len());
        // One group must stay in the training part.
        if groups + 1 < members.len() && then.abs_diff(wanted) < now.abs_diff(wanted) {
            chosen.extend(rows);
            groups += 1;
        }
    }
    if chosen.is_empty() {
        // Every group is at least twice as large as the part.
        chosen = members.into_iter().min_by_key(Vec::len).unwrap_or_default();
    }
    Ok(parts(rows, &chosen))
}

/// Splits `rows` rows into `folds` folds, drawn at random, whose sizes differ by at most one. Returns for each fold
/// the rows of all others, and its own.
///
/// # Errors
/// [`Folds`](Error::Folds) if there are fewer than two folds, or fewer rows than folds.
pub fn k_fold(rows: usize, folds: usize, seed: u64) -> Result<Vec<Parts>, Error> {
    stratified_k_fold(&vec![(); rows], folds, seed)
}

/// Same as [`k_fold`], with folds whose numbers of rows of each class differ by at most one.
///
/// # Errors
/// Those of [`k_fold`].
pub fn stratified_k_fold<C: Ord>(classes: &[C], folds: usize, seed: u64) -> Result<Vec<Parts>, Error> {
    check_folds(classes.len(), folds)?;
    let mut random = Random::new(seed);
    let mut members = vec![Vec::new(); folds];
    let mut next = (0..folds).cycle();
    for mut rows in by_key(classes) {
        random.shuffle(&mut rows);
        // The next class continues where this one ends, so that the folds have equal sizes too.
        for row in rows {
            members[next.next().unwrap_or(0)].push(row);
        }
    }
    Ok(members.iter().map(|fold| parts(classes.len(), fold)).collect())
}

/// Same as [`k_fold`] with whole groups, the largest first, each assigned to the fold with the fewest rows.
///
/// # Errors
/// [`Folds`](Error::Folds) if there are fewer than two folds, or fewer groups than folds.
pub fn group_k_fold<G: Ord>(groups: &[G], folds: usize, seed: u64) -> Result<Vec<Parts>, Error> {
    let rows = groups.len();
    let mut groups = by_key(groups);
    check_folds(groups.len(), folds)?;
    Random::new(seed).shuffle(&mut groups);
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut members = vec![Vec::new(); folds];
    for group in groups {
        if let Some(smallest) = members.iter_mut().min_by_key(|fold| fold.len()) {
            smallest.extend(group);
        }
    }
    Ok(members.iter().map(|fold| parts(rows, fold)).collect())
}

/// Rows with those of smaller classes repeated, so that every class has as many as the largest. In random order.
pub(super) fn oversampled<C: Ord>(classes: &[C], seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed);
    let mut members = by_key(classes);
    let largest = members.iter().map(Vec::len).max().unwrap_or(0);
    let mut chosen = Vec::with_capacity(largest * members.len());
    for rows in &mut members {
        // Numbers of repetitions differ by at most one.
        random.shuffle(rows);
        chosen.extend(rows.iter().cycle().take(largest));
    }
    random.shuffle(&mut chosen);
    chosen
}

/// Number of held-out rows.
fn held_out(rows: usize, fraction: f64) -> Result<usize, Error> {
    let first = (rows as f64 * (1.0 - fraction)).floor();
    // NaN and values outside of 0 to 1 fail here too.
    if fraction > 0.0 && fraction < 1.0 && first >= 1.0 && first < rows as f64 {
        Ok(rows - first as usize)
    } else {
        Err(Error::ValidationSplit { fraction, rows })
    }
}

fn check_folds(rows: usize, folds: usize) -> Result<(), Error> {
    if folds < 2 || rows < folds { Err(Error::Folds { folds, rows }) } else { Ok(()) }
}

/// The rows of each key, in the order of the keys.
fn by_key<K: Ord>(keys: &[K]) -> Vec<Vec<usize>> {
    let mut members: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
    for (row, key) in keys.iter().enumerate() {
        members.entry(key).or_default().push(row);
    }
    members.into_values().collect()
}

/// All other rows, and these.
fn parts(rows: usize, chosen: &[usize]) -> Parts {
    let mut is_chosen = vec![false; rows];
    for &row in chosen {
        is_chosen[row] = true;
    }
    (0..rows).partition(|row| !is_chosen[*row])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks that each row is in one part, and that no part is empty.
    fn check(rows: usize, (train, held_out): &Parts) {
        let mut all: Vec<usize> = train.iter().chain(held_out).copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..rows).collect::<Vec<_>>());
        assert!(!train.is_empty() && !held_out.is_empty());
        assert!(train.is_sorted() && held_out.is_sorted());
    }

    fn count(rows: &[usize], keys: &[u8], key: u8) -> usize {
        rows.iter().filter(|row| keys[**row] == key).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

        #[test]
        fn shuffled_parts_are_disjoint_and_complete(rows in 0_usize..300, fraction in -0.2..1.2_f64, seed: u64) {
            match shuffled(rows, fraction, seed) {
                Ok(split) => {
                    check(rows, &split);
                    prop_assert_eq!(split.0.len(), (rows as f64 * (1.0 - fraction)).floor() as usize);
                    prop_assert_eq!(&split, &shuffled(rows, fraction, seed).expect("the same"));
                }
                Err(error) => {
                    let first = (rows as f64 * (1.0 - fraction)).floor() as i64;
                    let valid = fraction > 0.0 && fraction < 1.0 && first > 0 && first < rows as i64;
                    prop_assert!(!valid, "{}", error);
                }
            }
        }

        #[test]
        fn stratified_parts_have_each_class_within_one_row(
            classes in prop::collection::vec(0_u8..6, 2..300), fraction in 0.01..0.99_f64, seed: u64,
        ) {
            let Ok(split) = stratified(&classes, fraction, seed) else { return Ok(()) };
            check(classes.len(), &split);
            let share = split.1.len() as f64 / classes.len() as f64;
            for class in 0..6 {
                let all = classes.iter().filter(|it| **it == class).count() as f64;
                let held_out = count(&split.1, &classes, class) as f64;
                prop_assert!((held_out - all * share).abs() < 1.0, "{} of {}", held_out, all);
            }
        }

        #[test]
        fn groups_are_never_cut(
            groups in prop::collection::vec(0_u8..9, 2..200), fraction in 0.05..0.95_f64, folds in 2_usize..6, seed: u64,
        ) {
            if let Ok(split) = grouped(&groups, fraction, seed) {
                check(groups.len(), &split);
                prop_assert!(split.0.iter().all(|row| count(&split.1, &groups, groups[*row]) == 0));
            }
            if let Ok(splits) = group_k_fold(&groups, folds, seed) {
                prop_assert_eq!(splits.len(), folds);
                for split in &splits {
                    check(groups.len(), split);
                    prop_assert!(split.0.iter().all(|row| count(&split.1, &groups, groups[*row]) == 0));
                }
            }
        }

        #[test]
        fn every_row_is_held_out_by_one_fold(
            classes in prop::collection::vec(0_u8..4, 2..120), folds in 0_usize..9, seed: u64,
        ) {
            let rows = classes.len();
            for splits in [k_fold(rows, folds, seed), stratified_k_fold(&classes, folds, seed)] {
                let Ok(splits) = splits else {
                    prop_assert!(folds < 2 || rows < folds);
                    continue;
                };
                splits.iter().for_each(|split| check(rows, split));
                let mut held_out: Vec<usize> = splits.iter().flat_map(|split| split.1.clone()).collect();
                held_out.sort_unstable();
                prop_assert_eq!(held_out, (0..rows).collect::<Vec<_>>());
                prop_assert!(splits.iter().all(|split| split.1.len().abs_diff(rows / folds) <= 1));
            }
            if let Ok(splits) = stratified_k_fold(&classes, folds, seed) {
                for class in 0..4 {
                    let counts: Vec<usize> = splits.iter().map(|split| count(&split.1, &classes, class)).collect();
                    let (least, most) = (counts.iter().min(), counts.iter().max());
                    prop_assert!(most.copied().unwrap_or(0) - least.copied().unwrap_or(0) <= 1, "{:?}", counts);
                }
            }
        }

        #[test]
        fn oversampled_classes_are_equal(classes in prop::collection::vec(0_u8..5, 1..200), seed: u64) {
            let rows = oversampled(&classes, seed);
            let all: Vec<usize> = (0..5).map(|class| count(&rows, &classes, class)).filter(|it| *it > 0).collect();
            prop_assert!(all.iter().all(|it| *it == all[0]));
            prop_assert!((0..classes.len()).all(|row| rows.contains(&row)), "every row is there");
        }
    }

    #[test]
    fn near_fractions_are_reached_with_small_groups() {
        let groups: Vec<usize> = (0..100).map(|row| row / 2).collect();
        let (_, held_out) = grouped(&groups, 0.2, 1).expect("a split");
        assert_eq!(held_out.len(), 20);
    }
}
