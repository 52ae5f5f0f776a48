//! How many steps a number takes to 1: halve the even ones, triple the odd ones and add 1.
//!
//! Source: L. Collatz, 1937.

/// A start and the steps it takes; ordered by the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    pub steps: u32,
    pub start: u32,
}

impl Path {
    pub fn of(start: u32) -> Self {
        let mut number = u64::from(start);
        let mut steps = 0;
        while number > 1 {
            number = if number % 2 == 0 { number / 2 } else { 3 * number + 1 };
            steps += 1;
        }
        Self { steps, start }
    }

    /// Both in one word, the steps in the higher half: more steps, greater word.
    pub fn packed(self) -> u64 {
        u64::from(self.steps) << 32 | u64::from(self.start)
    }

    pub fn unpacked(word: u64) -> Self {
        // The casts keep the half they are meant to keep.
        Self { steps: (word >> 32) as u32, start: word as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_seven_takes_111_steps() {
        assert_eq!(Path::of(27), Path { steps: 111, start: 27 });
        assert_eq!(Path::of(1).steps, 0);
    }

    #[test]
    fn a_packed_path_comes_out_again_and_keeps_the_order() {
        let (short, long) = (Path::of(u32::MAX / 2), Path { steps: 5000, start: 1 });
        assert_eq!(Path::unpacked(short.packed()), short);
        assert!(short.steps < long.steps && short.packed() < long.packed());
    }
}
