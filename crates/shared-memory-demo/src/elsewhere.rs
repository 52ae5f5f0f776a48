//! What a scene says on a system that has not what it shows.

use common::println;

pub fn run() -> anyhow::Result<()> {
    println!("What this scene shows is how Linux does it; this system is another one.");
    println!("\nok: nothing was shown, and nothing was claimed");
    Ok(())
}
