"use strict";
(() => {
  const table = document.getElementById("files");
  const form = document.getElementById("filter");
  const words = document.getElementById("words");
  const state = document.getElementById("state");
  const count = document.getElementById("count");
  const rows = Array.from(table.tBodies);
  // What is looked through is what is seen without opening anything.
  const text = new Map(rows.map((row) => [row, row.rows[0].textContent.toLowerCase()]));

  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const is = (!state.value || row.dataset.state === state.value)
        && wanted.every((word) => text.get(row).includes(word));
      row.hidden = !is;
      shown += is ? 1 : 0;
    }
    count.textContent = `${shown} of ${rows.length}`;
  };

  const heads = Array.from(table.tHead.rows[0].cells);
  const key = (row, at) => {
    const cell = row.rows[0].cells[at];
    return cell.dataset.by === undefined ? cell.textContent : Number(cell.dataset.by);
  };
  const sort = (at) => {
    const up = heads[at].getAttribute("aria-sort") !== "ascending";
    heads.forEach((head) => head.setAttribute("aria-sort", "none"));
    heads[at].setAttribute("aria-sort", up ? "ascending" : "descending");
    const compare = new Intl.Collator("en", { numeric: true }).compare;
    const order = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : compare(String(a), String(b));
    rows.sort((a, b) => (up ? 1 : -1) * order(key(a, at), key(b, at)));
    table.append(...rows);
  };

  heads.forEach((head, at) => {
    const button = head.querySelector("button");
    button.disabled = false;
    button.addEventListener("click", () => sort(at));
  });
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  filter();
})();
