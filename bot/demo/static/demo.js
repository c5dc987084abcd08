// The demo: two people side by side, what just happened beside them, and a clock that can be put forward.
import { get, node, post } from "./dom.js";
import * as happened from "./happened.js";
import * as slack from "./slack.js";
import * as telegram from "./telegram.js";

const sides = { left: { key: "broker" }, right: { key: "officer" } };
const NARROW = matchMedia("(max-width: 62rem)");
const trouble = document.getElementById("trouble");
let state = null;

function failed(error) {
  trouble.textContent = `That did not work: ${error.message}`;
  trouble.hidden = false;
}

function choice(side) {
  const doors = Map.groupBy ? Map.groupBy(state.people, (person) => person.door) : new Map(["telegram", "slack"].map((door) => [door, state.people.filter((person) => person.door === door)]));
  return node("select", { "aria-label": "Who is here", onchange: (event) => be(side, event.target.value) },
    [...doors].map(([door, people]) => node("optgroup", { label: door === "slack" ? "In Slack" : "In Telegram" },
      people.map((person) => node("option", { value: person.key, selected: person.key === sides[side].key }, `${person.name} · ${person.what}`)))));
}

function be(side, key) {
  sides[side].key = key;
  drawPane(side).catch(failed);
  document.getElementById(side).scrollIntoView({ block: "nearest", inline: "center" });
}

async function drawPane(side) {
  const { key } = sides[side];
  const section = document.getElementById(side);
  const pane = await get(`/demo/pane/${key}`);
  if (sides[side].key !== key) return;
  if (sides[side].shown !== key || section.lang !== pane.language) mount(side, section, pane);
  sides[side].update(pane);
}

function mount(side, section, pane) {
  const { key } = sides[side];
  const act = async (what, body) => {
    section.setAttribute("aria-busy", "true");
    try {
      trouble.hidden = true;
      await post(`/demo/pane/${key}/${what}`, body);
      await refresh();
    } catch (error) { failed(error); } finally { section.removeAttribute("aria-busy"); }
  };
  const ask = (what, body) => post(`/demo/pane/${key}/${what}`, body);
  const body = node("div", { class: "screen", lang: pane.language, dir: pane.rtl ? "rtl" : "ltr" });
  section.className = `pane ${pane.door}`;
  section.lang = pane.language;
  section.replaceChildren(node("header", { class: "who" }, node("span", { "aria-hidden": "true" }, "You are"), choice(side),
    node("span", { class: "door" }, pane.door === "slack" ? "Slack" : "Telegram")), body);
  sides[side].shown = key;
  sides[side].update = (pane.door === "slack" ? slack : telegram).mount(body, pane, act, state.zone, ask);
}

// The chapter one reads stands in the address, so that a reload stays there and a link leads to it.
const chapter = () => state.guide.find((each) => `#${each.key}` === location.hash) ?? state.guide[0];
addEventListener("hashchange", () => {
  if (!state) return;
  drawGuide();
  showStory();
});
function showStory() {
  document.querySelector("#stories [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
}

function drawStories(shown) {
  const stories = document.getElementById("stories");
  const known = new Map([...stories.children].map((link) => [link.hash, link]));
  for (const each of state.guide) {
    const link = known.get(`#${each.key}`) ?? stories.appendChild(node("a", { href: `#${each.key}` }, each.title));
    const isDone = each.step === each.steps.length;
    link.classList.toggle("done", isDone);
    link.title = isDone ? "Played to its end" : `${each.step} of ${each.steps.length} steps`;
    if (each === shown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function drawGuide() {
  const shown = chapter();
  drawStories(shown);
  const { step, steps, afterwards } = shown;
  const now = steps[step];
  document.getElementById("steps").replaceChildren(...steps.map((_each, index) => node("li", { class: index < step ? "done" : index === step ? "now" : "" })));
  const guide = document.getElementById("guide");
  const text = now ? `Step ${step + 1} of ${steps.length}. ${now.text}` : afterwards;
  if (guide.textContent !== text) guide.textContent = text;
  const person = now && state.people.find((each) => each.key === now.persona);
  // On a narrow page one pane is seen at a time: being somebody may be no more than looking there.
  const here = person && Object.keys(sides).find((side) => sides[side].key === person.key);
  const button = document.getElementById("be");
  button.hidden = !person || (here && !NARROW.matches);
  if (person) {
    button.textContent = `Be ${person.name}`;
    button.onclick = () => { be(here ?? (person.door === "slack" ? "right" : "left"), person.key); button.hidden = !NARROW.matches; };
  }
  const next = now ? null : state.guide[state.guide.indexOf(shown) + 1];
  const onward = document.getElementById("onward");
  onward.hidden = !next;
  if (next) {
    onward.textContent = `Next: ${next.title}`;
    onward.onclick = () => { location.hash = next.key; };
  }
}

// One look at a time: whoever asks while one is under way gets the one after it.
let looking = null;
let again = null;
function refresh() {
  if (looking === null) return (looking = look().finally(() => { looking = null; }));
  again ??= looking.catch(() => {}).then(() => { again = null; return refresh(); });
  return again;
}

async function look() {
  state = await get("/demo/state");
  const now = document.getElementById("now");
  now.dateTime = state.now;
  now.textContent = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: state.zone }).format(new Date(state.now));
  const isFirst = !document.querySelector("#stories a");
  drawGuide();
  if (isFirst) showStory();
  happened.draw(state);
  await Promise.all(Object.keys(sides).map(drawPane));
}

async function advance(button, by) {
  button.disabled = true;
  try {
    await post("/demo/clock", by);
    await refresh();
  } catch (error) { failed(error); } finally { button.disabled = false; }
}
document.querySelectorAll("[data-advance]").forEach((button) => button.addEventListener("click", () => advance(button, { seconds: Number(button.dataset.advance) })));
document.getElementById("next").addEventListener("click", (event) => advance(event.currentTarget, { next: true }));

// A ping says that something changed; what, is fetched.
new EventSource("/demo/changes").addEventListener("changed", () => refresh().catch(failed));
refresh().catch(failed);
