//! Judges `atomic_ring`: nothing lost, nothing twice, in order, and every slot is used.

use std::thread;

use super::*;

/// One thread pushes what fits, another pops what is there, then the rest is popped.
fn push_and_pop(items: u64, pops: usize) {
    let ring = Ring::new();
    let (accepted, mut popped) = thread::scope(|scope| {
        let producer = scope.spawn(|| {
            (1..=items).filter(|item| ring.push(*item)).collect::<Vec<u64>>()
        });
        let consumer =
            scope.spawn(|| (0..pops).filter_map(|_| ring.pop()).collect::<Vec<u64>>());
        (producer.join().unwrap(), consumer.join().unwrap())
    });
    // One item more than there are slots: a ring that never ends is found, too.
    popped.extend((0..=SLOTS).map_while(|_| ring.pop()));
    assert!(!popped.contains(&0), "a slot was read before it was filled: {popped:?}");
    let wrong = format!("pushed were {accepted:?}, popped {popped:?}");
    let twice = popped.windows(2).any(|pair| pair[0] == pair[1]);
    assert!(!twice, "an item was popped twice: {wrong}");
    assert!(popped.len() >= accepted.len(), "an item was lost: {wrong}");
    assert!(popped == accepted, "a slot was filled before it was read: {wrong}");
}

/// One thread alone fills and empties the ring, once around and more.
fn all_slots_are_used() {
    let ring = Ring::new();
    for round in [10, 20, 30] {
        assert!(ring.pop().is_none(), "an item came out of an empty ring");
        for slot in 0..SLOTS as u64 {
            let accepted = ring.push(round + slot);
            assert!(accepted, "an item was refused while a slot was free");
        }
        assert!(!ring.push(99), "an item was accepted while all slots were full");
        let items: Vec<u64> = (0..SLOTS).filter_map(|_| ring.pop()).collect();
        assert!(items.len() == SLOTS, "an item was lost: {items:?} are left");
        assert!(items[0] != items[1], "an item was popped twice: {items:?}");
        let ordered = items == [round, round + 1];
        assert!(ordered, "the items came out in another order: {items:?}");
    }
    // Begin in the middle of the ring.
    assert!(ring.push(1) && ring.pop() == Some(1), "an item was lost");
    assert!(ring.push(2) && ring.push(3), "an item was refused while a slot was free");
    assert!(!ring.push(4), "an item was accepted while all slots were full");
}

/// The ring is full, and one item is popped and another one pushed.
///
/// On some processors a load is done after a store that comes later in the program. The
/// item would be read when its slot is filled again. The checker does no load late; but
/// whatever keeps a processor from it also brings the note along.
fn the_pop_happens_before_the_push() {
    let ring = Ring::new();
    let note = AtomicU64::new(0);
    for item in 1..=SLOTS as u64 {
        assert!(ring.push(item), "an item was refused while a slot was free");
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            note.store(1, Ordering::Relaxed);
            ring.pop()
        });
        scope.spawn(|| {
            if ring.push(9) {
                let note = note.load(Ordering::Relaxed);
                assert!(
                    note == 1,
                    "a slot may be filled before it was read: `push` sees that the slot \
                     is free, but not what was done before `pop` gave it back",
                );
            }
        });
    });
}

#[test]
fn a_slot_is_free_when_it_was_read() {
    interleavings::check(the_pop_happens_before_the_push);
    real_threads::run(the_pop_happens_before_the_push);
}

#[test]
fn one_thread_can_use_all_slots() {
    interleavings::check(all_slots_are_used);
    real_threads::run(all_slots_are_used);
}

#[test]
fn a_popped_item_is_whole() {
    interleavings::check(|| push_and_pop(2, 2));
    real_threads::run(|| push_and_pop(2, 2));
}

#[test]
fn a_slot_is_used_again_only_when_it_was_read() {
    interleavings::check(|| push_and_pop(4, 3));
    real_threads::run(|| push_and_pop(4, 3));
}
