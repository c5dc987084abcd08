// Draws Block Kit: what a message, the Home tab or a modal is made of. Inputs are in inputs.js.
import { node } from "./dom.js";
import { control, input } from "./inputs.js";

export const words = (object) => object ? node("span", { dir: "auto" }, object.text) : null;

function styled(element, inside) {
  let made = inside;
  if (element.style?.code) made = node("code", {}, made);
  if (element.style?.italic) made = node("em", {}, made);
  if (element.style?.strike) made = node("s", {}, made);
  if (element.style?.bold) made = node("strong", {}, made);
  return made;
}

function rich(element) {
  const children = (element.elements ?? []).map(rich);
  switch (element.type) {
    case "rich_text_quote": return node("blockquote", { dir: "auto" }, children);
    case "rich_text_section": return node("p", { class: "plain" }, children);
    case "rich_text_preformatted": return node("pre", {}, children);
    case "rich_text_list": return node(element.style === "ordered" ? "ol" : "ul", {}, children.map((child) => node("li", {}, child)));
    case "link": return styled(element, node("a", { href: element.url, target: "_blank", rel: "noreferrer" }, element.text ?? element.url));
    case "date": return styled(element, node("time", { datetime: new Date(element.timestamp * 1000).toISOString() }, element.fallback ?? ""));
    default: return styled(element, element.text ?? "");
  }
}

const cell = (tag) => (each) => node(tag, { dir: "auto" }, each.type === "rich_text" ? each.elements.map(rich) : each.text ?? "");

export function block(each, press, state) {
  switch (each.type) {
    case "header": return node("h3", { dir: "auto" }, each.text.text);
    case "divider": return node("hr");
    case "section": return node("div", { class: "section" },
      each.text ? node("div", { class: "text plain" }, each.text.text) : null,
      each.fields ? node("dl", {}, each.fields.map((field) => node("div", {}, words(field)))) : null,
      each.accessory ? control(each.accessory, press, each, state) : null);
    case "context": return node("p", { class: "context" }, each.elements.map(words));
    case "actions": return node("div", { class: "actions" }, each.elements.map((element) => control(element, press, each, state)));
    case "rich_text": return node("div", { class: "rich" }, each.elements.map(rich));
    case "table": return node("div", { class: "scroll" }, node("table", {},
      each.rows.map((row, index) => node("tr", {}, row.map(cell(index === 0 ? "th" : "td"))))));
    case "alert": return node("p", { class: "alert", role: "alert" }, words(each.text));
    case "input": return input(each, press, state);
    default: return node("p", { class: "context" }, `[${each.type}]`);
  }
}
