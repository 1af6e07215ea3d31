//! Data that is read in order: from a file that does not fit into memory, or a generator.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use super::array::with_targets;
use super::{ArrayDataset, Arrays, Dataset, Pass, PassPlan, Random, spec};
use crate::batch::BatchRows;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::Element;
use crate::model::Trainable;
use crate::weighting::Weighting;

/// A data set that is read in order. See [`stream`].
pub struct Stream<M, F> {
    rows: usize,
    weighting: Weighting,
    /// Samples among which the next one is drawn, and the seed.
    shuffle: Option<(usize, u64)>,
    open: F,
    model: PhantomData<fn() -> M>,
}

/// Creates a data set of `rows` samples per epoch that are read in order, block by block, and are never all in
/// memory.
///
/// `open` opens the source at its start, once for each epoch and evaluation, and returns an iterator of blocks:
/// [`ArrayDataset`]s of any number of samples. `fit` does not shuffle a stream; [`shuffle`](Stream::shuffle) does,
/// within a buffer. [`prefetch`](super::prefetch()) reads it on a separate thread during steps.
///
/// ```ignore
/// let samples = move || Ok(files.clone().into_iter().map(read));
/// let data = data::stream::<Net, _, _>(rows, samples).shuffle(10_000, SEED);
/// trainer.fit(&data::prefetch(data), FitOptions::new().epochs(5))?;
/// ```
///
/// # Errors
/// An error of the source ends the `fit` or `evaluate` at the batch that needs its samples, and so does
/// [`StreamEnded`](Error::StreamEnded) if there are fewer samples than `rows`; the trainer has the state after the step before. Samples
/// after the first `rows` are not read. [`StreamOrder`](Error::StreamOrder) if single samples of a stream are asked for, as
/// [`train_on_rows`](crate::trainer::Trainer::train_on_rows) can; [`ShuffleBuffer`](Error::ShuffleBuffer).
pub fn stream<M, F, I>(rows: usize, open: F) -> Stream<M, F>
where
    M: Trainable + 'static,
    F: Fn() -> Result<I, Error> + Sync,
    I: Iterator<Item = Result<ArrayDataset<M>, Error>> + Send + 'static,
{
    Stream { rows, weighting: Weighting::NONE, shuffle: None, open, model: PhantomData }
}

impl<M, F> Stream<M, F> {
    /// Draws each next sample of a training epoch from a buffer of so many, as `tf.data.Dataset.shuffle`: the more, the better they are mixed, and
    /// the more memory it takes. A buffer of 1 keeps the order of the source. The order depends on the seed and the epoch.
    ///
    /// A buffer of 0 is reported by the `fit` that reads the stream: [`ShuffleBuffer`](Error::ShuffleBuffer).
    #[must_use]
    pub fn shuffle(mut self, buffer: usize, seed: u64) -> Self {
        self.shuffle = Some((buffer, seed));
        self
    }

    /// Declares whether the blocks have weights of samples.
    #[must_use]
    pub fn weighted(mut self, weighted: bool) -> Self {
        self.weighting.samples = weighted;
        self
    }

    /// Declares whether the blocks have weights of positions.
    #[must_use]
    pub fn position_weighted(mut self, weighted: bool) -> Self {
        self.weighting.positions = weighted;
        self
    }

    /// Declares whether the blocks have missing targets.
    #[must_use]
    pub fn missing_targets(mut self, missing: bool) -> Self {
        self.weighting.missing = missing;
        self
    }
}

impl<M, F> std::fmt::Debug for Stream<M, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("rows", &self.rows)
            .field("weighting", &self.weighting)
            .field("shuffle", &self.shuffle)
            .finish_non_exhaustive()
    }
}

