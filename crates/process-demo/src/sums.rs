//! Sums with parentheses, by recursion: as deep on the stack as they are nested.

use std::iter::Peekable;
use std::str::Bytes;

/// The value of a sum such as `1+(2+3)`; `None` if it is none, or too large.
pub fn value(text: &str) -> Option<u64> {
    let mut bytes = text.bytes().peekable();
    let value = sum(&mut bytes)?;
    bytes.next().is_none().then_some(value)
}

fn sum(bytes: &mut Peekable<Bytes<'_>>) -> Option<u64> {
    let mut total = term(bytes)?;
    while bytes.next_if_eq(&b'+').is_some() {
        total = total.checked_add(term(bytes)?)?;
    }
    Some(total)
}

fn term(bytes: &mut Peekable<Bytes<'_>>) -> Option<u64> {
    if bytes.next_if_eq(&b'(').is_some() {
        let value = sum(bytes)?;
        return bytes.next_if_eq(&b')').map(|_| value);
    }
    let mut number = None;
    while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
        let tens = number.unwrap_or(0_u64).checked_mul(10)?;
        number = Some(tens.checked_add(u64::from(digit - b'0'))?);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_may_be_nested() {
        assert_eq!(value("7"), Some(7));
        assert_eq!(value("1+(2+(30+4))+5"), Some(42));
    }

    #[test]
    fn what_is_no_sum_has_no_value() {
        for text in ["", "+", "1+", "(1", "1)", "()", "a", "18446744073709551616"] {
            assert_eq!(value(text), None, "{text:?}");
        }
    }
}
