// The button of /install, where the browser can open its own question. Without scripts, and in the browsers that cannot,
// the steps in words are all there is.
const offer = document.querySelector("[data-install]");
let question;

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  question = event;
  offer.hidden = false;
});

offer.querySelector("button").addEventListener("click", () => {
  offer.hidden = true;
  question.prompt();
});
