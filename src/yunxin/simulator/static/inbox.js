// The page of phones renews its figures, its list and the open chat by itself; buttons that
// cannot be undone ask first. Without this file everything still works by loading the page anew.
"use strict";

const EVERY_MS = 1500;

function renew(id, html) {
  const place = document.getElementById(id);
  if (!place || html === undefined || place.dataset.shown === html) return;
  const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
  place.innerHTML = html; // made and escaped by the server
  place.dataset.shown = html;
  if (id === "talk" && atEnd) place.scrollTop = place.scrollHeight;
}

async function look() {
  const device = document.querySelector("[data-phone]");
  const search = document.getElementById("q");
  const asked = new URLSearchParams();
  if (device) asked.set("phone", device.dataset.phone);
  if (search && search.value) asked.set("q", search.value);
  try {
    const answer = await fetch(`parts?${asked}`);
    if (answer.ok) {
      const parts = await answer.json();
      for (const id of Object.keys(parts)) renew(id, parts[id]);
    }
  } catch {
    // The carrier is away for a moment; the next look will tell.
  }
}

function start() {
  const talk = document.getElementById("talk");
  if (talk) talk.scrollTop = talk.scrollHeight;
  if (document.getElementById("list")) {
    setInterval(() => { if (!document.hidden) look(); }, EVERY_MS);
    document.getElementById("q").addEventListener("input", look);
  }
  for (const button of document.querySelectorAll("[data-ask]")) {
    button.addEventListener("click", (event) => {
      if (!window.confirm(button.dataset.ask)) event.preventDefault();
    });
  }
  const text = document.querySelector(".reply textarea");
  if (text) {
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        text.form.requestSubmit();
      }
    });
  }
}

start();
