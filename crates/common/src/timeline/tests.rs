use super::*;

/// Actors and spans share one recording, so the tests that record take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    take();
    turn
}

/// Two lanes: one waits 40 and holds 60, the other marks and never ends its work.
fn sample() -> Timeline {
    let span = |activity, label: &str, start, end, open| RecordedSpan {
        activity,
        label: label.into(),
        start,
        end,
        open,
    };
    Timeline {
        start: 0,
        duration: 100_000_000,
        lanes: vec![
            Lane {
                actor: "worker 1".into(),
                spans: vec![
                    span(Activity::Waits, "a permit", 0, 40_000_000, false),
                    span(Activity::Holds, "a permit", 40_000_000, 100_000_000, false),
                ],
                marks: vec![],
            },
            Lane {
                actor: "<&\"worker\"> 2".into(),
                spans: vec![span(
                    Activity::Works,
                    "x < y",
                    50_000_000,
                    100_000_000,
                    true,
                )],
                marks: vec![Mark { at: 25_000_000, label: "woke up".into() }],
            },
        ],
    }
}

#[test]
fn spans_end_where_they_were_dropped() {
    let _turn = turn();
    let actor = crate::Actor::new("worker");
    let outer = actor.holds("a lock");
    drop(actor.works("a file"));
    drop(outer);
    let timeline = take();
    let [holds, works] = &timeline.lanes[0].spans[..] else { panic!("two spans") };
    assert_eq!((holds.activity, works.activity), (Activity::Holds, Activity::Works));
    assert!(holds.start <= works.start && works.end <= holds.end, "works lies within");
    assert!(!holds.open && !works.open);
}

#[test]
fn a_span_that_never_ended_stays_open() {
    let _turn = turn();
    std::mem::forget(crate::Actor::new("killed").waits("ever"));
    crate::Actor::new("other").marks("the end");
    assert!(take().lanes[0].spans[0].open);
}

#[test]
fn a_death_ends_what_the_dead_was_doing() {
    let _turn = turn();
    let victim = crate::Actor::new("victim");
    std::mem::forget((victim.holds("a lock"), victim.works("a file")));
    victim.dies("killed");
    crate::Actor::new("other").marks("the end");
    let lane = take().lanes.swap_remove(0);
    let death = lane.marks[0].at;
    assert!(lane.spans.iter().all(|span| !span.open && span.end == death));
}

#[test]
fn a_span_of_an_earlier_scene_leaves_no_trace_in_the_next() {
    let _turn = turn();
    let left_behind = crate::Actor::new("left behind").works("the past");
    take();
    let now = crate::Actor::new("present").works("today");
    drop(left_behind);
    let timeline = so_far();
    drop(now);
    assert_eq!(timeline.lanes.len(), 1);
    assert!(timeline.lanes[0].spans[0].open, "the wrong span was ended");
}

#[test]
fn events_of_a_child_process_join_the_timeline() {
    let _turn = turn();
    crate::Actor::new("parent").marks("started");
    let mut command = Command::new("unused");
    share_with(&mut command).unwrap();
    let path =
        command.get_envs().find(|(key, _)| *key == FILE_VARIABLE).unwrap().1.unwrap();
    let event = Event {
        at: now(),
        actor: "child".into(),
        what: What::Begin {
            span: SpanId { process: 7, number: 1 },
            activity: Activity::Holds,
            label: "a lock".into(),
        },
    };
    let mut child = OpenOptions::new().append(true).open(path).unwrap();
    writeln!(child, "{}", serde_json::to_string(&event).unwrap()).unwrap();
    // The child is killed in the middle of its next line.
    write!(child, "{{\"at\":12").unwrap();

    let timeline = take();
    let names: Vec<_> = timeline.lanes.iter().map(|lane| &lane.actor[..]).collect();
    assert_eq!(names, ["parent", "child"]);
    assert!(timeline.lanes[1].spans[0].open);
}

