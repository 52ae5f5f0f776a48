//! Work that takes a while and whose result is known: primes.

/// How many primes lie below `limit`, by trial division.
pub fn count_below(limit: u32) -> usize {
    (2..limit).filter(|&number| is_prime(number)).count()
}

fn is_prime(number: u32) -> bool {
    (2..).take_while(|d| d * d <= number).all(|d| !number.is_multiple_of(d))
}

/// All primes below `limit`, by the sieve of Eratosthenes.
#[cfg(target_os = "linux")]
pub fn below(limit: usize) -> Vec<u32> {
    let mut crossed_out = vec![false; limit];
    let mut primes = Vec::new();
    for number in 2..limit {
        if !crossed_out[number] {
            primes.push(u32::try_from(number).expect("the limit is a few millions"));
            (number * number..limit)
                .step_by(number)
                .for_each(|n| crossed_out[n] = true);
        }
    }
    primes
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

    #[test]
    #[cfg(target_os = "linux")]
    fn the_table_has_as_many_as_are_counted() {
        assert_eq!(below(20), [2, 3, 5, 7, 11, 13, 17, 19]);
        for limit in [0, 1, 2, 3, 4, 1000] {
            assert_eq!(below(limit).len(), count_below(limit as u32), "below {limit}");
        }
    }
}
