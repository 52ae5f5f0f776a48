//! Messages in a stream of bytes: each is preceded by its length.
//!
//! The length is a `u32`, the most significant byte first. Python's `Connection` writes
//! the same for messages below 2 GiB.

use std::io::{self, ErrorKind, Read, Write};

/// In bytes, of the length before each message.
pub const HEADER: usize = 4;

/// Writes `message` with its length, as one write where the system takes it at once.
///
/// # Errors
///
/// `InvalidInput` for a message of 4 GiB or more, else those of the writer.
pub fn write(writer: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len())
        .map_err(|_| io::Error::new(ErrorKind::InvalidInput, "a message of 4 GiB"))?;
    let mut frame = Vec::with_capacity(HEADER + message.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(message);
    writer.write_all(&frame)
}

/// Reads the next message; `None` when the stream ends between two messages.
///
/// # Errors
///
/// `UnexpectedEof` when the stream ends inside of a message, `InvalidData` for a length
/// above `limit`, which costs no memory, else those of the reader.
pub fn read(reader: &mut impl Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut header = Vec::with_capacity(HEADER);
    reader.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Ok(None);
    }
    let header = header.try_into().map_err(|_| cut_off("inside of a length"))?;
    let length = u32::from_be_bytes(header);
    if usize::try_from(length).is_ok_and(|length| length > limit) {
        let text = format!("{length} bytes, the limit is {limit}");
        return Err(io::Error::new(ErrorKind::InvalidData, text));
    }
    // Grows with what comes: the length alone is a promise, not yet a reason.
    let mut message = Vec::new();
    reader.by_ref().take(length.into()).read_to_end(&mut message)?;
    if message.len() < length as usize {
        let text = format!("after {} of {length} bytes", message.len());
        return Err(cut_off(&text));
    }
    Ok(Some(message))
}

fn cut_off(place: &str) -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, format!("the stream ended {place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a byte at a time, as a slow pipe may.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn messages_come_out_as_they_went_in_however_the_bytes_come() {
        let messages: [&[u8]; 4] = [b"one", b"", b"two\nlines", &[0; 300]];
        let mut stream = Vec::new();
        messages.iter().for_each(|message| write(&mut stream, message).unwrap());
        let mut whole = stream.as_slice();
        let mut drip = Drip(&stream);
        for message in messages {
            assert_eq!(read(&mut whole, 300).unwrap().unwrap(), message);
            assert_eq!(read(&mut drip, 300).unwrap().unwrap(), message);
        }
        assert!(read(&mut whole, 300).unwrap().is_none());
        assert!(read(&mut drip, 300).unwrap().is_none());
    }

    #[test]
    fn an_end_inside_of_a_message_is_an_error_wherever_it_is() {
        let mut stream = Vec::new();
        write(&mut stream, b"message").unwrap();
        for length in 1..stream.len() {
            let error = read(&mut &stream[..length], 100).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{length}: {error}");
        }
    }

    #[test]
    fn a_length_above_the_limit_is_refused() {
        let mut stream = Vec::new();
        write(&mut stream, &[7; 11]).unwrap();
        assert_eq!(read(&mut stream.as_slice(), 11).unwrap().unwrap(), [7; 11]);
        let error = read(&mut stream.as_slice(), 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    }
}
