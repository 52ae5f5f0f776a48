//! The effects of channel operations; the messages are kept by the two ends.

use std::collections::VecDeque;

use super::ids::{Loc, ModelId, Obj};
use super::locks::Deadline;
use super::record::{Action, Woke};
use super::{Arrival, ChannelState, Exec, Need, State, arrive, point, with};

/// How an attempt to send or to receive ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// The message may be put into, or taken from, the queue.
    Yes,
    /// The channel is full, or empty.
    NotNow,
    /// The other side is gone.
    Closed,
    /// The time-out ran out.
    TimedOut,
}

/// What every operation on a channel needs to know about it.
pub(crate) struct Ends<'a> {
    pub(crate) id: &'a ModelId,
    pub(crate) type_name: &'static str,
    pub(crate) capacity: Option<usize>,
    pub(crate) senders: usize,
    pub(crate) receiver: bool,
}

fn channel(ends: &Ends<'_>) -> Obj {
    let state = || {
        State::Channel(ChannelState {
            capacity: ends.capacity,
            queued: VecDeque::new(),
            sent: 0,
            taken: 0,
            senders: ends.senders,
            receiver: ends.receiver,
        })
    };
    with(|x| x.object(ends.id, ends.type_name, state))
}

impl Exec {
    fn channel(&mut self, o: Obj) -> &mut ChannelState {
        match &mut self.objects[o].state {
            State::Channel(state) => state,
            _ => unreachable!("the object was registered as a channel"),
        }
    }

    fn put(&mut self, o: Obj, at: Loc, action: Action) -> u32 {
        let view = self.thread().view.clone();
        self.event(Some(o), true, 30);
        self.progressed();
        let channel = self.channel(o);
        channel.queued.push_back(view);
        channel.sent += 1;
        let number = channel.sent - 1;
        self.step(action, at, Some(o));
        number
    }

    fn refused(&mut self, o: Obj, at: Loc, action: Action) {
        self.event(Some(o), false, 31);
        self.step_with(action, at, Some(o), |s| s.failed = true);
    }
}

/// Makes the channel known where it is created.
pub(crate) fn register(ends: &Ends<'_>) {
    channel(ends);
}

/// Waits for room; after `Yes` the caller puts the message into the queue.
pub(crate) fn send(ends: &Ends<'_>, at: Loc) -> Passed {
    let o = channel(ends);
    // A rendezvous channel takes an offer at any time; the sender then waits.
    let rendezvous = ends.capacity == Some(0);
    let need = if rendezvous { Need::Nothing } else { Need::Room(o) };
    arrive(Arrival::new(Action::Send, Some(o), at, need));
    with(|x| {
        if !x.channel(o).receiver {
            x.refused(o, at, Action::Send);
            return Passed::Closed;
        }
        x.put(o, at, Action::Send);
        Passed::Yes
    })
}

/// Waits until the offer made last on a rendezvous channel is taken.
///
/// `Closed` means that it was not, and the caller has to take it back.
pub(crate) fn await_taken(ends: &Ends<'_>, at: Loc) -> Passed {
    let o = channel(ends);
    let number = with(|x| x.channel(o).sent - 1);
    arrive(Arrival::new(Action::Send, Some(o), at, Need::Taken(o, number)));
    with(|x| {
        x.event(Some(o), true, 32);
        let channel = x.channel(o);
        if channel.taken > number {
            return Passed::Yes;
        }
        channel.queued.pop_front();
        channel.taken += 1;
        x.step_with(Action::Send, at, Some(o), |s| s.failed = true);
        Passed::Closed
    })
}

/// Sends if nobody has to wait for it.
pub(crate) fn try_send(ends: &Ends<'_>, at: Loc) -> Passed {
    let o = channel(ends);
    point(Action::TrySend, Some(o), at);
    with(|x| {
        let waiting_receiver =
            x.threads.iter().any(|t| !t.finished && t.need == Need::Message(o));
        let channel = x.channel(o);
        let room = match channel.capacity {
            None => true,
            Some(0) => waiting_receiver && channel.queued.is_empty(),
            Some(capacity) => channel.queued.len() < capacity,
        };
        if !channel.receiver {
            x.refused(o, at, Action::TrySend);
            Passed::Closed
        } else if room {
            x.put(o, at, Action::TrySend);
            Passed::Yes
        } else {
            let taken = u64::from(channel.taken);
            x.refused(o, at, Action::TrySend);
            x.looked(at, o, taken);
            Passed::NotNow
        }
    })
}

/// Waits for a message; after `Yes` the caller takes it from the queue.
pub(crate) fn receive(ends: &Ends<'_>, timeout: Option<u64>, at: Loc) -> Passed {
    let o = channel(ends);
    let deadline: Deadline = with(|x| x.deadline(timeout));
    arrive(Arrival {
        deadline,
        ..Arrival::new(Action::Receive, Some(o), at, Need::Message(o))
    });
    with(|x| x.take(o, at, Action::Receive))
}

/// Receives if a message is there.
pub(crate) fn try_receive(ends: &Ends<'_>, at: Loc) -> Passed {
    let o = channel(ends);
    point(Action::TryReceive, Some(o), at);
    with(|x| x.take(o, at, Action::TryReceive))
}

impl Exec {
    fn take(&mut self, o: Obj, at: Loc, action: Action) -> Passed {
        let timed_out = self.thread().woke == Woke::TimedOut;
        let channel = self.channel(o);
        if let Some(view) = channel.queued.pop_front() {
            channel.taken += 1;
            self.thread().view.join(&view);
            self.event(Some(o), true, 33);
            self.progressed();
            self.step(action, at, Some(o));
            return Passed::Yes;
        }
        let (closed, sent) = (channel.senders == 0, u64::from(channel.sent));
        self.refused(o, at, action);
        if closed {
            // The senders' ends are ordered before this.
            let view = self.objects[o].view.clone();
            self.thread().view.join(&view);
            Passed::Closed
        } else if timed_out {
            self.progressed();
            Passed::TimedOut
        } else {
            self.looked(at, o, sent);
            Passed::NotNow
        }
    }
}

/// Another sender was made.
pub(crate) fn sender_cloned(ends: &Ends<'_>) {
    // The count that `ends` carries includes the new one already.
    let known = with(|x| ends.id.get(x.epoch).is_some());
    let o = channel(ends);
    if known {
        with(|x| {
            x.channel(o).senders += 1;
            x.event(Some(o), true, 34);
        });
    }
}

/// A sender is gone; `ends` still counts it.
pub(crate) fn sender_dropped(ends: &Ends<'_>, at: Loc) {
    let o = channel(ends);
    if with(|x| x.channel(o).senders == 1 && x.channel(o).receiver) {
        point(Action::SendersGone, Some(o), at);
    }
    with(|x| {
        x.event(Some(o), true, 35);
        x.release_view(o);
        let channel = x.channel(o);
        channel.senders -= 1;
        if channel.senders == 0 && channel.receiver {
            x.step(Action::SendersGone, at, Some(o));
        }
        x.progressed();
    });
}

/// The receiver is gone; what is still in the queue will never be received.
pub(crate) fn receiver_dropped(ends: &Ends<'_>, at: Loc) {
    let o = channel(ends);
    if with(|x| x.channel(o).senders > 0) {
        point(Action::ReceiverGone, Some(o), at);
    }
    with(|x| {
        x.event(Some(o), true, 36);
        let channel = x.channel(o);
        channel.receiver = false;
        if channel.capacity != Some(0) {
            channel.queued.clear();
        }
        if channel.senders > 0 {
            x.step(Action::ReceiverGone, at, Some(o));
        }
        x.progressed();
    });
}
