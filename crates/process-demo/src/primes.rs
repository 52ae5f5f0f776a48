//! Work that takes a while and whose result is known: counting primes.

/// How many primes lie below `limit`, by trial division.
pub fn count_below(limit: u32) -> usize {
    (2..limit).filter(|&number| is_prime(number)).count()
}

fn is_prime(number: u32) -> bool {
    (2..).take_while(|d| d * d <= number).all(|d| !number.is_multiple_of(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_the_known_one() {
        assert_eq!(count_below(2), 0);
        assert_eq!(count_below(3), 1);
        assert_eq!(count_below(100), 25);
        assert_eq!(count_below(10_000), 1229);
    }
}
