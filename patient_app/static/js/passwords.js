// A button beside each password shows what is typed, and hides it again: who types on a phone cannot see a slip. Without
// scripts there is no button. It is hidden again as soon as it is sent, or the page is left or covered.
const made = [];

for (const place of document.querySelectorAll("[data-show]")) {
  const field = place.querySelector("input");
  if (place.querySelector("button") || !field) continue;
  const { show, hide, shown, hidden } = place.dataset;
  // What is shown is still a password: no keyboard learns it, and nothing checks its spelling elsewhere.
  for (const [name, value] of [["spellcheck", "false"], ["autocapitalize", "off"], ["autocorrect", "off"]]) field.setAttribute(name, value);
  const button = document.createElement("button");
  const said = document.createElement("span");
  button.type = "button";
  button.className = "button secondary";
  button.setAttribute("aria-controls", field.id);
  button.setAttribute("aria-describedby", (field.labels[0].id ||= `${field.id}-label`));
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  place.append(button, said);

  const turn = (isShown) => {
    const { selectionStart, selectionEnd, selectionDirection } = field; // Another type forgets where one was.
    field.type = isShown ? "text" : "password";
    if (document.activeElement === field) field.setSelectionRange(selectionStart, selectionEnd, selectionDirection);
    button.textContent = isShown ? hide : show;
  };
  turn(false);
  // A finger or a mouse takes the focus from the field, and on a phone the keyboard goes away with it.
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    turn(field.type === "password");
    said.textContent = field.type === "password" ? hidden : shown;
  });
  made.push(() => field.type === "text" && turn(false));
}

const hideAll = () => made.forEach((conceal) => conceal());
addEventListener("submit", hideAll, true);
addEventListener("pagehide", hideAll);
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && hideAll());
