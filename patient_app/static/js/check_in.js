// Two small helps for the check-in; without scripts the page works as it is.
import { soundsHeavy } from "./near_words.js";

// The time zone the phone is in, so that an entry belongs to the day it was for the person.
const zone = document.querySelector('#check-in input[name="zone"]');
if (zone) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}

// Words that suggest danger bring help nearer. They are looked at on this phone only, and nothing is sent.
const near = document.querySelector("[data-near-help]");
const note = document.querySelector("#note");
if (near && note) {
  const look = () => {
    if (near.hidden && soundsHeavy(note.value)) near.hidden = false;
  };
  note.addEventListener("input", look);
  look();
}
