//! A parent that has gone does not miss what it is no longer sent.

use std::io::{self, ErrorKind};

/// In the child: makes nothing of it that nobody receives any more what it sends.
///
/// A parent that was interrupted does not miss it, and whoever interrupted it does not
/// want to hear of it.
pub fn forgive(sent: anyhow::Result<()>) -> anyhow::Result<()> {
    let nobody_receives = |error: &anyhow::Error| {
        let mut causes = error.chain().filter_map(|cause| cause.downcast_ref());
        causes.any(|cause: &io::Error| {
            // A socket says the second when something was sent that nobody has read.
            matches!(cause.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
        })
    };
    sent.or_else(|error| if nobody_receives(&error) { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn only_a_parent_that_has_gone_is_forgiven() {
        let sent = |kind| Err(io::Error::from(kind)).context("send a number");
        assert!(forgive(sent(ErrorKind::BrokenPipe)).is_ok());
        assert!(forgive(sent(ErrorKind::ConnectionReset)).is_ok());
        assert!(forgive(sent(ErrorKind::UnexpectedEof)).is_err());
        assert!(forgive(Ok(())).is_ok());
    }
}
