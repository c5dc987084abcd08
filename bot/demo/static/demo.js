// The demo: two people side by side, what just happened beside them, and a clock that can be put forward.
import { get, node, post } from "./dom.js";
import * as slack from "./slack.js";
import * as telegram from "./telegram.js";

const chosen = { left: "broker", right: "officer" };
const shown = { left: { tab: "messages" }, right: { tab: "messages" } };
let people = [];
let only = "story";

function failed(error) {
  document.getElementById("guide").textContent = `That did not work: ${error.message}`;
}

async function drawPane(side) {
  const key = chosen[side];
  const pane = await get(`/demo/pane/${key}`);
  const act = async (what, body) => {
    try {
      if (what !== "look") await post(`/demo/pane/${key}/${what}`, body);
      await refresh();
    } catch (error) { failed(error); }
  };
  const upload = async (file) => {
    const form = new FormData();
    form.append("file", file);
    return post(`/demo/pane/${key}/upload`, form);
  };
  const options = (blockId, actionId, query) => post(`/demo/pane/${key}/options`, { block_id: blockId, action_id: actionId, query });
  const menu = node("select", { "aria-label": "Who", onchange: (event) => { chosen[side] = event.target.value; refresh(); } },
    people.map((person) => node("option", { value: person.key, selected: person.key === key }, `${person.name} – ${person.what}`)));
  const content = pane.door === "slack" ? slack.draw(pane, act, shown[side], upload, options) : telegram.draw(pane, act);
  const section = document.getElementById(side);
  const typed = section.querySelector(".composer input[type=text]")?.value ?? "";
  const focused = section.querySelector(".composer")?.contains(document.activeElement);
  section.className = `pane ${pane.door}`;
  section.dir = pane.rtl ? "rtl" : "ltr";
  section.lang = pane.language;
  section.replaceChildren(node("header", {}, menu, node("span", { class: "door" }, pane.door === "slack" ? "Slack" : "Telegram")),
    ...content.filter((each) => each !== null && each !== undefined));
  const input = section.querySelector(".composer input[type=text]");
  if (input) { input.value = typed; if (focused) input.focus(); }
  const list = section.querySelector("ol");
  if (list) list.scrollTop = list.scrollHeight;
}

async function drawHappened() {
  const records = await get("/demo/happened");
  const wanted = records.filter((record) => only === "story" || record.kind === only || (only === "waiting" && record.waits));
  document.getElementById("events").replaceChildren(...wanted.slice(0, 60).map((record) =>
    node("li", { class: record.kind },
      node("span", { class: "kind" }, record.kind), " ", node("span", { class: "title" }, record.title),
      record.detail ? node("p", {}, record.detail) : null,
      record.payload ? node("details", {}, node("summary", {}, "exact payload"), node("pre", {}, JSON.stringify(record.payload, null, 2))) : null)));
}

async function refresh() {
  const state = await get("/demo/state");
  people = state.people;
  document.getElementById("now").textContent = state.now;
  document.getElementById("guide").textContent = state.guide;
  await Promise.all([drawPane("left"), drawPane("right"), drawHappened()]);
}

document.querySelectorAll("[data-advance]").forEach((button) => button.addEventListener("click", () =>
  post("/demo/clock", { seconds: Number(button.dataset.advance) }).then(refresh, failed)));
document.getElementById("next-due").addEventListener("click", () => post("/demo/clock", { next: true }).then(refresh, failed));
document.querySelectorAll(".happened [data-tab]").forEach((tab) => tab.addEventListener("click", () => {
  only = tab.dataset.tab;
  document.querySelectorAll(".happened [data-tab]").forEach((each) => each.setAttribute("aria-selected", String(each === tab)));
  drawHappened().catch(failed);
}));

// A ping says that something changed; what, is fetched. A modal that is being filled is not redrawn under its reader.
new EventSource("/demo/changes").addEventListener("changed", () => {
  if (!document.querySelector(".overlay")) refresh().catch(failed);
});
refresh().catch(failed);
