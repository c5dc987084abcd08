// Draws a Telegram chat from the very parameters that sendMessage, sendPhoto and their edits were called with.
import { node } from "./dom.js";

const PLAIN_TAGS = new Set(["B", "STRONG", "I", "EM", "U", "S", "CODE", "PRE", "BLOCKQUOTE"]);

// Telegram's HTML has a dozen tags. Everything else in a message is text, and stays text.
function rich(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html").body;
  const copy = (from) => [...from.childNodes].map((each) => {
    if (each.nodeType === Node.TEXT_NODE) return document.createTextNode(each.data);
    if (each.nodeType !== Node.ELEMENT_NODE) return "";
    if (each.tagName === "A" && /^https?:/.test(each.getAttribute("href") ?? ""))
      return node("a", { href: each.getAttribute("href"), rel: "noreferrer" }, ...copy(each));
    if (each.tagName === "TG-TIME") return node("time", {}, ...copy(each));
    if (PLAIN_TAGS.has(each.tagName)) return node(each.tagName.toLowerCase(), {}, ...copy(each));
    return node("span", {}, ...copy(each));
  });
  return copy(parsed);
}

function keyboard(item, act) {
  const rows = item.params.reply_markup?.inline_keyboard ?? [];
  if (!rows.length) return null;
  return node("div", { class: "keyboard" }, rows.map((row) =>
    node("div", { class: "row" }, row.map((key) => key.url
      ? node("a", { class: "key", href: key.url, target: "_blank", rel: "noreferrer" }, key.text)
      : node("button", { type: "button", class: `key ${key.style ?? ""}`, onclick: () => act("tap", { message: item.id, data: key.callback_data }) }, key.text)))));
}

function bubble(item, act) {
  const text = item.params.text ?? item.params.caption ?? "";
  const body = item.from_bot && item.params.parse_mode === "HTML" ? rich(text) : [text];
  const file = item.params.photo || item.params.document
    ? node("p", { class: "file" }, item.params.file_name ?? (item.params.photo ? "photo" : "document")) : null;
  return node("li", { class: item.from_bot ? "theirs" : "mine" },
    node("div", { class: "bubble", dir: "auto" }, file, ...body), item.from_bot ? keyboard(item, act) : null);
}

export function draw(pane, act) {
  const list = node("ol", { class: "chat", "aria-live": "polite" }, pane.items.map((item) => bubble(item, act)));
  const text = node("input", { type: "text", name: "text", autocomplete: "off", dir: "auto", "aria-label": "Message", placeholder: "Message" });
  const file = node("input", { type: "file", class: "attach", "aria-label": "Attach a photo or a document" });
  file.addEventListener("change", () => {
    const form = new FormData();
    form.append("file", file.files[0]);
    form.append("text", text.value);
    act("attach", form);
  });
  const composer = node("form", { class: "composer" },
    node("label", { class: "clip", title: "Attach" }, "+", file), text,
    node("button", { type: "submit" }, "Send"));
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim()) act("say", { text: text.value });
    text.value = "";
  });
  const commands = (pane.commands ?? []).length
    ? node("div", { class: "commands" }, pane.commands.map((command) =>
        node("button", { type: "button", title: command.description, onclick: () => act("say", { text: `/${command.command}` }) }, `/${command.command}`)))
    : null;
  return [list, commands, composer];
}
