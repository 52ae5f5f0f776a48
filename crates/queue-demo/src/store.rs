//! Three ways to keep items, which differ in the one that comes out first.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// Keeps the items of a queue and decides which one leaves first.
pub trait Store: Default {
    type Item;
    fn push(&mut self, item: Self::Item);
    fn pop(&mut self) -> Option<Self::Item>;
    fn len(&self) -> usize;
}

/// First in, first out.
pub struct Fifo<T>(VecDeque<T>);

/// Last in, first out.
pub struct Lifo<T>(Vec<T>);

/// The pair with the smallest key first; of equal keys the one that came first.
pub struct Smallest<K, T> {
    /// Reversed, because Rust's heap gives out the largest.
    heap: BinaryHeap<Reverse<Arrival<K, T>>>,
    arrivals: u64,
}

/// Ordered by the key and, where that leaves the choice open, by arrival.
///
/// The item is never compared: any type will do.
struct Arrival<K, T> {
    key: K,
    number: u64,
    item: T,
}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Store for Fifo<T> {
    type Item = T;

    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Default for Lifo<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Store for Lifo<T> {
    type Item = T;

    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<K: Ord, T> Default for Smallest<K, T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), arrivals: 0 }
    }
}

impl<K: Ord, T> Store for Smallest<K, T> {
    type Item = (K, T);

    fn push(&mut self, (key, item): (K, T)) {
        self.heap.push(Reverse(Arrival { key, number: self.arrivals, item }));
        self.arrivals += 1;
    }

    fn pop(&mut self) -> Option<(K, T)> {
        self.heap.pop().map(|Reverse(arrival)| (arrival.key, arrival.item))
    }

    fn len(&self) -> usize {
        self.heap.len()
    }
}

impl<K: Ord, T> Ord for Arrival<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then(self.number.cmp(&other.number))
    }
}

impl<K: Ord, T> PartialOrd for Arrival<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> PartialEq for Arrival<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<K: Ord, T> Eq for Arrival<K, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn through<S: Store>(items: impl IntoIterator<Item = S::Item>) -> Vec<S::Item> {
        let mut store = S::default();
        items.into_iter().for_each(|item| store.push(item));
        assert!(store.len() > 0);
        std::iter::from_fn(|| store.pop()).collect()
    }

    #[test]
    fn each_store_has_its_order() {
        assert_eq!(through::<Fifo<_>>([2, 3, 1]), [2, 3, 1]);
        assert_eq!(through::<Lifo<_>>([2, 3, 1]), [1, 3, 2]);
        let by_key = through::<Smallest<_, _>>([(2, 'b'), (3, 'c'), (1, 'a')]);
        assert_eq!(by_key, [(1, 'a'), (2, 'b'), (3, 'c')]);
    }

    #[test]
    fn equal_keys_leave_in_the_order_of_arrival() {
        // Ten of each: a heap without arrival numbers mixes them up.
        let items = ('a'..='j').flat_map(|label| [(2, label), (1, label)]);
        let left = through::<Smallest<_, _>>(items);
        let labels: String = left.iter().map(|(_, label)| label).collect();
        assert_eq!(labels, "abcdefghijabcdefghij");
        assert!(left.is_sorted_by_key(|(key, _)| *key), "{left:?}");
    }

    #[test]
    fn items_of_a_priority_queue_are_not_compared() {
        let not_comparable: fn() = || {};
        assert_eq!(through::<Smallest<_, _>>([(1, not_comparable)]).len(), 1);
    }
}
