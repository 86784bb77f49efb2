/* The address book: one menu for all groups of the tree, and fields that find a group by its name.
   Without scripts a group's menu stands in the head of its own list. */
"use strict";

(() => {
  const tree = document.querySelector("[data-tree]");

  // The tree ---------------------------------------------------------------------------------
  function prepareTree() {
    if (window.matchMedia("(max-width: 991px)").matches) tree.open = false;
    const list = tree.querySelector(".tree-list");
    const current = tree.querySelector(".branch.is-current");
    if (current) list.scrollTop = Math.max(0, current.offsetTop - list.clientHeight / 2);
    for (const button of tree.querySelectorAll(".branch-more")) button.hidden = false;
    const search = tree.querySelector("[data-tree-search]");
    if (search) {
      search.closest("label").hidden = false;
      search.addEventListener("input", () => findBranches(search.value.trim().toLowerCase()));
    }
  }

  function findBranches(text) {
    const items = [...tree.querySelectorAll(".tree-list > ul li")];
    const fits = new Set();
    for (const item of items) {
      const name = item.querySelector(":scope > .branch .branch-name").textContent.toLowerCase();
      if (!name.includes(text)) continue;
      for (let at = item; at; at = at.parentElement.closest("li")) fits.add(at);
    }
    for (const item of items) {
      item.hidden = !fits.has(item);
      const below = item.querySelector(":scope > details");
      if (text && below && fits.has(item)) below.open = true;
    }
    tree.querySelector("[data-tree-nothing]").hidden = fits.size > 0;
  }

  // One menu, put beside the button that asked for it --------------------------------------------
  let menu = null;
  let asked = null;

  function closeMenu() {
    menu?.remove();
    menu = null;
    asked?.setAttribute("aria-expanded", "false");
  }

  function openMenu(button) {
    closeMenu();
    asked = button;
    menu = document.createElement("div");
    menu.className = "menu-list branch-menu";
    menu.append(tree.querySelector("[data-group-menu]").content.cloneNode(true));
    for (const link of menu.querySelectorAll("a")) {
      link.href = link.getAttribute("href").replace(/\/0(?=\/)/, `/${button.dataset.group}`)
        .replace(/=0$/, `=${button.dataset.group}`);
    }
    button.closest("li").append(menu);
    place(button);
    button.setAttribute("aria-expanded", "true");
    menu.querySelector("a").focus({ preventScroll: true });
  }

  // Below the button, or above it where the window ends; the tree's own scrolling cuts nothing off.
  function place(button) {
    const { top, bottom, right } = button.getBoundingClientRect();
    const fits = bottom + 4 + menu.offsetHeight <= window.innerHeight;
    menu.style.top = `${fits ? bottom + 4 : Math.max(4, top - 4 - menu.offsetHeight)}px`;
    menu.style.left = `${Math.max(4, right - menu.offsetWidth)}px`;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".branch-more");
    if (button && !(menu && asked === button)) openMenu(button);
    else closeMenu();
  });
  // Not while somebody presses a line of it: the release would miss the line.
  document.addEventListener("scroll", () => { if (menu && !menu.matches(":active")) place(asked); }, true);
  document.addEventListener("keydown", (event) => {
    if (!menu) return;
    if (event.key === "Escape") {
      closeMenu();
      asked.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const links = [...menu.querySelectorAll("a")];
      const step = event.key === "ArrowDown" ? 1 : links.length - 1;
      links[(links.indexOf(document.activeElement) + step) % links.length].focus();
      event.preventDefault();
    }
  });

  // Choosing groups: the field narrows the boxes below it. They may come with a dialog later. ----
  document.addEventListener("input", (event) => {
    const search = event.target.closest("[data-group-search]");
    if (!search) return;
    const text = search.value.trim().toLowerCase();
    for (const label of search.closest("[data-group-picker]").querySelectorAll(".form-check")) {
      const name = label.querySelector(".form-check-label").textContent.toLowerCase();
      label.hidden = !name.includes(text) && !label.querySelector("input").checked;
    }
  });
  function showSearches(root) {
    for (const search of root.querySelectorAll("[data-group-search]")) search.closest("label").hidden = false;
  }
  const dialog = document.getElementById("dialog");
  if (dialog) new MutationObserver(() => showSearches(dialog)).observe(dialog, { childList: true });

  showSearches(document);
  if (tree) prepareTree();
})();
