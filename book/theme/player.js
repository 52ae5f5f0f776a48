// Turns each `.player` (a table of steps and a numbered source) into a player. Without
// this script the table and the source are all there is, and all that is needed.
"use strict";

(() => {
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };

  class Player {
    constructor(section) {
      this.section = section;
      this.body = section.querySelector("tbody");
      this.names = [...section.querySelectorAll("thead th")].slice(1, -1)
        .map((head) => head.textContent);
      // `main` is 0, so that "thread 1" is 1.
      this.firstNumber = this.names[0] === "main" ? 0 : 1;
      this.rows = [...this.body.rows];
      this.recorded = this.rows;
      this.tree = section.dataset.tree ? JSON.parse(section.dataset.tree) : null;
      this.step = 0;
      this.addControls();
      this.addMarks();
      section.classList.add("upgraded");
      section.addEventListener("keydown", (event) => this.key(event));
      this.body.addEventListener("click", (event) => {
        const row = event.target.closest("tr");
        if (row) this.show(this.rows.indexOf(row) + 1);
      });
      this.show(this.asked() || 1);
    }

    // The step that the address asks for: `?step=9`, or `?step=9#player-2`.
    asked() {
      const step = Number(new URLSearchParams(location.search).get("step"));
      const players = [...document.querySelectorAll(".player")];
      const named = players.find((player) => `#${player.id}` === location.hash);
      return this.section === (named || players[0]) ? step : 0;
    }

    addControls() {
      const button = (label, text, step) => make("button", {
        type: "button", "aria-label": label, title: label,
        onclick: () => this.show(step()),
      }, text);
      this.first = button("First step", "⇤", () => 1);
      this.back = button("One step back", "←", () => this.step - 1);
      this.next = button("One step on", "→", () => this.step + 1);
      this.last = button("Last step", "⇥", () => this.rows.length);
      this.slider = make("input", {
        type: "range", min: 1, "aria-label": "Step",
        oninput: () => this.show(Number(this.slider.value)),
      });
      this.link = make("a", { title: "Link to this step" });
      this.controls = make("div", { class: "player-controls" },
        this.first, this.back, this.next, this.last, this.slider, this.link);
      this.sentence = make("p", { class: "player-sentence", "aria-live": "polite" });
      this.values = make("div", {
        class: "player-values", role: "group", "aria-label": "Values after this step",
      });
      const panes = this.section.querySelector(".player-panes");
      panes.before(this.controls, this.sentence);
      panes.querySelector(".player-sources").before(this.values);
      if (!this.tree) return;
      this.mode = make("button", {
        type: "button", class: "player-mode", "aria-pressed": "false",
        onclick: () => this.choosing ? this.replay() : this.choose(),
      }, "Choose who runs");
      this.choices = make("div", {
        class: "player-choices", role: "group", "aria-label": "Who runs next?",
      });
      this.controls.append(this.mode);
      panes.before(this.choices);
    }

    // A column beside the line numbers: where each thread is.
    addMarks() {
      this.sources = [...this.section.querySelectorAll(".player-source")];
      for (const source of this.sources) {
        const numbered = source.querySelector(".numbered");
        source.bar = make("div", { class: "player-line", "aria-hidden": "true" });
        source.marks = make("div", { class: "player-marks", "aria-hidden": "true" });
        numbered.append(source.bar, source.marks);
      }
    }

    show(step) {
      const last = this.rows.length;
      this.step = Math.max(Math.min(last, 1), Math.min(step || 0, last));
      this.rows.forEach((row, index) => {
        row.classList.toggle("future", index >= this.step);
        row.classList.toggle("current", index === this.step - 1);
        if (index === this.step - 1) row.setAttribute("aria-current", "step");
        else row.removeAttribute("aria-current");
      });
      this.slider.max = Math.max(last, 1);
      this.slider.value = this.step;
      // Never `disabled`: a button that loses the focus would give the keys to mdBook.
      for (const [button, end] of [
        [this.first, this.step <= 1], [this.back, this.step <= 1],
        [this.next, this.step >= last], [this.last, this.step >= last],
      ]) button.setAttribute("aria-disabled", String(end));
      this.link.textContent = `${this.step} / ${last}`;
      this.link.href = `?step=${this.step}#${this.section.id}`;
      this.showRow(this.rows[this.step - 1]);
    }

    showRow(row) {
      for (const source of this.sources) source.marks.replaceChildren();
      this.values.replaceChildren();
      this.sentence.textContent =
        row ? `Step ${this.step} of ${this.rows.length}: ${row.dataset.say}` : "";
      if (!row) return this.sources.forEach((source) => { source.bar.hidden = true; });
      this.values.append(...row.querySelector(".state").cloneNode(true).childNodes);
      this.slider.setAttribute("aria-valuetext", this.sentence.textContent);
      const places = new Map();
      for (const past of this.rows.slice(0, this.step)) places.set(past.dataset.thread, past);
      places.forEach((past) => this.mark(past));
      this.point(row);
      this.scroll(row.closest(".player-steps"), row);
    }

    offset(source, row) {
      return `calc(${row.dataset.line - source.dataset.first} * var(--line))`;
    }

    mark(row) {
      const source = this.sources.find((one) => one.dataset.file === row.dataset.file);
      if (!source) return;
      const thread = Number(row.dataset.thread);
      const mark = make("span", { class: `mark t${thread % 6}`, title: this.names[thread] },
        String(thread + this.firstNumber));
      const same = [...source.marks.children].filter((other) => other.row.dataset.line
        === row.dataset.line).length;
      mark.row = row;
      mark.style.top = this.offset(source, row);
      mark.style.insetInlineEnd = `${same * 1.1}em`;
      source.marks.append(mark);
    }

    point(row) {
      for (const source of this.sources) {
        const here = source.dataset.file === row.dataset.file;
        source.hidden = !here && this.sources.length > 1;
        source.bar.hidden = !here;
        if (!here) continue;
        source.bar.className = `player-line t${row.dataset.thread % 6}`;
        source.bar.style.top = this.offset(source, row);
        this.scroll(source.querySelector(".numbered"), source.bar);
      }
    }

    // Moves a pane, never the page.
    scroll(pane, inside) {
      const outer = pane.getBoundingClientRect();
      const inner = inside.getBoundingClientRect();
      const margin = 2 * inner.height;
      if (inner.top < outer.top + margin) pane.scrollTop -= outer.top + margin - inner.top;
      if (inner.bottom > outer.bottom - margin) {
        pane.scrollTop += inner.bottom - outer.bottom + margin;
      }
    }

    key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const step = {
        ArrowLeft: this.step - 1, ArrowRight: this.step + 1, Home: 1, End: this.rows.length,
      }[event.key];
      if (step === undefined) return;
      // mdBook would turn the page.
      event.stopPropagation();
      event.preventDefault();
      this.show(step);
    }

    // From here on: the reader is the scheduler.
    choose() {
      this.choosing = true;
      this.mode.setAttribute("aria-pressed", "true");
      this.rows = [];
      this.node = 0;
      this.body.replaceChildren();
      this.offer();
      this.show(0);
      this.sentence.textContent = "Nothing has happened yet. Who runs first?";
    }

    replay() {
      this.choosing = false;
      this.mode.setAttribute("aria-pressed", "false");
      this.rows = this.recorded;
      this.body.replaceChildren(...this.rows);
      this.choices.replaceChildren();
      this.show(1);
    }

    offer() {
      const again = () => make("button", {
        type: "button", onclick: () => { this.choose(); this.choices.firstChild.focus(); },
      }, "Again from the start");
      const outcome = this.tree.outcomes[this.node];
      this.choices.replaceChildren();
      if (outcome !== undefined) {
        const told = make("p", { class: "player-outcome", role: "status" });
        told.innerHTML = outcome;
        return this.choices.append(again(), told);
      }
      for (const [thread, row, to] of this.tree.nodes[this.node]) {
        const step = this.row(row);
        const text = step.querySelector(".acts").textContent;
        this.choices.append(make("button", {
          type: "button", class: `t${thread % 6}`, onclick: () => this.take(thread, row, to),
        }, make("b", {}, this.names[thread]), ` ${text}`));
      }
      if (this.rows.length) this.choices.append(again());
    }

    row(index) {
      const template = make("template");
      template.innerHTML = `<table><tbody>${this.tree.rows[index]}</tbody></table>`;
      return template.content.querySelector("tr");
    }

    take(thread, index, to) {
      const row = this.row(index);
      this.rows.push(row);
      row.cells[0].textContent = this.rows.length;
      this.body.append(row);
      this.node = to;
      this.offer();
      this.show(this.rows.length);
      const same = [...this.choices.querySelectorAll("button")]
        .find((button) => button.textContent.startsWith(this.names[thread]));
      (same || this.choices.querySelector("button")).focus();
    }
  }

  for (const section of document.querySelectorAll(".player")) new Player(section);
})();
