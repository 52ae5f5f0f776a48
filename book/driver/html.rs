//! Pieces of HTML.

/// `text` for an element or a quoted attribute.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Markdown ends a block of HTML at a blank line, so none may appear.
            '\n' => escaped.push_str("&#10;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes `text` and lets `` `code` `` be code.
#[must_use]
pub fn prose(text: &str) -> String {
    let mut parts = text.split('`').enumerate();
    let mut html = String::new();
    for (index, part) in &mut parts {
        let part = escape(part);
        if index % 2 == 1 {
            // A path, or the two ends of a channel, may be broken behind a slash.
            html += &format!("<code>{}</code>", part.replace('/', "/<wbr>"));
        } else {
            html += &part;
        }
    }
    html
}

/// A heading that links itself, as mdBook draws those of a page.
#[must_use]
pub fn heading(level: u8, id: &str, text: &str) -> String {
    let text = escape(text);
    format!(
        r##"<h{level} id="{id}"><a class="header" href="#{id}">{text}</a></h{level}>"##
    )
}

/// A block of code in `language`; `plaintext` is not coloured.
#[must_use]
pub fn code(class: &str, language: &str, text: &str) -> String {
    // The code scrolls when a line is long, so the keyboard must reach it.
    format!(
        r#"<pre class="{class}"><code class="language-{language}" tabindex="0">{}</code></pre>"#,
        escape(text.trim_end_matches('\n')),
    )
}

/// A command as one line; the `$` in front is drawn, so that it is not copied.
#[must_use]
pub fn run_line(command: &str) -> String {
    code("run-line", "plaintext", command)
}

/// The language of a file, by its name, as highlight.js calls it.
#[must_use]
pub fn language(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("rs") => "rust",
        Some("py") => "python",
        Some("toml") => "ini",
        Some("json") => "json",
        _ => "plaintext",
    }
}
