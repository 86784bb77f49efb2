/* Keys of a review: j and k walk along the queue, a approves, r goes to the reason, 1 to 9 choose a
   usual one, Ctrl+Enter rejects, ? shows the keys. All of it works with the mouse as well. */
"use strict";

(() => {
  const reason = document.querySelector("[data-reason]");
  const isTyping = (target) => target.matches("input:not([type=radio]), textarea, select");

  function press(key) {
    const target = document.querySelector(`[data-key="${key}"]`);
    if (target) target.click();
    return Boolean(target);
  }

  function chooseReason(number) {
    const choice = document.querySelectorAll("[data-ready]")[number - 1];
    if (!choice) return false;
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  document.addEventListener("change", (event) => {
    if (reason && event.target.matches("[data-ready]")) {
      reason.value = event.target.dataset.ready;
      reason.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey) {
      if (event.key === "Enter" && event.target === reason && press("reject")) event.preventDefault();
      return;
    }
    if (event.key === "Escape" && event.target === reason) {
      reason.blur();
      return;
    }
    if (isTyping(event.target)) return;
    let done = false;
    if (event.key === "r" && reason) {
      reason.focus();
      reason.scrollIntoView({ block: "center" });
      done = true;
    } else if (/^[1-9]$/.test(event.key)) {
      done = chooseReason(Number(event.key));
    } else if (["j", "k", "a", "?"].includes(event.key)) {
      done = press(event.key);
    }
    if (done) event.preventDefault();
  });
})();
