// Draws Slack from Block Kit as it was sent: messages, the App Home, a modal.
import { block } from "./blocks.js";
import { clockTime, composer, converse, node, picture, withDays } from "./dom.js";
import { complain } from "./inputs.js";

// What the client itself says, in the languages Slack has; Parley's words come in the payloads.
const CLIENT = {
  en: { home: "Home", messages: "Messages", write: "Message Parley", send: "Send", attach: "Attach a file", passing: "Only visible to you", beginning: "This is the very beginning of your conversation with Parley." },
  fr: { home: "Accueil", messages: "Messages", write: "Envoyer un message à Parley", send: "Envoyer", attach: "Joindre un fichier", passing: "Visible par vous uniquement", beginning: "Ceci est le tout début de votre conversation avec Parley." },
};
const client = (language) => CLIENT[language] ?? CLIENT.en;
const initials = (name) => name.split(" ").map((each) => each[0]).slice(0, 2).join("");

function message(item, pane, act, zone) {
  if (item.day) return node("li", { class: "day" }, node("span", {}, item.day));
  const press = (element) => act("tap", { message: item.id, action_id: element.action_id, value: element.value });
  return node("li", { class: item.from_bot ? "theirs" : "mine" },
    node("span", { class: "avatar", "aria-hidden": "true" }, item.from_bot ? "P" : initials(pane.name)),
    node("div", { class: "said" },
      node("p", { class: "author" }, node("strong", { dir: "auto" }, item.from_bot ? "Parley" : pane.name), item.from_bot ? node("span", { class: "app" }, "APP") : null,
        node("time", {}, clockTime(item.at, pane.language, zone)), item.ephemeral ? node("small", {}, client(pane.language).passing) : null),
      item.blocks?.length ? node("div", { class: "blocks" }, item.blocks.map((each) => block(each, press))) : item.text ? node("p", { dir: "auto" }, item.text) : null,
      (item.files ?? []).map(picture)));
}

function modal(pane, act, ask, upload) {
  const view = pane.modal;
  const options = (blockId, actionId, query) => ask("options", { block_id: blockId, action_id: actionId, query });
  const state = { values: {}, upload, options };
  const press = (element) => act("tap", { view: view.id, action_id: element.action_id, value: element.value, values: state.values });
  const close = () => act("close", { view: view.id });
  const form = node("form", { class: "modal", role: "dialog", "aria-label": view.title.text, novalidate: true },
    node("header", {}, node("strong", { dir: "auto" }, view.title.text), node("button", { type: "button", class: "close", "aria-label": view.close.text, onclick: close }, "×")),
    node("div", { class: "blocks" }, view.blocks.map((each) => block(each, press, state))),
    node("footer", {}, node("button", { type: "button", class: "action", onclick: close }, view.close.text),
      view.submit ? node("button", { type: "submit", class: "action primary" }, view.submit.text) : null));
  form.addEventListener("submit", (event) => { event.preventDefault(); act("submit", { view: view.id, values: state.values }); });
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  return node("div", { class: "overlay" }, form);
}

export function mount(body, first, act, zone, ask) {
  const says = client(first.language);
  const list = node("ol", { class: "messages", "aria-live": "polite", tabindex: "0", "aria-label": "Messages" });
  const beginning = node("p", { class: "beginning" }, says.beginning);
  const home = node("div", { class: "blocks home" });
  const file = node("input", { type: "file", "aria-label": says.attach });
  const { form } = composer(says.write, says.send, (text) => act("say", { text }),
    node("label", { class: "clip", title: says.attach }, node("span", { "aria-hidden": "true" }, "+"), file));
  const shortcuts = node("div", { class: "shortcuts" },
    node("button", { type: "button", title: "The slash command", onclick: () => act("say", { text: "/parley" }) }, "/parley"),
    node("button", { type: "button", title: "A global shortcut of the app", onclick: () => act("shortcut", { name: "issues.raise" }) }, "⚡ Raise an issue"));
  file.addEventListener("change", () => {
    const sent = new FormData();
    sent.append("file", file.files[0]);
    file.value = "";
    act("attach", sent);
  });
  const upload = (chosen) => {
    const sent = new FormData();
    sent.append("file", chosen);
    return ask("upload", sent);
  };
  const tabs = { home: says.home, messages: says.messages };
  const buttons = Object.fromEntries(Object.entries(tabs).map(([name, label]) => [name, node("button", { type: "button", role: "tab", onclick: () => {
    show(name);
    if (name === "home") act("home", {});
  } }, label)]));
  const surface = node("div", { class: "surface" }, beginning, list, home, shortcuts, form);
  const show = (name) => {
    for (const each of Object.keys(tabs)) buttons[each].setAttribute("aria-selected", String(each === name));
    surface.dataset.tab = name;
    list.scrollTop = list.scrollHeight;
  };
  body.replaceChildren(
    node("div", { class: "bar" }, node("span", { class: "avatar", "aria-hidden": "true" }, "P"), node("strong", {}, "Parley"), node("span", { class: "app" }, "APP"),
      node("div", { class: "tabs", role: "tablist" }, buttons.home, buttons.messages)),
    surface);
  let overlay = null;
  let count = first.items.length;
  let drawnHome = null;
  show(count ? "messages" : "home");
  if (!count && !first.home) act("home", {});
  return (pane) => {
    if (pane.items.length > count) show("messages");
    count = pane.items.length;
    beginning.hidden = count > 0;
    converse(list, withDays(pane.items, pane.language, zone), (item) => item.id, (item) => message(item, pane, act, zone));
    const atHome = JSON.stringify(pane.home);
    if (atHome !== drawnHome) {
      const press = (element) => act("tap", { message: "home", action_id: element.action_id, value: element.value });
      home.replaceChildren(...(pane.home?.blocks ?? []).map((each) => block(each, press)));
      drawnHome = atHome;
    }
    // A modal that is being filled is not drawn anew under its reader.
    const key = pane.modal ? `${pane.modal.id} ${pane.modal.hash}` : null;
    if (key === (overlay?.dataset.key ?? null)) {
      if (overlay) complain(overlay, pane.errors);
      return;
    }
    const before = overlay?.querySelector(".blocks").scrollTop ?? 0;
    const answering = overlay?.contains(document.activeElement) ? document.activeElement.closest(".field")?.dataset.block : null;
    overlay?.remove();
    overlay = pane.modal ? modal(pane, act, ask, upload) : null;
    surface.inert = overlay !== null;
    if (!overlay) {
      body.querySelector("[aria-selected=true]").focus({ preventScroll: true });
      return;
    }
    overlay.dataset.key = key;
    body.append(overlay);
    overlay.querySelector(".blocks").scrollTop = before;
    const field = answering ? `[data-block="${answering}"]` : ".field";
    const inside = (which) => overlay.querySelector(`${field} ${which}`);
    (inside("input:checked") ?? inside(":is(input, textarea, select)"))?.focus({ preventScroll: true });
  };
}
