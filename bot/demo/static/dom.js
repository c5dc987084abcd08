// Small words for building nodes. Text is always set as text: nothing from a message is ever parsed as markup here.
export function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value") made.value = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return made;
}

async function answer(path, response) {
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

export async function get(path) {
  return answer(path, await fetch(path));
}

export async function post(path, body) {
  const options = body instanceof FormData ? { body } : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) };
  return answer(path, await fetch(path, { method: "POST", ...options }));
}

// Bring the children of `list` to what `items` say, touching only what differs: a screen reader hears what is new, and
// nobody's focus or unfolded detail is lost.
export function reconcile(list, items, keyOf, draw) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const key = String(keyOf(item));
    const print = JSON.stringify(item);
    const kept = before.get(key);
    if (kept && kept.print === print) return kept;
    const made = draw(item);
    made.dataset.key = key;
    made.print = print;
    return made;
  });
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((child, index) => { if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null); });
}

// The same, for a list that is read from its end, as a conversation is: whoever reads at the end stays there.
export function converse(list, items, keyOf, draw) {
  const count = list.children.length;
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  reconcile(list, items, keyOf, draw);
  if (atEnd || list.children.length > count) list.scrollTop = list.scrollHeight;
}

export function clockTime(at, language, zone) {
  return new Intl.DateTimeFormat(`${language}-TN`, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(new Date(at * 1000));
}

export function day(at, language, zone) {
  return new Intl.DateTimeFormat(`${language}-TN`, { weekday: "long", day: "numeric", month: "long", timeZone: zone }).format(new Date(at * 1000));
}

// Messages with a line between days.
export function withDays(items, language, zone) {
  let last = null;
  return items.flatMap((item) => {
    const here = day(item.at, language, zone);
    const line = here === last ? [] : [{ id: `day ${here}`, day: here }];
    last = here;
    return [...line, item];
  });
}

// A form of one line of text that keeps what is being typed while the screen around it changes.
export function composer(placeholder, label, send, before = [], name = "Message") {
  const input = node("input", { type: "text", autocomplete: "off", dir: "auto", "aria-label": name, placeholder });
  const form = node("form", { class: "composer" }, before, input, node("button", { type: "submit", "aria-label": label, title: label, class: "send" }, "➤"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = "";
    if (text) send(text);
  });
  return { form, input };
}

export function picture(file) {
  const image = node("img", { src: `/demo/file/${encodeURIComponent(file.id)}`, alt: file.name, loading: "lazy" });
  const shown = node("figure", { class: "file" }, image, node("figcaption", { dir: "auto" }, file.name));
  image.addEventListener("error", () => image.remove());
  return shown;
}
