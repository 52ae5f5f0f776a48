//! A stack without locks: its top is what it was, and everything below has changed.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

/// The table: no plate is left.
const NONE: usize = 2;

/// Plates by number, one on top of the other.
struct Stack {
    top: AtomicUsize,
    /// What lies below each plate.
    below: [AtomicUsize; 2],
}

pub fn run() {
    let below = [AtomicUsize::new(1), AtomicUsize::new(NONE)];
    let stack = Stack { top: AtomicUsize::new(0), below };
    thread::scope(|scope| {
        let waiter = scope.spawn(|| stack.pop());
        let cook = scope.spawn(|| {
            // Takes both plates, keeps 1 and puts 0 back.
            let has_both = stack.pop() == 0 && stack.pop() == 1;
            if has_both {
                stack.push(0);
            }
            has_both
        });
        waiter.join().unwrap();
        if cook.join().unwrap() {
            assert_ne!(stack.pop(), 1, "the cook has it, and so has the stack");
        }
    });
}

impl Stack {
    fn pop(&self) -> usize {
        loop {
            let top = self.top.load(SeqCst);
            if top == NONE {
                return NONE;
            }
            let next = self.below[top].load(SeqCst);
            if self.top.compare_exchange(top, next, SeqCst, SeqCst).is_ok() {
                return top;
            }
        }
    }

    fn push(&self, plate: usize) {
        loop {
            let top = self.top.load(SeqCst);
            self.below[plate].store(top, SeqCst);
            if self.top.compare_exchange(top, plate, SeqCst, SeqCst).is_ok() {
                return;
            }
        }
    }
}
