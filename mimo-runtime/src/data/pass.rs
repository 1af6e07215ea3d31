//! Passes over a data set: an epoch of training, an evaluation.

use super::{Dataset, Random};
use crate::batch::BatchRows;
use crate::error::Error;
use crate::model::Trainable;

/// Samples of one pass over a data set, in order.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PassPlan<'p> {
    /// The samples, in the order of the batches.
    pub rows: &'p [usize],
    /// Samples per batch; the last batch may be smaller.
    pub batch_size: usize,
    /// First batch of the pass: not 0 if training resumes in the middle of an epoch.
    pub first_batch: usize,
    /// Whether weights are trained in the pass.
    pub training: bool,
    /// Number of trainer steps before the pass, counted from its first batch: differs from epoch to epoch, and is the
    /// same when training is resumed.
    pub number: u64,
}

impl<'p> PassPlan<'p> {
    /// A pass without training over these samples.
    pub(crate) fn evaluation(rows: &'p [usize], batch_size: usize) -> Self {
        PassPlan { rows, batch_size, first_batch: 0, training: false, number: 0 }
    }

    /// The remaining batches, with their indices in the pass.
    pub fn batches(&self) -> impl Iterator<Item = (usize, &'p [usize])> {
        self.rows.chunks(self.batch_size.max(1)).enumerate().skip(self.first_batch)
    }
}

/// A pass over a data set, created by [`Dataset::pass`].
pub trait Pass<E>: Sync {
    /// Called before each batch with its samples, in the order of the plan, by the thread that trains.
    ///
    /// # Errors
    /// Any error; it ends the `fit` or `evaluate`.
    fn begin_batch(&mut self, rows: &[usize]) -> Result<(), Error>;

    /// Fills a part of the current batch; see [`Dataset::gather`]. [`BatchRows::first_row`] is the offset of the part
    /// in the batch.
    ///
    /// # Errors
    /// Any error; it ends the `fit` or `evaluate`.
    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, E>) -> Result<(), Error>;
}

/// Source of the batches of a pass: the pass, or the data set itself.
pub(crate) struct Feed<'d, M: Trainable> {
    data: &'d dyn Dataset<M>,
    pass: Option<Box<dyn Pass<M::Float> + 'd>>,
}

impl<'d, M: Trainable> Feed<'d, M> {
    pub(crate) fn new(data: &'d dyn Dataset<M>, plan: &PassPlan<'_>) -> Result<Self, Error> {
        Ok(Feed { data, pass: data.pass(plan)? })
    }

    /// Must be called before each batch, in order.
    pub(crate) fn begin_batch(&mut self, rows: &[usize]) -> Result<(), Error> {
        self.pass.as_mut().map_or(Ok(()), |pass| pass.begin_batch(rows))
    }

    /// Fills a part of the batch.
    pub(crate) fn gather(
        &self,
        rows: &[usize],
        batch: &mut BatchRows<'_, '_, M::Float>,
    ) -> Result<(), Error> {
        match &self.pass {
            Some(pass) => pass.gather(rows, batch),
            None => self.data.gather(rows, batch),
        }
    }
}

/// A data set whose training batches are changed by a closure. See [`augment`].
pub struct Augmented<D, F> {
    data: D,
    seed: u64,
    change: F,
}

/// Random numbers of the samples of a batch.
#[derive(Clone, Copy, Debug)]
pub struct SampleRandom<'r> {
    key: u64,
    rows: &'r [usize],
}

impl SampleRandom<'_> {
    /// The random numbers of a sample, by its index among those passed to the closure. They depend on the seed, the
    /// epoch and the sample, but not on the thread or on the other samples.
    pub fn of(&self, place: usize) -> Random {
        Random::of_stream(self.key, self.rows.get(place).map_or(u64::MAX, |row| *row as u64))
    }
}

/// Creates a data set that passes every training batch through a closure: noise, flips, crops. Evaluations use the
/// samples unchanged.
///
/// The closure gets some samples of a batch, after `data` has filled them, and [random numbers](SampleRandom) for
/// each. Several threads call it at once, each with other samples. Its results are checked like the values of any
/// [`Dataset`].
///
/// ```ignore
/// let data = data::augment(data, SEED, |batch, random| {
///     for place in 0..batch.rows() {
///         let mut random = random.of(place);
///         let image = &mut batch.input(0)[place * 784..][..784];
///         image.iter_mut().for_each(|pixel| *pixel += 0.1 * random.normal() as f32);
///     }
///     Ok(())
/// });
/// ```
pub fn augment<M, D, F>(data: D, seed: u64, change: F) -> Augmented<D, F>
where
    M: Trainable + 'static,
    D: Dataset<M>,
    F: Fn(&mut BatchRows<'_, '_, M::Float>, &SampleRandom<'_>) -> Result<(), Error> + Sync,
{
    Augmented { data, seed, change }
}

impl<D, F> std::fmt::Debug for Augmented<D, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Augmented").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl<M, D, F> Dataset<M> for Augmented<D, F>
where
    M: Trainable + 'static,
    D: Dataset<M>,
    F: Fn(&mut BatchRows<'_, '_, M::Float>, &SampleRandom<'_>) -> Result<(), Error> + Sync,
{
    super::as_the_data_within!(M);

    fn pass<'a>(&'a self, plan: &PassPlan<'_>) -> Result<Option<Box<dyn Pass<M::Float> + 'a>>, Error> {
        if !plan.training {
            return self.data.pass(plan);
        }
        let key = crate::random::key(self.seed, plan.number);
        let pass = self.data.pass(plan)?;
        let pass: AugmentedPass<'a, M, D, F> =
            AugmentedPass { data: &self.data, pass, key, change: &self.change };
        Ok(Some(Box::new(pass)))
    }
}

struct AugmentedPass<'a, M: Trainable, D, F> {
    data: &'a D,
    pass: Option<Box<dyn Pass<M::Float> + 'a>>,
    key: u64,
    change: &'a F,
}

impl<M, D, F> Pass<M::Float> for AugmentedPass<'_, M, D, F>
where
    M: Trainable + 'static,
    D: Dataset<M>,
    F: Fn(&mut BatchRows<'_, '_, M::Float>, &SampleRandom<'_>) -> Result<(), Error> + Sync,
{
    fn begin_batch(&mut self, rows: &[usize]) -> Result<(), Error> {
        self.pass.as_mut().map_or(Ok(()), |pass| pass.begin_batch(rows))
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> {
        match &self.pass {
            Some(pass) => pass.gather(rows, batch)?,
            None => self.data.gather(rows, batch)?,
        }
        (self.change)(batch, &SampleRandom { key: self.key, rows })
    }
}
