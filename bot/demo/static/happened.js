// The third column: what waits, and each thing somebody did with all that came of it.
import { node, reconcile } from "./dom.js";

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function fromNow(at, now) {
  const seconds = (new Date(at) - now) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

function moment(at, zone) {
  return new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone }).format(new Date(at));
}

function record(each, zone, since) {
  // What the clock brought has its own time.
  const later = new Date(each.at) - new Date(since) > 60000 ? node("time", {}, moment(each.at, zone)) : null;
  if (each.kind === "payload")
    return node("li", { class: "payload" }, node("details", {}, node("summary", {}, later, each.title, each.detail ? node("span", { class: "to" }, ` → ${each.detail}`) : null), node("pre", {}, JSON.stringify(each.payload, null, 2))));
  return node("li", { class: each.kind }, later, node("code", {}, each.title), " ", node("span", {}, each.detail));
}

export function draw(state) {
  const now = new Date(state.now);
  document.getElementById("count").textContent = state.waiting.length ? `(${state.waiting.length})` : "(nothing)";
  reconcile(document.getElementById("waiting"), state.waiting.map((each) => ({ ...each, when: fromNow(each.at, now) })), (each) => `${each.title} ${each.detail}`, (each) =>
    node("li", { class: each.kind }, node("time", { datetime: each.at, title: each.when }, moment(each.at, state.zone)), node("small", {}, each.when),
      node("p", {}, node("code", {}, each.title), " ", each.detail)));
  reconcile(document.getElementById("chapters"), state.chapters, (each) => each.number, (each) =>
    node("li", {}, node("h3", {}, node("span", {}, each.title), node("time", { datetime: each.at }, moment(each.at, state.zone))),
      node("ol", {}, each.records.map((one) => record(one, state.zone, each.at)))));
}
