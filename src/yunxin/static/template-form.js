/* The form of a template: a button that puts a variable where the cursor is. The preview beside it
   is htmx's work (content/_preview_aside.html). */
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const field = document.querySelector("textarea[data-variables]");
  field.focus();
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
