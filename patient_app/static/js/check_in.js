// Two small helps for a check-in, a side effect and the note of a week; without scripts the page works as it is.
import { soundsHeavy } from "./near_words.js";

const form = document.querySelector("#check-in, #side-effect, #week-note");

// The time zone the phone is in, so that an entry belongs to the day it was for the person. Asked for when the form is
// sent: to find it takes a slow phone a while, in which nobody could answer.
form?.addEventListener("formdata", ({ formData }) => {
  if (formData.has("zone")) formData.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "");
});

// Words that suggest danger bring help nearer, wherever they are written. They are looked at on this phone only, and
// nothing is sent. Once it is there it stays.
const near = form?.querySelector("#near");
if (near) {
  const look = () => {
    const written = form.querySelectorAll("textarea, input[type=text]");
    if (near.hidden && [...written].some((field) => soundsHeavy(field.value))) near.hidden = false;
  };
  form.addEventListener("input", look);
  look();
}
