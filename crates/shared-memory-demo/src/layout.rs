//! Two processes must agree where each byte is; an address is not what they agree on.
//!
//! Without `repr(C)` the compiler puts the fields of a struct where it likes, and the
//! next version may like another place. With it the order is the one that is written,
//! and the rest is alignment: the largest first wastes least. A segment is mapped
//! wherever there is room, so the same byte has another address in each process. Links
//! are offsets from the beginning; a pointer in there leads nowhere, and with `Box`,
//! `Vec` or `String` a pointer is what is shared. The sources agree on offsets, so both
//! programs should be built from the same ones.
//!
//! Run:     cargo run -p shared-memory-demo -- layout
//! Expect:  sizes and offsets, one segment at three addresses, a list of offsets
//! Chapter: book/src/shared-memory.md
//! Source:  the Rust Reference, "Type Layout"; mmap(2)

use std::mem::offset_of;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU64, Ordering::Relaxed};

use anyhow::{Context, ensure};
use common::{Actor, println};

use crate::janitor::Janitor;
use crate::memory::{Shared, shareable};
use crate::partner::{self, Partner};

const NODES: usize = 3;

/// In bytes, of the three fields that are shown.
const FIELDS: usize = size_of::<u8>() + size_of::<u64>() + size_of::<u16>();

shareable! {
    struct AsWritten {
        kind: AtomicU8,
        length: AtomicU64,
        flags: AtomicU16,
    }
}

shareable! {
    struct LargestFirst {
        length: AtomicU64,
        flags: AtomicU16,
        kind: AtomicU8,
    }
}

/// Where its fields are is up to the compiler: not `Shareable`.
struct AsTheCompilerLikes {
    kind: AtomicU8,
    length: AtomicU64,
    flags: AtomicU16,
}

shareable! {
    struct Node {
        value: AtomicU64,
        /// Offset of the next node from the beginning of the segment; 0 at the end.
        next: AtomicU64,
    }
}

shareable! {
    struct List {
        /// Offset of the first node.
        first: AtomicU64,
        /// Where the child sees the first node: what one must not store.
        address: AtomicU64,
        nodes: [Node; NODES],
    }
}

macro_rules! show {
    ($type:ident, $what:expr) => {
        let size = size_of::<$type>();
        println!(
            "{:<26} {:>4} {:>7} {:>6} {size:>6} {:>8}",
            $what,
            offset_of!($type, kind),
            offset_of!($type, length),
            offset_of!($type, flags),
            size - FIELDS
        );
    };
}

pub fn run() -> anyhow::Result<()> {
    println!("{:<26} offset of", "");
    println!("{:<26} kind  length  flags   size  padding", "");
    show!(AsWritten, "repr(C), as written");
    show!(LargestFirst, "repr(C), largest first");
    show!(AsTheCompilerLikes, "no repr, in this program");
    ensure!(size_of::<AsWritten>() == 24 && size_of::<LargestFirst>() == 16);

    let [parent, child] = ["parent", "child"].map(Actor::new);
    let mut janitor = Janitor::start()?;
    let here = Shared::<List>::create(&mut janitor)?;
    let again = Shared::<List>::open(here.name())?;
    let mut partner = Partner::start("layout-child", here.name())?;
    println!("\none segment, mapped three times:");
    parent.says(format!("at {:#x}, and at {:#x}", here.address(), again.address()));
    child.says(format!("at {}", partner.ask("address")?));
    ensure!(here.address() != again.address(), "two mappings at one place");

    child.says(partner.ask("store a list")?);
    let address = here.address.load(Relaxed);
    let reach = here.address() as u64..(here.address() + size_of::<List>()) as u64;
    let inside = if reach.contains(&address) { "by chance inside" } else { "outside" };
    parent.says(format!("{address:#x} is {inside} of my first mapping"));
    let (list, other) = (here.follow()?, again.follow()?);
    parent.says(format!("by offset: {list:?}, and {other:?}"));
    ensure!(list == [3, 1, 4] && list == other, "not what the child has stored");
    println!("\nok: the offsets held in all mappings, the addresses in one each");
    Ok(())
}

impl List {
    /// The values, in the order of the links.
    fn follow(&self) -> anyhow::Result<Vec<u64>> {
        let mut values = Vec::new();
        let mut offset = self.first.load(Relaxed);
        // A list longer than its nodes is a circle.
        while offset != 0 && values.len() < NODES {
            let node = self.node_at(offset).context("a link leads nowhere")?;
            values.push(node.value.load(Relaxed));
            offset = node.next.load(Relaxed);
        }
        Ok(values)
    }

    /// Another process may have stored any number: it is checked, not believed.
    fn node_at(&self, offset: u64) -> Option<&Node> {
        let from_first =
            usize::try_from(offset).ok()?.checked_sub(offset_of!(Self, nodes))?;
        let whole = from_first.is_multiple_of(size_of::<Node>());
        self.nodes.get(from_first / size_of::<Node>()).filter(|_| whole)
    }

    fn offset_of_node(index: usize) -> u64 {
        (offset_of!(Self, nodes) + index * size_of::<Node>()) as u64
    }
}

#[derive(clap::Args)]
pub struct Options {
    name: String,
}

/// Says where it sees the segment, and stores a list.
pub fn child(Options { name }: Options) -> anyhow::Result<()> {
    let list = Shared::<List>::open(&name)?;
    partner::answer(|what| {
        if what == "address" {
            return Ok(format!("{:#x}", list.address()));
        }
        for (index, (node, value)) in list.nodes.iter().zip([3, 1, 4]).enumerate() {
            let last = index + 1 == NODES;
            let next = if last { 0 } else { List::offset_of_node(index + 1) };
            node.value.store(value, Relaxed);
            node.next.store(next, Relaxed);
        }
        let first = List::offset_of_node(0);
        list.first.store(first, Relaxed);
        list.address.store(list.address() as u64 + first, Relaxed);
        let address = list.address.load(Relaxed);
        Ok(format!("stored a list: offset {first}, for me at {address:#x}"))
    })
}
