// After a press the button keeps its place and says that it works; a second press does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.pressed) {
    event.preventDefault();
    return;
  }
  const button = event.submitter;
  if (!form.dataset.busy || !button || event.defaultPrevented) return;
  form.dataset.pressed = "yes";
  // The button's own name and value are sent with the form, so its words change only after that.
  setTimeout(() => {
    button.dataset.words = button.textContent;
    button.textContent = form.dataset.busy;
    button.setAttribute("aria-disabled", "true");
  });
});

// A page that comes back from the browser's memory can be pressed again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-pressed]")) delete form.dataset.pressed;
  for (const button of document.querySelectorAll("button[data-words]")) {
    button.textContent = button.dataset.words;
    button.removeAttribute("aria-disabled");
    delete button.dataset.words;
  }
});
