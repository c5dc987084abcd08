// The page works without this. With it, a choice that decides which questions apply shows them at once, a search
// offers matches as one types, and a submission that is under way cannot be sent twice.
const buttons = (form, are) => form.querySelectorAll("button").forEach((button) => { button.disabled = are; });
document.querySelectorAll("[data-affects]").forEach((field) =>
  field.addEventListener("change", () => field.closest("form").querySelector(".update")?.click()));
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
// What is shown came from a POST: loading the page again goes home instead of doing it again.
if (document.querySelector("nav") && location.pathname !== "/") history.replaceState(null, "", "/");
