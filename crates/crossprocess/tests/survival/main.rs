//! Kills processes, and looks at what the survivors can still do.
//!
//! * `sweep`: a victim runs one operation, one machine instruction at a time, and is
//!   killed after each instruction that changed shared memory, and after every n-th
//!   one. Between two changes all instructions are the same to the others: nothing
//!   that they could see tells them apart.
//! * `storm`: victims are killed at random while several processes fight for the object.
//!
//! Run:     cargo test -p crossprocess --test survival [-- 'sweep queue']
//! Expect:  one line a scenario, with the slowest recovery; ends with `ok:`
//! Nightly: CROSSPROCESS_SWEEP=changes kills after every single change of shared memory,
//!          CROSSPROCESS_SWEEP=every at every instruction as well (use --release),
//!          CROSSPROCESS_STORM=1000 as often at random

#[cfg(target_os = "linux")]
#[path = "../filter/mod.rs"]
mod filter;
#[cfg(target_os = "linux")]
mod pool;
#[cfg(target_os = "linux")]
mod scenarios;
#[cfg(target_os = "linux")]
mod storm;
#[cfg(target_os = "linux")]
mod sweep;

#[cfg(target_os = "linux")]
use std::process::ExitCode;

#[cfg(target_os = "linux")]
use crossprocess::process::child_role;
#[cfg(target_os = "linux")]
use filter::Wanted;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    if let Some(role) = child_role() {
        return role
            .on(&storm::VICTIM, |name: String| storm::victim(&name))
            .work(&pool::WORK, pool::prepare, pool::work)
            .finish();
    }
    if sweep::is_victim() {
        sweep::victim();
        return ExitCode::SUCCESS;
    }
    if pool::is_owner() {
        return pool::owner();
    }
    let wanted = Wanted::from_args();
    let names: Vec<String> = sweep::names().chain(storm::names()).collect();
    if !wanted.exists(names.iter().map(String::as_str)) {
        return ExitCode::FAILURE;
    }
    let swept = sweep::run(&wanted);
    let stormed = storm::run(&wanted);
    eprintln!("ok: {swept} scenarios swept, {stormed} stormed; nobody hung");
    ExitCode::SUCCESS
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("single steps need ptrace(2) of Linux: nothing was tested");
}
