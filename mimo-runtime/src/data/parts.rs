//! Parts of data sets in memory: splits, folds, and classes of the same size.

use super::array::with_targets;
use super::class_weights::{class, classes};
use super::split::{self, Parts};
use super::{ArrayDataset, Dataset, spec};
use crate::error::Error;
use crate::kernels::Element;
use crate::model::{PerOutput, Trainable};
use mimo_graph::diag::did_you_mean;

impl<M: Trainable> ArrayDataset<M> {
    /// Splits the samples at random into a training part and a held-out part with this fraction of them. The memory
    /// is shared.
    ///
    /// ```ignore
    /// let (train, validation) = data.shuffled_split(0.2, SEED)?;
    /// ```
    ///
    /// # Errors
    /// [`ValidationSplit`](Error::ValidationSplit) if the fraction is not between 0 and 1, or one part would be empty.
    #[doc(alias = "train_test_split")]
    pub fn shuffled_split(&self, fraction: f64, seed: u64) -> Result<(Self, Self), Error> {
        self.parts(split::shuffled(Dataset::<M>::rows(self), fraction, seed)?)
    }

    /// Same as [`shuffled_split`](Self::shuffled_split), with the same fraction of every class of an output. Samples
    /// with a missing target are a separate class.
    ///
    /// # Errors
    /// [`ValidationSplit`](Error::ValidationSplit), [`NoSuchOutput`](Error::NoSuchOutput), and [`NoClasses`](Error::NoClasses) for an output
    /// without one class per sample.
    pub fn stratified_split(&self, output: &str, fraction: f64, seed: u64) -> Result<(Self, Self), Error> {
        self.parts(split::stratified(&self.classes_of(output)?, fraction, seed)?)
    }

    /// Same as [`shuffled_split`](Self::shuffled_split) with whole groups, such as all samples of one patient.
    /// `groups` has one key per sample of this set.
    ///
    /// # Errors
    /// [`ValidationSplit`](Error::ValidationSplit), and [`Groups`](Error::Groups) for another number of keys.
    pub fn group_split<G: Ord>(&self, groups: &[G], fraction: f64, seed: u64) -> Result<(Self, Self), Error> {
        self.parts(split::grouped(self.groups(groups)?, fraction, seed)?)
    }

    /// Splits the samples at random into `folds` folds, and returns the training part and the held-out part of each.
    /// Every sample is held out once.
    ///
    /// # Errors
    /// [`Folds`](Error::Folds) if there are fewer than two folds, or fewer samples than folds.
    #[doc(alias = "KFold")]
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<(Self, Self)>, Error> {
        self.all_parts(split::k_fold(Dataset::<M>::rows(self), folds, seed)?)
    }

    /// Same as [`k_fold`](Self::k_fold), with the same fraction of every class of an output in each fold.
    ///
    /// # Errors
    /// Those of [`k_fold`](Self::k_fold) and of [`stratified_split`](Self::stratified_split).
    pub fn stratified_k_fold(
        &self,
        output: &str,
        folds: usize,
        seed: u64,
    ) -> Result<Vec<(Self, Self)>, Error> {
        self.all_parts(split::stratified_k_fold(&self.classes_of(output)?, folds, seed)?)
    }

    /// Same as [`k_fold`](Self::k_fold) with whole groups. `groups` has one key per sample of this set.
    ///
    /// # Errors
    /// Those of [`k_fold`](Self::k_fold), of groups instead of samples, and [`Groups`](Error::Groups) for another number of keys.
    pub fn group_k_fold<G: Ord>(
        &self,
        groups: &[G],
        folds: usize,
        seed: u64,
    ) -> Result<Vec<(Self, Self)>, Error> {
        self.all_parts(split::group_k_fold(self.groups(groups)?, folds, seed)?)
    }

