/* The export takes what the filters say now: they renew the list without leaving the page. */
"use strict";

document.addEventListener("click", (event) => {
  const link = event.target.closest("#export");
  if (link) link.search = location.search;
});