#[test]
fn lanes_fit_the_width_they_are_given() {
    for width in [40, 80, 200] {
        for line in sample().lanes_of_width(width) {
            let seen = anstream::adapter::strip_str(&line).to_string();
            assert!(seen.chars().count() <= width, "{width}: {seen:?}");
        }
    }
}

#[test]
fn lanes_show_each_activity_for_its_share_of_the_time() {
    let lines = sample().lanes_of_width(80);
    let first = anstream::adapter::strip_str(&lines[0]).to_string();
    let count = |glyph| first.chars().filter(|c| *c == glyph).count();
    let (waits, holds) = (count('·'), count('█'));
    assert!(waits.abs_diff(holds * 40 / 60) <= 1, "{waits} and {holds} in {first:?}");
    assert!(lines[1].contains('◆'));
}

#[test]
fn a_thread_that_works_often_but_briefly_does_not_look_idle() {
    let span = |activity, start, end| RecordedSpan {
        activity,
        label: String::new(),
        start,
        end,
        open: false,
    };
    let spans = (0..100).flat_map(|n| {
        let start = n * 100;
        [
            span(Activity::Works, start, start + 40),
            span(Activity::Waits, start + 40, start + 100),
        ]
    });
    let lane = Lane { actor: "adder".into(), spans: spans.collect(), marks: vec![] };
    let timeline = Timeline { start: 0, duration: 10_000, lanes: vec![lane] };
    let line =
        anstream::adapter::strip_str(&timeline.lanes_of_width(58)[0]).to_string();
    assert_eq!(line.chars().filter(|c| *c == '▒').count(), 50, "{line:?}");
}

#[test]
fn the_picture_is_well_formed_and_has_words_for_every_span() {
    let scenes = [NamedTimeline { scene: "counting".into(), timeline: sample() }];
    let file = tempfile::Builder::new().suffix(".svg").tempfile().unwrap();
    write(file.path(), Format::Svg, "semaphore-demo", &scenes).unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let titles: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("title"))
        .filter_map(|node| node.text())
        .collect();
    assert!(
        titles.contains(&"worker 1 waits for a permit, from 0 s to 40 ms"),
        "{titles:?}"
    );
    assert!(
        titles.contains(&"<&\"worker\"> 2 works on x < y, from 50 ms without an end"),
        "{titles:?}"
    );
}

#[test]
fn the_legend_of_a_picture_explains_what_occurs_and_nothing_else() {
    let mut timeline = sample();
    for lane in &mut timeline.lanes {
        lane.spans.retain(|span| span.activity == Activity::Works);
    }
    let label = timeline.lanes[1].marks[0].label.clone();
    let scenes = [NamedTimeline { scene: "counting".into(), timeline }];
    let file = tempfile::Builder::new().suffix(".svg").tempfile().unwrap();
    write(file.path(), Format::Svg, "semaphore-demo", &scenes).unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let legend = document.descendants().rfind(|node| node.has_tag_name("g")).unwrap();
    let words = legend.descendants().filter(|node| node.has_tag_name("text"));
    let words: Vec<_> = words.filter_map(|node| node.text()).map(str::trim).collect();
    assert_eq!(words, ["works", &label]);
}

#[test]
fn the_data_name_the_unit_and_every_lane() {
    let scenes = [NamedTimeline { scene: "counting".into(), timeline: sample() }];
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    write(file.path(), Format::Json, "semaphore-demo", &scenes).unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    let data: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(data["unit"], "nanoseconds");
    assert_eq!(data["scenes"][0]["lanes"][0]["spans"][1]["activity"], "holds");
    assert_eq!(data["scenes"][0]["lanes"][1]["marks"][0]["at"], 25_000_000);
}

#[test]
fn a_diagnosis_says_what_is_still_going_on_before_what_is_over() {
    let lanes = sample().lanes;
    assert_eq!(lanes[0].doing(300_000_000), "held a permit until 200 ms ago");
    assert_eq!(lanes[1].doing(300_000_000), "works on x < y, for 250 ms");
}
