// Draws Slack from Block Kit as it was sent: messages, the App Home, modals with their inputs.
import { node } from "./dom.js";

const DATE = /<!date\^(\d+)\^[^|>]*(?:\|([^>]*))?>/;
const LINK = /<(https?:[^|>]+)(?:\|([^>]*))?>/;
const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

// mrkdwn: *bold*, _italic_, > quotes, `code`, date tokens and links.
function mrkdwn(text) {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const quoted = line.startsWith("&gt;") || line.startsWith("> ") || line === ">";
    const content = inline(quoted ? line.replace(/^(&gt;|>)\s?/, "") : line);
    const made = quoted ? node("blockquote", { dir: "auto" }, ...content) : node("span", { dir: "auto" }, ...content);
    return index < lines.length - 1 && !quoted ? [made, node("br")] : [made];
  });
}

function inline(text) {
  const parts = [];
  let rest = text;
  const rules = [
    [DATE, (m) => node("time", {}, unescape(m[2] ?? new Date(m[1] * 1000).toISOString()))],
    [LINK, (m) => node("a", { href: m[1], rel: "noreferrer" }, unescape(m[2] ?? m[1]))],
    [/\*([^*\n]+)\*/, (m) => node("strong", {}, ...inline(m[1]))],
    [/(?<![\w])_([^_\n]+)_(?![\w])/, (m) => node("em", {}, ...inline(m[1]))],
    [/`([^`\n]+)`/, (m) => node("code", {}, unescape(m[1]))],
  ];
  while (rest) {
    let first = null;
    for (const [pattern, make] of rules) {
      const found = pattern.exec(rest);
      if (found && (first === null || found.index < first.found.index)) first = { found, make };
    }
    if (first === null) { parts.push(unescape(rest)); break; }
    if (first.found.index) parts.push(unescape(rest.slice(0, first.found.index)));
    parts.push(first.make(first.found));
    rest = rest.slice(first.found.index + first.found[0].length);
  }
  return parts;
}

const text = (object) => object === undefined || object === null ? [] :
  object.type === "mrkdwn" ? mrkdwn(object.text) : [node("span", { dir: "auto" }, object.text)];

function richText(element) {
  const children = (element.elements ?? []).map(richText);
  switch (element.type) {
    case "rich_text_quote": return node("blockquote", { dir: "auto" }, children);
    case "rich_text_section": return node("p", { dir: "auto" }, children);
    case "rich_text_preformatted": return node("pre", {}, children);
    case "rich_text_list": return node(element.style === "ordered" ? "ol" : "ul", {}, children.map((child) => node("li", {}, child)));
    case "link": return node("a", { href: element.url, rel: "noreferrer" }, element.text ?? element.url);
    case "date": return node("time", {}, element.fallback ?? new Date(element.timestamp * 1000).toISOString());
    case "text": return node(element.style?.bold ? "strong" : element.style?.italic ? "em" : element.style?.code ? "code" : "span", {}, element.text);
    default: return node("span", {}, element.text ?? "");
  }
}

function button(element, press) {
  const attributes = { class: `action ${element.style ?? ""}`, "aria-label": element.accessibility_label };
  if (element.url) return node("a", { ...attributes, href: element.url, target: "_blank", rel: "noreferrer" }, element.text.text);
  return node("button", { ...attributes, type: "button", onclick: () => press(element) }, element.text.text);
}

function cells(row, tag) {
  return row.map((cell) => node(tag, { dir: "auto" }, cell.type === "rich_text" ? (cell.elements ?? []).map(richText) : cell.text ?? ""));
}

function block(each, press, state) {
  switch (each.type) {
    case "header": return node("h3", { dir: "auto" }, each.text.text);
    case "divider": return node("hr");
    case "section": return node("div", { class: "section" },
      each.text ? node("div", {}, text(each.text)) : null,
      each.fields ? node("dl", {}, each.fields.map((field) => node("div", {}, text(field)))) : null,
      each.accessory ? control(each.accessory, press, each, state) : null);
    case "context": return node("p", { class: "context" }, each.elements.map((element) => text(element)));
    case "actions": return node("div", { class: "actions" }, each.elements.map((element) => control(element, press, each, state)));
    case "rich_text": return node("div", {}, each.elements.map(richText));
    case "table": return node("table", {}, each.rows.map((row, index) => node("tr", {}, cells(row, index === 0 ? "th" : "td"))));
    case "alert": return node("p", { class: "alert", role: "alert" }, text(each.text));
    case "markdown": return node("div", {}, each.text);
    case "image": return node("p", { class: "file" }, each.alt_text);
    case "input": return field(each, press, state);
    default: return node("p", { class: "context" }, `[${each.type}]`);
  }
}

// Inputs. `state` collects values in the shape of Slack's view.state.values.
function keep(state, blockId, actionId, value) {
  state.values[blockId] = { ...(state.values[blockId] ?? {}), [actionId]: value };
}

function control(element, press, owner, state) {
  const remember = (value) => { if (state) keep(state, owner.block_id, element.action_id, { type: element.type, ...value }); };
  const changed = (value) => { remember(value); if (owner.dispatch_action || owner.type === "actions") press(element, value, owner); };
  switch (element.type) {
    case "button": return button(element, press);
    case "plain_text_input": case "number_input": case "email_text_input": case "url_text_input": {
      const name = element.multiline ? "textarea" : "input";
      remember({ value: element.initial_value ?? null });
      return node(name, { value: element.initial_value ?? "", dir: "auto", maxlength: element.max_length, rows: element.multiline ? 5 : undefined,
        placeholder: element.placeholder?.text, oninput: (event) => remember({ value: event.target.value || null }) });
    }
    case "static_select": case "external_select": {
      const options = element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
      remember({ selected_option: element.initial_option ?? null });
      if (element.type === "external_select") return search(element, changed, owner, state);
      return node("select", { onchange: (event) => changed({ selected_option: options[event.target.value] ?? null }) },
        node("option", { value: "" }, element.placeholder?.text ?? "…"),
        options.map((option, index) => node("option", { value: index, selected: option.value === element.initial_option?.value }, option.text.text)));
    }
    case "radio_buttons": {
      const name = `${owner.block_id}-${element.action_id}`;
      remember({ selected_option: element.initial_option ?? null });
      return node("div", { role: "radiogroup" }, element.options.map((option) => node("label", { class: "option" },
        node("input", { type: "radio", name, checked: option.value === element.initial_option?.value, onchange: () => changed({ selected_option: option }) }), option.text.text)));
    }
    case "checkboxes": {
      const chosen = new Set((element.initial_options ?? []).map((option) => option.value));
      const value = () => ({ selected_options: element.options.filter((option) => chosen.has(option.value)) });
      remember(value());
      return node("div", {}, element.options.map((option) => node("label", { class: "option" },
        node("input", { type: "checkbox", checked: chosen.has(option.value),
          onchange: (event) => { event.target.checked ? chosen.add(option.value) : chosen.delete(option.value); changed(value()); } }), ...text(option.text))));
    }
    case "datepicker":
      remember({ selected_date: element.initial_date ?? null });
      return node("input", { type: "date", value: element.initial_date, onchange: (event) => changed({ selected_date: event.target.value || null }) });
    case "file_input": {
      remember({ files: [] });
      return node("input", { type: "file", multiple: true, onchange: async (event) => {
        const files = [];
        for (const file of event.target.files) files.push(await state.upload(file));
        changed({ files });
      } });
    }
    default: return node("span", { class: "context" }, `[${element.type}]`);
  }
}

function search(element, changed, owner, state) {
  const results = node("div", { class: "results" });
  const look = async (query) => {
    const found = await state.options(owner.block_id, element.action_id, query);
    results.replaceChildren(...found.map((option) => node("button", { type: "button", class: "result", onclick: () => {
      input.value = option.text.text; results.replaceChildren(); changed({ selected_option: option });
    } }, option.text.text)));
  };
  const input = node("input", { type: "text", dir: "auto", placeholder: element.placeholder?.text ?? "Search", value: element.initial_option?.text.text ?? "",
    onfocus: () => look(input.value), oninput: () => look(input.value) });
  return node("div", { class: "search" }, input, results);
}

function field(each, press, state) {
  const error = state.errors?.[each.block_id];
  return node("div", { class: error ? "field wrong" : "field" },
    node("label", {}, node("span", { class: "label", dir: "auto" }, each.label.text, each.optional ? node("small", {}, " (optional)") : null),
      each.element.type === "radio_buttons" || each.element.type === "checkboxes" ? null : control(each.element, press, each, state)),
    each.element.type === "radio_buttons" || each.element.type === "checkboxes" ? control(each.element, press, each, state) : null,
    each.hint ? node("small", { class: "hint", dir: "auto" }, each.hint.text) : null,
    error ? node("p", { class: "error", role: "alert" }, error) : null);
}

function modal(pane, act, upload, options) {
  const view = pane.modals.at(-1);
  if (!view) return null;
  const state = { values: {}, errors: pane.errors ?? {}, upload, options };
  const press = (element, value, owner) => act("tap", { view: view.id, block_id: owner?.block_id, action_id: element.action_id, value: element.value, element: value, values: state.values });
  const form = node("form", { class: "modal", "aria-modal": "true", role: "dialog", "aria-label": view.title.text },
    node("header", {}, node("strong", {}, view.title.text), node("button", { type: "button", class: "close", "aria-label": view.close?.text ?? "Close", onclick: () => act("close", { view: view.id }) }, "×")),
    node("div", { class: "blocks" }, view.blocks.map((each) => block(each, press, state))),
    node("footer", {}, node("button", { type: "button", class: "action", onclick: () => act("close", { view: view.id }) }, view.close?.text ?? "Close"),
      view.submit ? node("button", { type: "submit", class: "action primary" }, view.submit.text) : null));
  form.addEventListener("submit", (event) => { event.preventDefault(); act("submit", { view: view.id, values: state.values }); });
  return node("div", { class: "overlay" }, form);
}

export function draw(pane, act, show, upload, options) {
  const press = (message) => (element) => act("tap", { message, action_id: element.action_id, value: element.value });
  const messages = node("ol", { class: "slack", "aria-live": "polite" }, pane.items.map((item) => node("li", { class: item.from_bot ? "theirs" : "mine" },
    node("strong", { class: "author" }, item.from_bot ? "Parley" : pane.name), item.ephemeral ? node("small", {}, " only visible to you") : null,
    item.payload.blocks?.length ? node("div", { class: "blocks" }, item.payload.blocks.map((each) => block(each, press(item.id)))) : node("p", { dir: "auto" }, item.payload.text ?? ""))));
  const home = node("div", { class: "blocks home" }, (pane.home?.blocks ?? []).map((each) => block(each, press("home"))));
  const input = node("input", { type: "text", autocomplete: "off", dir: "auto", "aria-label": "Message", placeholder: "Message Parley, or /parley …" });
  const composer = node("form", { class: "composer" }, input, node("button", { type: "submit" }, "Send"));
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) act("say", { text: input.value });
    input.value = "";
  });
  const tab = (name, label) => node("button", { type: "button", role: "tab", "aria-selected": String(show.tab === name), onclick: () => {
    show.tab = name; act(name === "home" ? "home" : "look", {});
  } }, label);
  const tabs = node("div", { class: "tabs", role: "tablist" }, tab("messages", "Messages"), tab("home", "Home"),
    node("button", { type: "button", onclick: () => act("say", { text: "/parley" }) }, "/parley"));
  return [tabs, show.tab === "home" ? home : messages, show.tab === "home" ? null : composer, modal(pane, act, upload, options)];
}
