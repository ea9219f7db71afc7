"use strict";

// What both pages need: words for durations, the bar of rows, and asking again.

function byId(id) {
  return document.getElementById(id);
}

// Texts are only replaced if they differ, so that what is selected stays selected.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function made(name, text = "", attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole >= 2 * 86400) return `${Math.floor(whole / 86400)} days`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

function numberOf(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function runningText(view) {
  if (view.running) return "running";
  if (view.running === null) return "not known whether it runs";
  return view.is_finished ? "finished" : "not running";
}

function leftText(view) {
  if (view.is_finished || view.seconds_left === 0) return "";
  if (view.seconds_left === null) return view.running ? "time left: not known yet" : "";
  return `${view.running ? "" : "once it runs again, "}about ${duration(view.seconds_left)} left`;
}

function agoText(seconds, now) {
  return seconds === null ? "" : `${duration(now - seconds)} ago`;
}

function drawBar(bar, view) {
  const parts = [["finished", view.num_done], ["running", view.rows.running], ["failed", view.rows.failed]];
  parts.forEach(([name, number], index) => {
    const part = bar.children[index] || bar.appendChild(made("span", "", { class: name }));
    part.style.width = `${(100 * number) / (view.num_rows || 1)}%`;
  });
  bar.setAttribute("aria-label", view.rows_text);
}

// Ask again and again; less often while nobody sees the page. An answer of 403 is the end: the
// server was started again, with another token.
function poll(address, seconds, show, lost) {
  let failures = 0, timer = null, isAsking = false;
  async function ask() {
    if (isAsking) return;
    isAsking = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(address, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.json());
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures > 1) lost(error.message === "403");
    }
    isAsking = false;
    timer = setTimeout(ask, 1000 * seconds * (document.hidden ? 5 : Math.min(failures + 1, 5)));
  }
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  ask();
}

function lostText(isRefused) {
  return isRefused
    ? "The server was started again: open the address that it printed."
    : "The server does not answer. It was ended, or the connection to it was.";
}
