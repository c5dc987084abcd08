// What can be pressed or filled in. `state.values` collects what stands in them, in the shape of Slack's view.state.values.
import { node } from "./dom.js";

let numbered = 0;

function button(element, press) {
  const attributes = { class: `action ${element.style ?? ""}`, "aria-label": element.accessibility_label, dir: "auto" };
  if (element.url) return node("a", { ...attributes, href: element.url, target: "_blank", rel: "noreferrer" }, element.text.text, " ↗");
  return node("button", { ...attributes, type: "button", onclick: () => press(element) }, element.text.text);
}

export function control(element, press, owner, state, label) {
  if (element.type === "button") return button(element, press);
  const remember = (value) => { state.values[owner.block_id] = { [element.action_id]: { type: element.type, ...value } }; };
  const changed = (value) => { remember(value); if (owner.dispatch_action) press(element); };
  const draw = KINDS[element.type];
  return draw ? draw(element, { remember, changed, owner, state, label }) : node("span", { class: "context" }, `[${element.type}]`);
}

const KINDS = {
  plain_text_input(element, { remember, label }) {
    remember({ value: element.initial_value ?? null });
    return node(element.multiline ? "textarea" : "input", { id: label, value: element.initial_value ?? "", dir: "auto", maxlength: element.max_length,
      rows: element.multiline ? 4 : undefined, oninput: (event) => remember({ value: event.target.value || null }) });
  },
  static_select(element, { remember, changed, label }) {
    remember({ selected_option: element.initial_option ?? null });
    return node("select", { id: label, dir: "auto", onchange: (event) => changed({ selected_option: element.options[event.target.value] ?? null }) },
      node("option", { value: "" }, element.placeholder?.text ?? "…"),
      element.options.map((option, index) => node("option", { value: index, selected: option.value === element.initial_option?.value }, option.text.text)));
  },
  external_select(element, { remember, changed, owner, state, label }) {
    remember({ selected_option: element.initial_option ?? null });
    const results = node("div", { class: "results", role: "listbox", "aria-label": owner.label?.text });
    const take = (option) => { box.value = option.text.text; results.replaceChildren(); changed({ selected_option: option }); };
    const look = async () => {
      const found = await state.options(owner.block_id, element.action_id, box.value);
      results.replaceChildren(...found.map((option) => node("button", { type: "button", role: "option", class: "result", dir: "auto", onclick: () => take(option) }, option.text.text)));
    };
    const box = node("input", { id: label, type: "text", dir: "auto", autocomplete: "off", role: "combobox", placeholder: element.placeholder?.text, value: element.initial_option?.text.text ?? "",
      onfocus: look, oninput: () => { if (!box.value) changed({ selected_option: null }); look(); } });
    const around = node("div", { class: "search" }, box, results);
    around.addEventListener("focusout", (event) => { if (!around.contains(event.relatedTarget)) results.replaceChildren(); });
    return around;
  },
  radio_buttons(element, { remember, changed, owner }) {
    const name = `radio-${++numbered}`;
    remember({ selected_option: element.initial_option ?? null });
    return node("div", { role: "radiogroup", "aria-label": owner.label?.text }, element.options.map((option) => node("label", { class: "option", dir: "auto" },
      node("input", { type: "radio", name, checked: option.value === element.initial_option?.value, onchange: () => changed({ selected_option: option }) }), option.text.text)));
  },
  checkboxes(element, { remember, changed, owner }) {
    const chosen = new Set((element.initial_options ?? []).map((option) => option.value));
    const value = () => ({ selected_options: element.options.filter((option) => chosen.has(option.value)) });
    remember(value());
    return node("div", { role: "group", "aria-label": owner.label?.text }, element.options.map((option) => node("label", { class: "option", dir: "auto" },
      node("input", { type: "checkbox", checked: chosen.has(option.value),
        onchange: (event) => { chosen[event.target.checked ? "add" : "delete"](option.value); changed(value()); } }), option.text.text)));
  },
  datepicker(element, { remember, changed, label }) {
    remember({ selected_date: element.initial_date ?? null });
    return node("input", { id: label, type: "date", value: element.initial_date, onchange: (event) => changed({ selected_date: event.target.value || null }) });
  },
  file_input(element, { remember, state, label }) {
    remember({ files: [] });
    return node("input", { id: label, type: "file", multiple: true, onchange: async (event) => {
      const files = [];
      for (const file of event.target.files) files.push(await state.upload(file));
      remember({ files });
    } });
  },
};

export function input(each, press, state) {
  const label = `input-${++numbered}`;
  return node("div", { class: "field", "data-block": each.block_id },
    node("label", { class: "label", for: label, dir: "auto" }, each.label.text, each.optional ? node("small", {}, " (optional)") : null),
    control(each.element, press, each, state, label),
    each.hint ? node("small", { class: "hint", dir: "auto" }, each.hint.text) : null,
    node("p", { class: "error", role: "alert", dir: "auto" }));
}

// Say what is wrong with which input, what stands in them kept.
export function complain(form, errors) {
  for (const field of form.querySelectorAll(".field")) {
    const wrong = errors[field.dataset.block];
    field.classList.toggle("wrong", wrong !== undefined);
    field.querySelector(".error").textContent = wrong ?? "";
  }
  form.querySelector(".wrong :is(input, textarea, select)")?.focus();
}
