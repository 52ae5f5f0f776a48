#!/usr/bin/env python3
"""Runs the examples of std's own documentation with the checker's types in std's place.

They come from the HTML that rustup installs beside the compiler, with their hidden lines.
Each must compile and pass outside an exploration; what does not is listed below, with
the reason.

    python3 crates/interleavings/tests/std_docs.py
"""

import html
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

PAGES = [
    "hint/fn.spin_loop", "macro.thread_local", "sync/atomic/*", "sync/index",
    "sync/mpsc/*", "sync/struct.*", "sync/enum.*", "thread/*",
]
# Words of an example, and why it cannot pass.
EXPECTED = {
    ".as_ptr()": "atomics by raw pointers are not modelled, and do not compile",
    "::from_ptr(": "atomics by raw pointers are not modelled, and do not compile",
    "wait_timeout_ms(": "deprecated, and does not compile",
    "spawn_unchecked(": "unsafe, and does not compile",
    "foo.txt": "reads a file that is not there",
}
# In seconds; building takes most of the half minute that is the rule.
LIMIT = 600
EXAMPLE = re.compile(r'<div class="(example-wrap[^"]*)">(.*?)</pre>(.*?)</div>', re.S)
CODE = re.compile(r'play\.rust-lang\.org/\?code=([^"&]*)(&[^"]*)?"')


def examples(documentation):
    """The code of each stable example, once, with the page that it is on."""
    found = {}
    for pattern in PAGES:
        for page in sorted(documentation.glob(pattern + ".html")):
            for kind, body, rest in EXAMPLE.findall(page.read_text()):
                link = CODE.search(body + rest)
                if link is None or "ignore" in kind or "compile_fail" in kind:
                    continue
                code = urllib.parse.unquote_plus(html.unescape(link[1]))
                nightly = "nightly" in (link[2] or "") or "#![feature" in code
                if not nightly:
                    name = str(page.relative_to(documentation))[: -len(".html")]
                    found.setdefault(code, (name, "should_panic" in kind))
    return found


def expected(code):
    """Whether it is known that the example cannot pass."""
    return any(words in code for words in EXPECTED)


def write(folder, found):
    """A program with a test for each example."""
    source = folder / "src"
    source.mkdir(parents=True)
    modules, tests = ["#![allow(warnings)]"], ["fn main() {}"]
    for number, (code, (page, panics)) in enumerate(found.items()):
        name = "e_" + re.sub(r"\W", "_", page) + f"_{number}"
        code = re.sub(r"^#!\[.*\]\n", "", code, flags=re.M)
        code = re.sub(r"^fn main\(\)", "pub fn main()", code, flags=re.M)
        (source / f"{name}.rs").write_text(code)
        modules.append(f"mod {name};")
        must = "#[should_panic] " if panics else ""
        tests.append(f"#[test] {must}fn t_{name}() {{ let _ = {name}::main(); }}")
    (source / "main.rs").write_text("\n".join(modules + tests) + "\n")


def main():
    here = pathlib.Path(__file__).resolve()
    std = here.parents[2] / "interleavings-std"
    command = ["rustc", "--print", "sysroot"]
    sysroot = subprocess.run(command, capture_output=True, text=True, check=True)
    documentation = pathlib.Path(sysroot.stdout.strip(), "share/doc/rust/html/std")
    if not documentation.is_dir():
        sys.exit("error: no documentation: rustup component add rust-docs")
    found = examples(documentation)
    left_out = [code for code in found if expected(code)]
    for code in left_out:
        del found[code]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder, found)
        (folder / "Cargo.toml").write_text(
            '[package]\nname = "std-docs"\nedition = "2021"\n[workspace]\n'
            "[dev-dependencies]\n"
            f'std = {{ package = "interleavings-std", path = "{std}" }}\n'
        )
        (folder / "Cargo.lock").write_text((here.parents[3] / "Cargo.lock").read_text())
        target = os.environ.get("CARGO_TARGET_DIR", here.parents[3] / "target")
        environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
        command = ["cargo", "test", "--quiet"]
        try:
            run = subprocess.run(command, cwd=folder, env=environment, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            sys.exit(f"error: the examples have not ended after {LIMIT} s")
    if run.returncode:
        sys.exit("error: the types differ from std's")
    print(f"ok: {len(found)} examples of std pass; {len(left_out)} cannot")


main()
