//! Two callers of one server take their answers out of one channel.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

pub fn run() {
    let (ask, questions) = mpsc::channel();
    let (reply, answers) = mpsc::channel();
    let answers = Mutex::new(answers);
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            for number in questions.iter().take(2) {
                reply.send(10 * number).unwrap();
            }
        });
        let caller_1 = scope.spawn(|| call(1, &ask, &answers));
        let caller_2 = scope.spawn(|| call(2, &ask, &answers));
        caller_1.join().unwrap();
        caller_2.join().unwrap();
        server.join().unwrap();
    });
}

fn call(number: u32, ask: &Sender<u32>, answers: &Mutex<Receiver<u32>>) {
    ask.send(number).unwrap();
    let answer = answers.lock().unwrap().recv().unwrap();
    assert_eq!(answer, 10 * number, "an answer for somebody else");
}