    /// Repeats samples of smaller classes of an output until every class has as many as the largest. Within a class,
    /// numbers of repetitions differ by at most one. Samples with a missing target are dropped.
    ///
    /// Only oversample the training part, after a split: a sample in both parts does not test anything.
    /// [`balanced_class_weights`](Self::balanced_class_weights) has the same effect on the loss without longer
    /// epochs.
    ///
    /// # Errors
    /// Those of [`stratified_split`](Self::stratified_split), and [`NoData`](Error::NoData) if every target is missing.
    pub fn oversampled(&self, output: &str, seed: u64) -> Result<Self, Error> {
        let classes = self.classes_of(output)?;
        let there: Vec<usize> = (0..classes.len()).filter(|row| classes[*row].is_some()).collect();
        if there.is_empty() {
            return Err(Error::NoData);
        }
        let of_there: Vec<Option<usize>> = there.iter().map(|row| classes[*row]).collect();
        self.select(split::oversampled(&of_there, seed).into_iter().map(|place| there[place]))
    }

    /// Sets weights of the samples such that every class of an output has the same total weight, `samples / (classes
    /// · samples of the class)`, and the mean is 1: scikit-learn's `class_weight="balanced"`. Only samples of this
    /// set with a target are counted.
    ///
    /// # Errors
    /// Those of [`class_weights`](Self::class_weights).
    pub fn balanced_class_weights(self, outputs: &M::PerOutput<bool>) -> Result<Self, Error> {
        let chosen = outputs.values();
        let mut weights: Vec<Option<Vec<f64>>> = vec![None; chosen.len()];
        for (index, output) in spec::<M>().outputs.iter().enumerate() {
            if !chosen.get(index).is_some_and(|it| **it) {
                continue;
            }
            let found = self.classes_of(output.name)?;
            let largest = found.iter().flatten().max().map_or(0, |class| class + 1);
            let mut counts = vec![0_usize; largest.max(self.class_count(index)?)];
            found.iter().flatten().for_each(|class| counts[*class] += 1);
            let (total, classes) =
                (counts.iter().sum::<usize>(), counts.iter().filter(|count| **count > 0).count());
            let weight = |count: usize| match count {
                // Not used for any sample.
                0 => 1.0,
                count => total as f64 / (classes * count) as f64,
            };
            counts.truncate(self.class_count(index)?);
            weights[index] = Some(counts.into_iter().map(weight).collect());
        }
        self.class_weights(&M::PerOutput::from_fn(|output| weights.get_mut(output).and_then(Option::take)))
    }

    fn parts(&self, (train, held_out): Parts) -> Result<(Self, Self), Error> {
        Ok((self.select(train)?, self.select(held_out)?))
    }

    fn all_parts(&self, folds: Vec<Parts>) -> Result<Vec<(Self, Self)>, Error> {
        folds.into_iter().map(|fold| self.parts(fold)).collect()
    }

    fn groups<'g, G>(&self, groups: &'g [G]) -> Result<&'g [G], Error> {
        let (len, rows) = (groups.len(), Dataset::<M>::rows(self));
        if len == rows { Ok(groups) } else { Err(Error::Groups { len, rows }) }
    }

    /// Number of classes of an output, by its index.
    fn class_count(&self, index: usize) -> Result<usize, Error> {
        let spec = spec::<M>();
        let output = &spec.outputs[index];
        let Some(column) = with_targets(spec).position(|(place, _)| place == index) else {
            return Err(Error::NoClasses { output: output.name, reason: "it has no targets" });
        };
        classes(output, self.arrays.targets[column].len() / self.arrays.rows.max(1))
    }

    /// The class of every sample for an output; `None` if its target is missing.
    fn classes_of(&self, output: &str) -> Result<Vec<Option<usize>>, Error> {
        let spec = spec::<M>();
        let names = || spec.outputs.iter().map(|output| output.name);
        let Some(index) = names().position(|name| name == output) else {
            let similar = did_you_mean(output, names()).map(str::to_owned);
            return Err(Error::NoSuchOutput { name: output.to_owned(), similar });
        };
        self.class_count(index)?;
        let column = with_targets(spec).position(|(place, _)| place == index).unwrap_or(0);
        let targets = &self.arrays.targets[column];
        let len = (targets.len() / self.arrays.rows.max(1)).max(1);
        let weights = self.arrays.weights.get(index);
        let rows = 0..Dataset::<M>::rows(self);
        let of = |row| {
            let place = self.place(row)?;
            let weight = weights.and_then(|weights| weights.get(place));
            let is_missing = weight.is_some_and(|weight| weight.is_missing());
            let target = targets.get(place * len..(place + 1) * len).unwrap_or_default();
            Ok((!is_missing).then(|| class(target)))
        };
        rows.map(of).collect()
    }
}
