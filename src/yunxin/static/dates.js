/* Calendars in the page's language. A pair of date fields becomes one range; single fields with
   data-calendar get a calendar of their own. Without scripts the browser's own fields remain. */
"use strict";

(() => {
  const isChinese = document.documentElement.lang.startsWith("zh");
  const locale = isChinese ? { ...flatpickr.l10ns.zh, firstDayOfWeek: 1 } : "default";

  function iso(day) { return flatpickr.formatDate(day, "Y-m-d"); }

  function makeRange(group) {
    const [first, last] = group.querySelectorAll("input");
    const shown = document.createElement("input");
    shown.type = "text";
    shown.className = "form-control dates-range";
    shown.placeholder = group.dataset.label;
    shown.setAttribute("aria-label", group.dataset.label);
    for (const input of [first, last]) input.closest("label").hidden = true;
    group.append(shown);
    flatpickr(shown, {
      mode: "range",
      locale,
      dateFormat: "Y-m-d",
      disableMobile: true,
      defaultDate: [first.value, last.value].filter(Boolean),
      onClose(days, _text, calendar) {
        if (days.length === 1) calendar.setDate([days[0], days[0]]);
        const chosen = calendar.selectedDates;
        first.value = chosen.length ? iso(chosen[0]) : "";
        last.value = chosen.length ? iso(chosen[chosen.length - 1]) : "";
        last.dispatchEvent(new Event("change", { bubbles: true }));
      },
    });
  }

  function makeSingle(input) {
    const isMoment = input.dataset.calendar === "moment";
    const value = input.value;
    input.type = "text";
    flatpickr(input, {
      locale,
      disableMobile: true,
      enableTime: isMoment,
      time_24hr: true,
      altInput: true,
      altFormat: isMoment ? "Y-m-d H:i" : "Y-m-d",
      dateFormat: isMoment ? "Y-m-d\\TH:i" : "Y-m-d",
      minDate: input.min || null,
      defaultDate: value || null,
      onReady(_days, _text, calendar) {
        // The label belongs to the field that people see.
        calendar.altInput.id = input.id;
        input.removeAttribute("id");
      },
    });
  }

  document.querySelectorAll("[data-dates]").forEach(makeRange);
  document.querySelectorAll("input[data-calendar]").forEach(makeSingle);
})();