impl<M, F, I> Dataset<M> for Stream<M, F>
where
    M: Trainable + 'static,
    F: Fn() -> Result<I, Error> + Sync,
    I: Iterator<Item = Result<ArrayDataset<M>, Error>> + Send + 'static,
{
    fn rows(&self) -> usize {
        self.rows
    }

    fn weighted(&self) -> bool {
        self.weighting.samples
    }

    fn position_weighted(&self) -> bool {
        self.weighting.positions
    }

    fn missing_targets(&self) -> bool {
        self.weighting.missing
    }

    fn sequential(&self) -> bool {
        true
    }

    fn gather(&self, _: &[usize], _: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> {
        Err(Error::StreamOrder)
    }

    fn pass<'a>(&'a self, plan: &PassPlan<'_>) -> Result<Option<Box<dyn Pass<M::Float> + 'a>>, Error> {
        let first = plan.rows.first().copied().unwrap_or(0);
        if !plan.rows.iter().enumerate().all(|(place, row)| *row == first + place) {
            return Err(Error::StreamOrder);
        }
        if self.shuffle.is_some_and(|(buffer, _)| buffer == 0) {
            return Err(Error::ShuffleBuffer);
        }
        let (buffer, seed) = self.shuffle.filter(|_| plan.training).unwrap_or((1, 0));
        let mut reader = BlockReader {
            blocks: (self.open)()?,
            block: None,
            read: 0,
            left: plan.rows.len(),
            wanted: self.rows,
            weighting: self.weighting,
        };
        for _ in 0..first {
            reader.next()?;
        }
        let random = Random::of_stream(seed, plan.number);
        let reader = Mutex::new(reader);
        let weighted = self.weighting.any();
        let mut pass = StreamPass { reader, buffer: vec![], size: buffer, random, batch: vec![], weighted };
        // Training that resumes in the middle of an epoch.
        for rows in plan.rows.chunks(plan.batch_size.max(1)).take(plan.first_batch) {
            pass.begin_batch(rows)?;
        }
        Ok(Some(Box::new(pass)))
    }
}

/// A sample: its columns, and its index in them.
type Sample<E> = (Arc<Arrays<E>>, usize);

struct BlockReader<M: Trainable, I> {
    blocks: I,
    /// The current block, and its next sample.
    block: Option<(ArrayDataset<M>, usize)>,
    read: usize,
    /// Number of samples that the pass still reads, without skipped ones.
    left: usize,
    wanted: usize,
    weighting: Weighting,
}

impl<M: Trainable, I: Iterator<Item = Result<ArrayDataset<M>, Error>>> BlockReader<M, I> {
    fn next(&mut self) -> Result<Sample<M::Float>, Error> {
        loop {
            if let Some((block, next)) = &mut self.block
                && *next < Dataset::<M>::rows(block)
            {
                let place = block.place(*next)?;
                *next += 1;
                self.read += 1;
                return Ok((Arc::clone(&block.arrays), place));
            }
            let ended = Error::StreamEnded { rows: self.read, wanted: self.wanted };
            let block = self.blocks.next().ok_or(ended)??;
            let found = block.arrays.weighting();
            let Weighting { samples, positions, missing } = self.weighting;
            let what = match () {
                () if found.missing && !missing => Some("missing_targets"),
                () if found.positions && !positions => Some("position_weighted"),
                () if found.samples && !(samples || found.missing || found.positions) => Some("weighted"),
                () => None,
            };
            if let Some(what) = what {
                return Err(Error::StreamWeights { what });
            }
            self.block = Some((block, 0));
        }
    }
}

struct StreamPass<M: Trainable, I> {
    /// Only `begin_batch` uses the source, through `get_mut`; in a mutex it need not be `Sync`.
    reader: Mutex<BlockReader<M, I>>,
    buffer: Vec<Sample<M::Float>>,
    /// Size of the shuffle buffer.
    size: usize,
    random: Random,
    batch: Vec<Sample<M::Float>>,
    /// Whether samples have weights, or may have no target.
    weighted: bool,
}

impl<M: Trainable, I> Pass<M::Float> for StreamPass<M, I>
where
    I: Iterator<Item = Result<ArrayDataset<M>, Error>> + Send + 'static,
{
    fn begin_batch(&mut self, rows: &[usize]) -> Result<(), Error> {
        self.batch.clear();
        let reader = self.reader.get_mut().unwrap_or_else(PoisonError::into_inner);
        for _ in rows {
            while reader.left > 0 && self.buffer.len() < self.size {
                reader.left -= 1;
                self.buffer.push(reader.next()?);
            }
            if self.buffer.is_empty() {
                return Err(Error::Inconsistent { what: "the batches of a pass" });
            }
            let place = self.random.below(self.buffer.len());
            self.batch.push(self.buffer.swap_remove(place));
        }
        Ok(())
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> {
        let first = batch.first_row();
        let Some(samples) = self.batch.get(first..first + rows.len()) else {
            return Err(Error::Inconsistent { what: "the batches of a pass" });
        };
        let spec = spec::<M>();
        for index in 0..spec.inputs.len() {
            copy(samples, batch.input(index), |arrays| arrays.inputs.get(index));
        }
        for (column, (output, _)) in with_targets(spec).enumerate() {
            copy(samples, batch.target(output), |arrays| arrays.targets.get(column));
        }
        for output in 0..spec.outputs.len() {
            if self.weighted {
                batch.sample_weight(output).fill(M::Float::of(1.0));
                copy(samples, batch.sample_weight(output), |arrays| arrays.weights.get(output));
            }
            copy(samples, batch.position_weight(output), |arrays| arrays.positions.get(output));
        }
        Ok(())
    }
}

/// Copies one field of samples; a block without it leaves the values unchanged.
fn copy<'s, E: Float>(
    samples: &'s [Sample<E>],
    to: &mut [E],
    column: impl Fn(&'s Arrays<E>) -> Option<&'s Vec<E>>,
) {
    let len = to.len() / samples.len().max(1);
    if len == 0 {
        return;
    }
    for (to, (arrays, place)) in to.chunks_exact_mut(len).zip(samples) {
        let values = column(arrays).and_then(|column| column.get(place * len..(place + 1) * len));
        if let Some(values) = values {
            to.copy_from_slice(values);
        }
    }
}
