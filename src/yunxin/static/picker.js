/* Picking contacts in a dialog of step 2 (campaigns/_picker.html; the form itself is htmx's work).
   Without scripts the same form is a page of its own. */
"use strict";

(() => {
  const dialog = document.getElementById("picker-dialog");
  const opener = document.querySelector("[data-picker]");
  const field = document.querySelector("textarea[name=typed]");

  const digits = (number) => number.replace(/[^\d+]/g, "").replace(/^(\+86|0086|86(?=1\d{10}$))/, "");

  // What is in the field already, however it is separated, is not written twice.
  function write(numbers) {
    const there = new Set(field.value.split(/[,，;；、\r\n\t]+/).flatMap((piece) => [
      digits(piece), ...piece.split(/\s+/).map(digits),
    ]));
    const more = numbers.filter((number) => !there.has(number));
    field.value = [field.value.trimEnd(), ...more].filter(Boolean).join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const said = document.querySelector("[data-picker-said]");
    said.textContent = said.dataset.words.replace("{n}", String(more.length));
    field.focus();
  }

  if (dialog && opener && field) {
    opener.addEventListener("click", async (event) => {
      event.preventDefault();
      dialog.replaceChildren();
      await window.htmx.ajax("GET", opener.formAction, { target: dialog, swap: "innerHTML" });
      if (!dialog.querySelector("#picker")) { window.location.assign(opener.formAction); return; }
      dialog.showModal();
      dialog.querySelector("#picker-search").focus();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-dialog-close]")) {
        event.preventDefault();
        dialog.close();
      } else if (event.target.closest("[data-picker-done]")) {
        event.preventDefault();
        const picked = [...dialog.querySelectorAll("input[name=picked]")];
        dialog.close();
        write(picked.map((input) => input.dataset.phone));
      }
    });
    dialog.addEventListener("close", () => { dialog.replaceChildren(); });
  }

  // One box ticks all on the page.
  const showTickAll = () => {
    for (const box of document.querySelectorAll("[data-tick-all]")) box.hidden = false;
  };
  showTickAll();
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-tick-all]")) return;
    for (const box of document.querySelectorAll("#picker input[name=tick]")) {
      box.checked = event.target.checked;
    }
  });
  // A button that was renewed away leaves the focus with what it changed.
  document.addEventListener("htmx:afterSettle", () => {
    showTickAll();
    const list = document.querySelector(".picker-list");
    if (list && document.activeElement === document.body) list.focus();
  });
})();
