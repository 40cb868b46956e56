// Where somebody reads back what they just saved, and there are words of danger in it, help stands beside it. Nothing is
// sent; the words are looked at on this phone only.
import { soundsHeavy } from "./near_words.js";

const near = document.querySelector("#near");
if (near && [...document.querySelectorAll("main .own-words")].some(({ textContent }) => soundsHeavy(textContent))) {
  near.hidden = false;
}
