//! Work for the processor and nothing else: counting primes by trial division.
//!
//! It needs no memory and shares no data, so threads that do it never wait.

use std::ops::Range;

/// How many primes there are in `range`.
pub fn count(range: Range<u32>) -> usize {
    range.filter(|number| is_prime(*number)).count()
}

fn is_prime(number: u32) -> bool {
    let mut divisor = 2;
    // The square fits: no caller goes beyond a few million.
    while divisor * divisor <= number {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 1;
    }
    number >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_the_known_one() {
        assert_eq!(count(0..2), 0);
        assert_eq!(count(0..3), 1);
        assert_eq!(count(0..100), 25);
        assert_eq!(count(0..10_000), 1229);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        assert_eq!(count(0..289) + count(289..1000), count(0..1000));
    }
}
