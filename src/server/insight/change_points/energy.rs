//! The best split of a window of values, by the distances between its two sides.

use std::ops::Range;

/// A part of a window, and where it splits best.
pub struct Split {
    pub values: Range<usize>,
    /// The first value of the second side; none if there is only one value.
    pub split: Option<usize>,
    /// The distance between both sides; −∞ without a split.
    pub gain: f64,
}

/// The energy distance between the sides of every split of a window.
///
/// A split takes `x[start..at]` and `x[at..end]` for every `end` up to that of the part: it is best where the distances
/// between the sides exceed those within them most. Sums run in Otava's order, so that equal splits stay equal.
pub struct Energy {
    /// The length of a row of the matrices.
    width: usize,
    /// Distances between values.
    distances: Vec<f64>,
    /// In row `i`, column `j`: distances of value `i` to the values `i + 1` to `j + 1`.
    along: Vec<f64>,
    /// In column `j`: distances of value `j + 1` to all values before.
    down: Vec<f64>,
    /// In row `i`, column `j`: the sum of `along` below row `i`.
    below: Vec<f64>,
    /// Weights of the sums, by row and column within a part.
    between: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Of the rows of a part so far.
    above: Vec<f64>,
    before: Vec<f64>,
}

impl Energy {
    pub fn new(window: usize) -> Self {
        let width = window.max(2) - 1;
        // The share of a part in a whole, for each row and length of both sides together; 0 for nothing.
        let weights = |weight: fn(usize, usize) -> (usize, usize)| {
            let cells = (0..width).flat_map(|row| (0..width).map(move |column| (row, column)));
            let cells =
                cells.map(
                    |(row, column)| match (column >= row).then(|| weight(row, column + 2)) {
                        Some((part, whole)) if whole > 0 => part as f64 / whole as f64,
                        _ => 0.0,
                    },
                );
            cells.collect()
        };
        Self {
            width,
            distances: vec![0.0; (width + 1) * (width + 1)],
            along: vec![0.0; width * width],
            down: vec![0.0; width],
            below: vec![0.0; width * width],
            between: (0..width).map(|column| 2.0 / (column + 2) as f64).collect(),
            first: weights(|row, length| (2 * (length - row - 1), length * row)),
            second: weights(|row, length| (2 * (row + 1), length * (length - row - 2))),
            above: vec![0.0; width],
            before: vec![0.0; width],
        }
    }

    /// Measures the distances within a window.
    pub fn measure(&mut self, window: &[f64]) {
        let width = self.width;
        self.down.fill(0.0);
        for (row, &value) in window.iter().enumerate() {
            let distances = &mut self.distances[row * (width + 1)..][..window.len()];
            for (distance, &other) in distances.iter_mut().zip(window) {
                *distance = (value - other).abs();
            }
            let mut sum = 0.0;
            for column in row..window.len() - 1 {
                let distance = distances[column + 1];
                sum += distance;
                self.along[row * width + column] = sum;
                self.down[column] += distance;
            }
        }
    }

    /// Finds the best split of a part of the window that was measured.
    pub fn part(&mut self, values: Range<usize>) -> Split {
        let (start, width) = (values.start, self.width);
        let size = values.len().saturating_sub(1);
        let mut best = Split {
            values,
            split: None,
            gain: f64::NEG_INFINITY,
        };
        self.sum(start, size);
        let above = &mut self.above[..size];
        above.fill(0.0);
        for row in 0..size {
            let along = &self.along[(start + row) * width + start..][..size];
            let below = &self.below[row * width..][..size];
            let first = &self.first[row * width..][..size];
            let second = &self.second[row * width..][..size];
            let before = row.checked_sub(1).map_or(0.0, |row| self.before[row]);
            for column in row..size {
                above[column] += along[column];
                let between = self.between[column] * (above[column] - before);
                let within = (first[column] * before, second[column] * below[column]);
                let gain = between - within.0 - within.1;
                if gain > best.gain {
                    best.gain = gain;
                    best.split = Some(start + row + 1);
                }
            }
        }
        best
    }

    /// Sums the distances of a part: those of the first values with each other, and those of the last.
    fn sum(&mut self, start: usize, size: usize) {
        let width = self.width;
        let mut sum = 0.0;
        for column in 0..size {
            let earlier =
                (0..start).map(|row| self.distances[row * (width + 1) + start + column + 1]);
            sum += self.down[start + column] - earlier.sum::<f64>();
            self.before[column] = sum;
        }
        let mut last = vec![0.0; size];
        for row in (0..size).rev() {
            self.below[row * width..][..size].copy_from_slice(&last);
            let along = &self.along[(start + row) * width + start..][..size];
            for column in row..size {
                last[column] += along[column];
            }
        }
    }
}
