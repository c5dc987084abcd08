// Draws a Telegram chat from the very parameters that sendMessage, sendPhoto and their edits were called with.
import { clockTime, composer, converse, node, picture, reconcile, withDays } from "./dom.js";

// What the client itself says, in its user's language as the real one would; Parley's words come in the payloads.
const CLIENT = {
  en: { menu: "Menu", message: "Message", send: "Send", attach: "Attach a photo or a document", start: "START", bot: "bot", block: "Block", unblock: "Unblock" },
  fr: { menu: "Menu", message: "Message", send: "Envoyer", attach: "Joindre une photo ou un document", start: "DÉMARRER", bot: "bot", block: "Bloquer", unblock: "Débloquer" },
  ar: { menu: "القائمة", message: "رسالة", send: "إرسال", attach: "إرفاق صورة أو مستند", start: "ابدأ", bot: "بوت", block: "حظر", unblock: "إلغاء الحظر" },
};
const PLAIN_TAGS = new Set(["B", "STRONG", "I", "EM", "U", "S", "CODE", "PRE", "BLOCKQUOTE"]);

// Telegram's HTML has a dozen tags. Everything else in a message is text, and stays text.
function rich(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html").body;
  const copy = (from) => [...from.childNodes].map((each) => {
    if (each.nodeType === Node.TEXT_NODE) return document.createTextNode(each.data);
    if (each.nodeType !== Node.ELEMENT_NODE) return "";
    if (each.tagName === "A" && /^https?:/.test(each.getAttribute("href") ?? ""))
      return node("a", { href: each.getAttribute("href"), target: "_blank", rel: "noreferrer" }, copy(each));
    if (each.tagName === "TG-TIME") return node("time", {}, copy(each));
    if (PLAIN_TAGS.has(each.tagName)) return node(each.tagName.toLowerCase(), each.tagName === "BLOCKQUOTE" ? { dir: "auto" } : {}, copy(each));
    return node("span", {}, copy(each));
  });
  return copy(parsed);
}

// A paragraph of its own for each direction: a message may hold both.
function paragraphs(parts) {
  const made = [[]];
  for (const part of parts) {
    if (part.nodeType !== Node.TEXT_NODE) { made.at(-1).push(part); continue; }
    part.data.split("\n").forEach((line, index) => {
      if (index) made.push([]);
      if (line) made.at(-1).push(line);
    });
  }
  return made.map((inside) => inside.length === 1 && inside[0].tagName === "BLOCKQUOTE" ? inside[0] : node("p", { class: "plain" }, inside));
}

function keyboard(item, act) {
  const rows = item.params.reply_markup?.inline_keyboard ?? [];
  return rows.length ? node("div", { class: "keyboard" }, rows.map((row) => node("div", { class: "row" }, row.map((key) => key.url
    ? node("a", { class: "key", dir: "auto", href: key.url, target: "_blank", rel: "noreferrer" }, key.text, " ↗")
    : node("button", { type: "button", dir: "auto", class: `key ${key.style ?? ""}`, onclick: () => act("tap", { message: item.id, data: key.callback_data }) }, key.text))))) : null;
}

function bubble(item, pane, act, zone) {
  if (item.day) return node("li", { class: "day" }, node("span", {}, item.day));
  const text = item.params.text ?? item.params.caption ?? "";
  const parts = item.from_bot && item.params.parse_mode === "HTML" ? rich(text) : [document.createTextNode(text)];
  return node("li", { class: item.from_bot ? "theirs" : "mine" },
    node("div", { class: "bubble" },
      item.params.file ? picture(item.params.file) : null,
      text ? paragraphs(parts) : null,
      node("span", { class: "stamp" }, clockTime(item.at, pane.language, zone), item.from_bot ? "" : " ✓✓")),
    item.from_bot ? keyboard(item, act) : null);
}

export function mount(body, first, act, zone) {
  const says = CLIENT[first.language] ?? CLIENT.en;
  const list = node("ol", { class: "chat", "aria-live": "polite", tabindex: "0", "aria-label": "Messages" });
  const start = node("div", { class: "beginning" }, node("span", { class: "avatar big", "aria-hidden": "true" }, "P"),
    node("p", { dir: "auto" }, first.about), node("button", { type: "button", onclick: () => act("say", { text: "/start" }) }, says.start));
  const menu = node("div", { class: "menu", hidden: true });
  const opener = node("button", { type: "button", class: "opener", "aria-expanded": "false", onclick: () => toggle(menu.hidden) }, `☰ ${says.menu}`);
  const toggle = (open) => { menu.hidden = !open; opener.setAttribute("aria-expanded", String(open)); };
  const file = node("input", { type: "file", "aria-label": says.attach });
  const { form, input } = composer(says.message, says.send, (text) => { toggle(false); act("say", { text }); },
    [opener, node("label", { class: "clip", title: says.attach }, node("span", { "aria-hidden": "true" }, "+"), file)], says.message);
  file.addEventListener("change", () => {
    const sent = new FormData();
    sent.append("file", file.files[0]);
    sent.append("text", input.value);
    file.value = input.value = "";
    act("attach", sent);
  });
  const blocking = node("button", { type: "button", class: "quiet" });
  body.replaceChildren(
    node("div", { class: "bar" }, node("span", { class: "avatar", "aria-hidden": "true" }, "P"),
      node("div", { class: "title" }, node("strong", {}, "Parley"), node("small", {}, says.bot)), blocking),
    list, start, menu, form);
  return (pane) => {
    const empty = pane.items.length === 0;
    start.hidden = !empty;
    list.hidden = empty;
    converse(list, withDays(pane.items, pane.language, zone), (item) => item.id, (item) => bubble(item, pane, act, zone));
    reconcile(menu, pane.commands, (each) => each.command, (each) =>
      node("button", { type: "button", onclick: () => { toggle(false); act("say", { text: `/${each.command}` }); } },
        node("b", { dir: "ltr" }, `/${each.command}`), " ", node("span", { dir: "auto" }, each.description)));
    blocking.textContent = pane.blocked ? says.unblock : says.block;
    blocking.title = pane.blocked ? "Let the bot write again" : "Block the bot, to see what becomes of an answer nobody can deliver";
    blocking.onclick = () => act("block", { blocks: !pane.blocked });
  };
}
