//! How many ways there are to place queens on a board: work of uneven size.
//!
//! Source: M. Richards, "Backtracking Algorithms in MCPL using Bit Patterns and
//! Recursion", University of Cambridge, 1997.

/// A board on which the first rows have their queen.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// One bit a column, as in all the sets below.
    all: u32,
    columns: u32,
    /// What diagonals to either side attack in the next row.
    left: u32,
    right: u32,
}

impl Board {
    /// An empty board of `size` by `size` fields; `size` is below 32.
    pub fn new(size: u32) -> Self {
        Self { all: (1 << size) - 1, columns: 0, left: 0, right: 0 }
    }

    /// How many queens stand.
    pub fn queens(self) -> u32 {
        self.columns.count_ones()
    }

    /// The boards with one queen more, in the next row.
    pub fn next(self) -> impl Iterator<Item = Self> {
        let mut free = self.all & !(self.columns | self.left | self.right);
        std::iter::from_fn(move || {
            let field = free & free.wrapping_neg();
            free ^= field;
            (field != 0).then_some(Self {
                all: self.all,
                columns: self.columns | field,
                left: (self.left | field) << 1,
                right: (self.right | field) >> 1,
            })
        })
    }

    /// In how many ways the remaining rows can be filled.
    pub fn solutions(self) -> u64 {
        if self.columns == self.all {
            return 1;
        }
        self.next().map(Self::solutions).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_are_those_of_the_literature() {
        let found: Vec<_> = (1..=8).map(|size| Board::new(size).solutions()).collect();
        assert_eq!(found, [1, 0, 0, 2, 10, 4, 40, 92]);
    }
}
