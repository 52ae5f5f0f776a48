//! Pools of two workers, and what it takes to start a process.

use std::process::Command;
use std::time::Instant;

use crossprocess::pool::{PoolOptions, Work};
use crossprocess::process::Entry;

use crate::python;
use crate::table::{Contender, compare};

pub const DOUBLE: Work<(), u64, u64> = Work::new("double");
pub const NOTHING: Entry<()> = Entry::new("nothing");

const JOBS: u64 = 20_000;

pub fn measure() -> anyhow::Result<()> {
    let mut pools = [
        ("`Pool::map`, chunk 1", PoolOptions::new().chunk(1).start(&DOUBLE, 2, &())?),
        ("`Pool::map`, chunk 64", PoolOptions::new().chunk(64).start(&DOUBLE, 2, &())?),
        ("`Pool::map`, chunk by default", PoolOptions::new().start(&DOUBLE, 2, &())?),
    ];
    let mut contenders = Vec::new();
    for (name, pool) in &mut pools {
        contenders.push(Contender::new(name, || {
            let begun = Instant::now();
            assert!(pool.map(0..JOBS).all(|result| result.is_ok()));
            Ok(begun.elapsed().as_secs_f64() / JOBS as f64)
        }));
    }
    compare("A job for a pool of two", contenders, python::measure("pools")?)
}

pub fn measure_starts() -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    let contenders = vec![
        Contender::new("`Entry`", || {
            let begun = Instant::now();
            let mut child = NOTHING.with(&())?.spawn()?;
            assert!(child.wait()?.success());
            Ok(begun.elapsed().as_secs_f64())
        }),
        Contender::new("`Command`, the same program", || {
            let begun = Instant::now();
            let mut command = Command::new(&program);
            command.env("CROSSPROCESS_ROLE", "nothing").env("CROSSPROCESS_PAYLOAD", "");
            assert!(command.status()?.success());
            Ok(begun.elapsed().as_secs_f64())
        }),
    ];
    compare("A process, from start to end", contenders, python::measure("starts")?)
}
