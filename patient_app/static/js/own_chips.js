// A word of one's own becomes a chip as soon as it is added, ticked like the others. Taken back, it stands in its field
// again. Without scripts the field is all there is, and what is sent is the same.
for (const add of document.querySelectorAll(".chips + [data-add]")) {
  const chips = add.previousElementSibling;
  const field = add.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button secondary";
  button.textContent = add.dataset.add;
  button.setAttribute("aria-describedby", add.querySelector("label").id ||= `${field.id}-label`);
  add.append(button);

  const addChip = () => {
    const word = field.value.trim();
    if (!word) {
      field.focus();
      return;
    }
    const chip = document.createElement("label");
    const box = document.createElement("input");
    const said = document.createElement("span");
    chip.className = "choice";
    box.type = "checkbox";
    box.name = field.name;
    box.value = said.textContent = word;
    box.checked = true;
    chip.append(box, said);
    chips.append(chip);
    field.value = "";
    add.hidden = true;
    box.focus();
    box.addEventListener("change", () => {
      chip.remove();
      add.hidden = false;
      field.value = word;
      field.focus();
    });
  };
  button.addEventListener("click", addChip);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && field.value.trim()) {
      event.preventDefault();
      addChip();
    }
  });
}
