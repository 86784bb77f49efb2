/* What every page does: drawer, menus, dialogs, toasts, passwords, copying. No framework.
   Pages work without it; it only makes them quicker to use. */
"use strict";

(() => {
  const root = document.documentElement;
  const menu = document.getElementById("menu");

  // The drawer of small screens. Without scripts #menu:target opens it.
  function setMenu(open) {
    root.classList.toggle("menu-open", open);
    document.querySelector("[data-menu-open]")?.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector(".side-link")?.focus();
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-menu-open]")) {
      event.preventDefault();
      setMenu(true);
    } else if (event.target.closest("[data-menu-close]")) {
      event.preventDefault();
      setMenu(false);
    }
    // An open menu closes on a click elsewhere.
    for (const open of document.querySelectorAll("details[data-menu][open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    setMenu(false);
    for (const open of document.querySelectorAll("details[data-menu][open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // Questions: a link with data-dialog shows the question of the page it leads to.
  const dialog = document.getElementById("dialog");
  let awaited = ""; // a link that is pressed twice asks once: what was typed by then stays
  async function showQuestion(link) {
    const { href } = link;
    if (awaited === href) return;
    awaited = href;
    let text = "";
    let failure = null;
    try {
      text = await (await fetch(href, { credentials: "same-origin" })).text();
    } catch (error) {
      failure = error;
    }
    if (awaited !== href) return; // another question was asked for meanwhile
    awaited = "";
    if (failure) throw failure;
    const page = new DOMParser().parseFromString(text, "text/html");
    const question = page.getElementById("question");
    if (!question) throw new Error("no question there");
    dialog.replaceChildren(document.adoptNode(question));
    dialog.showModal();
    const first = dialog.querySelector("input:not([type=hidden]), textarea, select, [data-dialog-close]");
    (first?.type === "radio" && dialog.querySelector("input[type=radio]:checked") || first)?.focus();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link && dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      showQuestion(link).catch(() => { window.location.href = link.href; });
    } else if (event.target.closest("[data-dialog-close]") && dialog?.open) {
      event.preventDefault();
      dialog.close();
    } else if (event.target === dialog) {
      dialog.close();
    }
  });

  // A question that is answered with a download leaves the page as it is: close it.
  dialog?.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-dialog-submit]")) setTimeout(() => dialog.close(), 300);
  });

  // On a phone the tabs may be wider than the screen: the current one is brought into sight.
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // A form is sent once, however often the button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-once]");
    if (!form || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });

  // Toasts: those that tell of success go away by themselves, errors stay until closed.
  const toasts = document.getElementById("toasts");
  function dress(note) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", toasts.dataset.close);
    button.addEventListener("click", () => note.remove());
    note.append(button);
    if (!note.classList.contains("toast-error") && !note.classList.contains("toast-warning")) {
      setTimeout(() => note.remove(), 6000);
    }
  }
  function toast(text, kind) {
    const note = document.createElement("div");
    note.className = `toast-note toast-${kind}`;
    const words = document.createElement("span");
    words.textContent = text;
    note.append(words);
    toasts.append(note);
    dress(note);
  }
  toasts?.querySelectorAll(".toast-note").forEach(dress);
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, () => {
      if (toasts && !toasts.querySelector(".toast-error")) toast(document.body.dataset.failed, "error");
    });
  }

  // The eye beside a password, and buttons that copy.
  document.addEventListener("click", async (event) => {
    const eye = event.target.closest("[data-reveal]");
    if (eye) {
      const input = document.getElementById(eye.dataset.reveal);
      input.type = input.type === "password" ? "text" : "password";
      eye.setAttribute("aria-pressed", String(input.type === "text"));
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.copy);
      if (copy.dataset.copied) toast(copy.dataset.copied, "success");
    }
  });
})();
