// The page works without this. With it, a choice that decides which questions apply shows them at once, a search
// offers matches as one types, and a submission that is under way cannot be sent twice.
const buttons = (form, are) => form.querySelectorAll("button").forEach((button) => { button.disabled = are; });
document.querySelectorAll("[data-affects]").forEach((field) =>
  field.addEventListener("change", () => setTimeout(() => {
    const form = field.closest("form");
    if (document.activeElement?.matches("button")) return; // a button is being pressed, and does what it says
    form.action = `/form#${field.querySelector("fieldset, select, input").id}`;
    form.querySelector(".update")?.click();
  })));
// Whoever chose goes on where they were, not at the head of the page.
const chosen = location.hash.startsWith("#f-") && document.getElementById(location.hash.slice(1));
if (chosen) (chosen.querySelector(":checked") ?? chosen).focus();
document.querySelectorAll("form").forEach((form) => {
  form.addEventListener("submit", () => setTimeout(() => buttons(form, true)));
  window.addEventListener("pageshow", () => buttons(form, false));
});
document.querySelectorAll("input[data-search]").forEach((input) => {
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const found = await fetch(`${input.dataset.search}&q=${encodeURIComponent(input.value)}`);
      if (found.ok) input.list.replaceChildren(...(await found.json()).map((label) => new Option("", label)));
    }, 200);
  });
});
document.querySelector(".errors")?.focus();
// What came from a POST is not done again by loading the page again: that goes home. An address of its own stays.
if (["/act", "/go", "/form"].includes(location.pathname)) history.replaceState(null, "", "/");
