//! What judges everything else; see the files in `tests/`.
