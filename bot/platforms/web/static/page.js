// The page works without this. With it, a choice that decides which questions apply shows them at once,
// and a submission that is under way cannot be sent twice.
document.querySelectorAll("[data-affects]").forEach((field) =>
  field.addEventListener("change", () => field.closest("form").querySelector(".update")?.click()));
document.querySelectorAll("form").forEach((form) =>
  form.addEventListener("submit", () => setTimeout(() =>
    form.querySelectorAll("button").forEach((button) => { button.disabled = true; }))));
document.querySelector(".errors")?.focus();
