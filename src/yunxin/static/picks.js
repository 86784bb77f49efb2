/* A list whose rows can be ticked: all of a page at once, how many, and what is done with them.
   The form has data-picked; boxes of rows data-pick, the box of all data-pick-all, buttons
   data-pick-act, or data-pick-any where none ticked means all that were found. Their question appears in a dialog. Without scripts the form is sent as it is. */
"use strict";

(() => {
  const form = () => document.querySelector("form[data-picked]");
  const boxes = () => [...document.querySelectorAll("[data-pick]")];

  function show() {
    const picked = form();
    if (!picked) return;
    const ticked = boxes().filter((box) => box.checked).length;
    const found = picked.querySelector("[data-pick-found]");
    const all = found?.querySelector("input");
    const isWhole = ticked > 0 && ticked === boxes().length;
    if (all && !isWhole) all.checked = false;
    if (found) found.hidden = !isWhole;
    for (const whole of document.querySelectorAll("[data-pick-all]")) {
      whole.hidden = false;
      whole.checked = isWhole;
      whole.indeterminate = ticked > 0 && !isWhole;
    }
    const count = picked.querySelector("[data-pick-count]");
    const number = all?.checked ? Number(all.dataset.count) : ticked;
    count.hidden = false;
    count.textContent = count.dataset.words.replace("{n}", number.toLocaleString("en"));
    for (const button of picked.querySelectorAll("[data-pick-act]")) button.disabled = !number;
    picked.classList.toggle("has-picks", number > 0);
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    if (event.target.matches("[data-pick-all], [data-pick], [data-pick-found] input")) show();
  });
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!event.target.matches("form[data-picked]") || !button?.matches("[data-pick-act], [data-pick-any]")) return;
    event.preventDefault();
    const chosen = new FormData(event.target);
    if (chosen.get("all")) chosen.delete("id");
    const link = event.target.querySelector("[data-pick-link]");
    link.href = `${button.formAction}?${new URLSearchParams(chosen)}`;
    link.click();
  });
  document.addEventListener("htmx:afterSettle", show);
  window.addEventListener("pageshow", show);
  show();
})();
