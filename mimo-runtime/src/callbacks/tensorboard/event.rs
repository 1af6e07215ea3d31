//! Events as protocol buffers (`tensorboard/compat/proto/event.proto` and `summary.proto`), of which these few messages are written by
//! hand: they have not changed in ten years, and a generator would be the largest dependency of this crate.

/// An event, without its time and step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// The first event of a file.
    Version,
    /// An encoded `GraphDef`.
    Graph(Vec<u8>),
    /// Values of one step.
    Summaries(Vec<Summary>),
}

/// Something that is measured, with its tag.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Summary {
    Scalar(String, f32),
    Histogram(String, Histogram),
}

/// How many values are in ranges of equal width.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    pub least: f64,
    pub greatest: f64,
    pub sum: f64,
    pub sum_of_squares: f64,
    /// Upper ends of the ranges.
    pub limits: Vec<f64>,
    /// Values in each range.
    pub counts: Vec<f64>,
}

/// Ranges of a histogram, as in Keras.
const RANGES: usize = 30;

impl Event {
    /// The message.
    pub(super) fn encode(&self, time: f64, step: u64) -> Vec<u8> {
        let mut message = Message::default();
        message.double(1, time);
        if step > 0 {
            message.varint(2, step);
        }
        match self {
            Event::Version => message.bytes(3, b"brain.Event:2"),
            Event::Graph(graph) => message.bytes(4, graph),
            Event::Summaries(summaries) => {
                let mut all = Message::default();
                summaries.iter().for_each(|summary| all.bytes(1, &summary.encode()));
                message.bytes(5, &all.0);
            }
        }
        message.0
    }
}

impl Summary {
    /// The distribution of numbers. Those that are NaN or infinite are left out.
    pub(super) fn histogram(tag: &str, values: &[f64]) -> Self {
        Summary::Histogram(tag.into(), Histogram::of(values))
    }

    fn encode(&self) -> Vec<u8> {
        let mut message = Message::default();
        match self {
            Summary::Scalar(tag, value) => {
                message.bytes(1, tag.as_bytes());
                message.float(2, *value);
            }
            Summary::Histogram(tag, histogram) => {
                message.bytes(1, tag.as_bytes());
                message.bytes(5, &histogram.encode());
            }
        }
        message.0
    }
}

impl Histogram {
    fn of(values: &[f64]) -> Self {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (least, greatest) = finite()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| {
                (least.min(value), greatest.max(value))
            });
        if least > greatest {
            return Histogram::default();
        }
        let width = (greatest - least) / RANGES as f64;
        let mut histogram = Histogram {
            least,
            greatest,
            sum: finite().sum(),
            sum_of_squares: finite().map(|value| value * value).sum(),
            limits: (1..=RANGES).map(|range| least + width * range as f64).collect(),
            counts: vec![0.0; RANGES],
        };
        for value in finite() {
            // Of equal values the width is 0, and the quotient NaN, which becomes 0.
            let range = (((value - least) / width) as usize).min(RANGES - 1);
            if let Some(count) = histogram.counts.get_mut(range) {
                *count += 1.0;
            }
        }
        histogram
    }

    fn encode(&self) -> Vec<u8> {
        let mut message = Message::default();
        message.double(1, self.least);
        message.double(2, self.greatest);
        message.double(3, self.counts.iter().sum());
        message.double(4, self.sum);
        message.double(5, self.sum_of_squares);
        message.doubles(6, &self.limits);
        message.doubles(7, &self.counts);
        message.0
    }
}

/// A protocol buffer that is being written.
#[derive(Debug, Default)]
pub(super) struct Message(pub Vec<u8>);

impl Message {
    /// A number of type `uint64`, `int64` or `enum`.
    pub(super) fn varint(&mut self, field: u64, value: u64) {
        self.number(field << 3);
        self.number(value);
    }

    /// A string, bytes or a message.
    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.number(field << 3 | 2);
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.number(field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn float(&mut self, field: u64, value: f32) {
        self.number(field << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn doubles(&mut self, field: u64, values: &[f64]) {
        self.bytes(field, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());
    }

    /// Seven bits a byte, lowest first.
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
