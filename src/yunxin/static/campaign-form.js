/* Step 1 of a campaign: the field above the templates narrows them. Without it all are listed. */
"use strict";

(() => {
  for (const field of document.querySelectorAll("[data-filter]")) {
    const list = document.querySelector(field.dataset.filter);
    const none = document.querySelector(".empty-picks");
    field.addEventListener("input", (event) => {
      event.stopPropagation(); // what is typed here is no part of the message
      const words = field.value.trim().toLowerCase().split(/\s+/);
      let shown = 0;
      for (const pick of list.children) {
        const text = pick.dataset.text.toLowerCase();
        pick.hidden = !words.every((word) => text.includes(word));
        shown += pick.hidden ? 0 : 1;
      }
      none.hidden = shown > 0;
    });
    field.addEventListener("change", (event) => event.stopPropagation());
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
})();
