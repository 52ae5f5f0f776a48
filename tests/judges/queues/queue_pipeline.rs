//! Judges `queue_pipeline`: nothing is lost, the order is kept, the stages overlap.

use super::*;

/// The source has gone on to its second item, the conversion is still at the first.
fn source_meets_conversion() {
    interleavings::rendezvous(2);
}

/// The conversion has gone on to its second item, the sink is still at the first.
fn conversion_meets_sink() {
    interleavings::rendezvous(2);
}

fn three_items() {
    let mut seen = Vec::new();
    run_pipeline(1..=3, |item| item * 10, |item| seen.push(item));
    assert!(seen.len() == 3, "items were lost or doubled: 1, 2, 3 became {seen:?}");
    assert!(seen == [10, 20, 30], "the order was lost: 1, 2, 3 became {seen:?}");
}

fn neighbours_overlap() {
    let source = (1..=2).inspect(|item| {
        if *item == 2 {
            source_meets_conversion();
        }
    });
    let convert = |item| {
        match item {
            1 => source_meets_conversion(),
            _ => conversion_meets_sink(),
        }
        item
    };
    let sink = |item| {
        if item == 1 {
            conversion_meets_sink();
        }
    };
    run_pipeline(source, convert, sink);
}

fn an_empty_source() {
    run_pipeline(
        std::iter::empty(),
        |item| item,
        |item| panic!("{item} came from nothing"),
    );
}

#[test]
fn every_item_arrives_in_order() {
    interleavings::check(three_items);
    real_threads::run(three_items);
}

#[test]
fn the_stages_work_at_the_same_time() {
    interleavings::check(neighbours_overlap);
    real_threads::run(neighbours_overlap);
}

#[test]
fn an_empty_pipeline_ends() {
    interleavings::check(an_empty_source);
}
