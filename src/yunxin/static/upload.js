/* A file in slices: one request a slice, in order, each tried again until it is through.
   The form has data-upload (where a file is opened) and the words; without scripts it is sent whole.
   The answers: {url, slice} when opened, {there} after a slice, {done} with the last, {error}. */
"use strict";

(() => {
  const TRIES = 8;
  const WAIT_MS = 500; // doubled with every try, up to WAIT_MAX_MS
  const WAIT_MAX_MS = 8000;

  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const state = form.querySelector("[data-upload-state]");
  const bar = state.querySelector("progress");
  const percent = state.querySelector("[data-percent]");
  const words = state.querySelector("[data-words]");
  const goOn = state.querySelector("[data-go-on]");
  const trouble = form.querySelector("[data-upload-error]");
  const token = form.querySelector("input[name=csrfmiddlewaretoken]").value;
  let job = null; // { file, url, slice, there }

  form.classList.add("is-scripted");
  form.querySelector("button[type=submit]")?.setAttribute("hidden", "");
  goOn.textContent = form.dataset.goOn;

  class Refused extends Error {}
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  async function ask(url, options) {
    const answer = await fetch(url, {
      credentials: "same-origin", headers: { "X-CSRFToken": token }, ...options,
    });
    if (answer.status >= 500) throw new Error(String(answer.status));
    let told = {};
    try { told = await answer.json(); } catch { throw new Refused(form.dataset.failed); }
    if (told.error) throw new Refused(told.error);
    if (!answer.ok && answer.status !== 409) throw new Refused(form.dataset.failed);
    return told;
  }

  // Try again after a pause that grows; what the server refuses is not tried again.
  async function patiently(url, options) {
    for (let turn = 0; ; turn += 1) {
      try {
        const told = await ask(url, options);
        words.textContent = form.dataset.sending;
        return told;
      } catch (error) {
        if (error instanceof Refused || turn + 1 >= TRIES) throw error;
        words.textContent = form.dataset.retrying;
        await pause(Math.min(WAIT_MS * 2 ** turn, WAIT_MAX_MS));
      }
    }
  }

  function show(there, size) {
    bar.max = size;
    bar.value = there;
    percent.textContent = `${Math.floor((there * 100) / size)}%`;
  }

  async function open(file) {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string") body.append(name, value); // what else the form asks
    }
    body.set("name", file.name);
    body.set("size", String(file.size));
    const told = await patiently(form.dataset.upload, { method: "POST", body });
    job = { file, url: told.url, slice: told.slice, there: told.there };
  }

  async function send() {
    const { file, url, slice } = job;
    for (;;) {
      show(job.there, file.size);
      const body = file.slice(job.there, job.there + slice);
      const told = await patiently(`${url}?start=${job.there}`, { method: "POST", body });
      job.there = told.there;
      if (told.done) {
        show(file.size, file.size);
        window.location.assign(told.done);
        return;
      }
    }
  }

  async function run(step) {
    input.disabled = true;
    goOn.hidden = true;
    trouble.hidden = true;
    state.hidden = false;
    words.textContent = form.dataset.sending;
    window.addEventListener("beforeunload", warn);
    try {
      await step();
      window.removeEventListener("beforeunload", warn);
    } catch (error) {
      window.removeEventListener("beforeunload", warn);
      input.disabled = false;
      if (error instanceof Refused) refuse(error.message);
      else stopHere();
    }
  }

  function warn(event) { event.preventDefault(); }

  function refuse(sentence) {
    state.hidden = true;
    trouble.hidden = false;
    trouble.querySelector("[data-words]").textContent = sentence;
    input.value = "";
    job = null;
  }

  function stopHere() {
    words.textContent = form.dataset.stopped;
    goOn.hidden = false;
    goOn.focus();
  }

  function choose(file) {
    if (!file) return;
    if (file.size > Number(form.dataset.limit) * 1024 * 1024) {
      refuse(form.dataset.tooLarge);
      return;
    }
    run(async () => { await open(file); await send(); });
  }

  input.addEventListener("change", () => choose(input.files[0]));
  goOn.addEventListener("click", () => {
    if (!job) { choose(input.files[0]); return; }
    run(async () => {
      job.there = (await patiently(job.url, {})).there;
      await send();
    });
  });
  drop.addEventListener("click", (event) => {
    if (event.target.closest("label, input")) return;
    input.click();
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("is-over"); });
  }
  drop.addEventListener("drop", (event) => {
    if (!input.disabled) choose(event.dataTransfer.files[0]);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(input.files[0]);
  });
})();
