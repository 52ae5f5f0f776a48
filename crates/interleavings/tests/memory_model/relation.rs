//! Relations between the events of one execution, with the operators of the papers.
//!
//! `a | b` is the union, `a & b` the intersection, `a * b` the composition `a; b`.

use std::ops::{BitAnd, BitOr, Mul};

/// The most events of an execution.
pub const MOST: usize = 20;

/// A set of events, one bit each.
pub type Set = u32;

/// Bit `b` of row `a` says that `a` is related to `b`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Relation([Set; MOST]);

impl Relation {
    pub const EMPTY: Self = Self([0; MOST]);

    pub fn of(pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut relation = Self::EMPTY;
        for (a, b) in pairs {
            relation.0[a] |= 1 << b;
        }
        relation
    }

    /// `[set]`: each event of the set with itself.
    pub fn identity(set: Set) -> Self {
        let mut relation = Self::EMPTY;
        for (a, row) in relation.0.iter_mut().enumerate() {
            *row = set & 1 << a;
        }
        relation
    }

    /// `r \ other`
    pub fn without(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine &= !theirs);
        self
    }

    /// `r⁻¹`
    pub fn inverse(self) -> Self {
        let mut inverse = Self::EMPTY;
        for (a, row) in self.0.iter().enumerate() {
            for b in bits(*row) {
                inverse.0[b] |= 1 << a;
            }
        }
        inverse
    }

    /// `r?`
    pub fn maybe(self) -> Self {
        self | Self::identity(!0)
    }

    /// `r⁺` (Warshall's algorithm)
    pub fn plus(mut self) -> Self {
        for via in 0..MOST {
            let reached = self.0[via];
            for row in &mut self.0 {
                if *row & 1 << via != 0 {
                    *row |= reached;
                }
            }
        }
        self
    }

    /// `r*`
    pub fn star(self) -> Self {
        self.plus().maybe()
    }

    pub fn is_irreflexive(&self) -> bool {
        self.0.iter().enumerate().all(|(a, row)| row & 1 << a == 0)
    }

    pub fn is_acyclic(self) -> bool {
        self.plus().is_irreflexive()
    }
}

impl BitOr for Relation {
    type Output = Self;

    fn bitor(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine |= theirs);
        self
    }
}

impl BitAnd for Relation {
    type Output = Self;

    fn bitand(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine &= theirs);
        self
    }
}

impl Mul for Relation {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let mut product = Self::EMPTY;
        for (a, row) in self.0.iter().enumerate() {
            product.0[a] = bits(*row).fold(0, |reached, b| reached | other.0[b]);
        }
        product
    }
}

/// The members of a set.
pub fn bits(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            next
        })
    })
}
